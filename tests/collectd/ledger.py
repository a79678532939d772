# SPDX-License-Identifier: Apache-2.0
"""What collectds read one after the other, as the plugin ``ledger`` notes it, held against what csv has of it.

A sample that is not in csv may have been lost, or never read; or read at another time than could be known when the two
collectds were parted, for other work delays reads. The ledger tells: where all reads were on time each of them is to be
there once, and what is found otherwise is no matter of the machine.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from tests.collectd.samples import Series

#: The part of an interval by which a read may be late, and take: the moment that parts two is further from both.
_ON_TIME = 0.1

#: So often a new collectd has read before anything is handed over to it.
_FIRST = 2


@dataclass(frozen=True, order=True)
class Read:
    """When it began, by which process, and when its values had been dispatched, in seconds since 1970."""

    time: float
    pid: float
    over: float


@dataclass(frozen=True)
class Account:
    """``parted``: the hand-overs beside which all reads were on time; ``samples``: of all metrics what was read then,
    or by one collectd alone; of which so many are ``missing``, or there ``twice``.
    """

    parted: int
    samples: int
    missing: int
    twice: int


#: Of one metric the times, and the processes that read it then.
_Written = Set[tuple[float, float]]


@dataclass(frozen=True)
class HandOver:
    """``reads``: of both collectds, from when the new one might write until it writes all and the old one has ended."""

    reads: Sequence[Read]
    interval: float
    #: The first read that the new one has written something of.
    first: Read

    @classmethod
    def between(
        cls, old: Sequence[Read], new: Sequence[Read], written: Sequence[_Written], interval: float
    ) -> HandOver:
        counts = [sum((read.time, read.pid) in each for each in written) for read in new]
        first = next((read for read, count in zip(new, counts, strict=True) if count), new[-1])
        whole = new[counts.index(max(counts))]
        begin = new[:_FIRST][-1].time + interval / 2
        end = max(old[-1], whole).time + interval / 2
        return cls(sorted(read for read in (*old, *new) if begin <= read.time <= end), interval, first)

    def on_time(self) -> bool:
        """Whether all were, and the old one read up to what the new one wrote first: what it left out is nobody's."""
        new = [self._place(read) for read in self.reads if read.pid == self.first.pid]
        old = [self._place(read) for read in self.reads if read.pid != self.first.pid]
        if not (old and new and _are_all(old) and _are_all(new)) or old[-1] < self._place(self.first) - 1:
            return False
        late = (abs((read.time - self.reads[0].time) / self.interval - self._place(read)) for read in self.reads)
        took = ((read.over - read.time) / self.interval for read in self.reads)
        return max(*late, *took) <= _ON_TIME

    def slots(self) -> Iterator[list[Read]]:
        """What was read at the same time."""
        return (list(slot) for _, slot in itertools.groupby(self.reads, self._place))

    def _place(self, read: Read) -> int:
        return round((read.time - self.reads[0].time) / self.interval)


def account(ledger: Path, found: Mapping[str, Series], interval: float) -> Account:
    """Until the last collectd began to read: the one before had written all of its own when that took over.

    :param found: what is in csv
    """
    lives = _lives(ledger)
    written = [set(_pairs(each)) for name, each in found.items() if "/ledger/" in name]
    hand_overs = [HandOver.between(old, new, written, interval) for old, new in itertools.pairwise(lives)]
    # Of the last one the new collectd may have some in its queue yet.
    on_time = [each for each in hand_overs[:-1] if each.on_time()]
    slots = [*_alone(lives, hand_overs), *(slot for each in on_time for slot in each.slots())]
    times = Counter(sum((read.time, read.pid) in each for read in slot) for each in written for slot in slots)
    return Account(len(on_time), times.total(), times[0], times[2])


def _are_all(places: Sequence[int]) -> bool:
    """Whether none is left out, and none there twice."""
    return list(places) == list(range(places[0], places[0] + len(places)))


def _lives(ledger: Path) -> list[list[Read]]:
    """What each process read; in the order in which they began."""
    lives: dict[float, list[Read]] = {}
    for line in ledger.read_text().splitlines():
        pid, time, over = map(float, line.split())
        lives.setdefault(pid, []).append(Read(time, pid, over))
    return list(lives.values())


def _pairs(each: Series) -> Iterator[tuple[float, float]]:
    return ((time, pid) for time, (pid,) in zip(each.times, each.values, strict=True))


def _alone(lives: Sequence[Sequence[Read]], hand_overs: Iterable[HandOver]) -> Iterator[list[Read]]:
    """What was read by one that had no other one beside it, or one that writes nothing yet."""
    both = {read for each in hand_overs for read in each.reads}
    for number, life in enumerate(lives[:-1]):
        yield from ([read] for read in life[_FIRST if number else 0 :] if read not in both)
