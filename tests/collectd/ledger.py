# SPDX-License-Identifier: Apache-2.0
"""What collectds read one after the other, as the plugin ``ledger`` notes it, held against what csv has of it.

A sample that is not in csv may have been lost, or never read; or read at another time than could be known when the two
collectds were parted, for other work delays reads. The ledger tells: where all reads were on time each of them is to be
there once, and what is found otherwise is no matter of the machine.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass
class Life:
    """Of a process: what it read; and when it ended, which is not known of one that was killed."""

    reads: list[Read] = field(default_factory=list)
    end: float = math.inf


@dataclass(frozen=True)
class Account:
    """``parted``: the hand-overs beside which all reads were on time; ``samples``: of all metrics what was read then,
    or by one collectd alone; of which so many are ``missing``, or there ``twice``, of both; and of all that was read
    those that the same one wrote again.
    """

    parted: int
    samples: int
    missing: int
    twice: int


#: Of one metric the times, and the processes that read it then; and how often csv has that.
_Written = Counter[tuple[float, float]]


@dataclass(frozen=True)
class HandOver:
    """``reads``: of both collectds, from when the new one might write until it writes all and the old one has ended;
    ``before``: those that may have been their newest when it was told what it might.
    """

    reads: Sequence[Read]
    before: Sequence[Read]
    interval: float
    #: The first read that the new one has written all of: each metric has a moment of its own.
    whole: Read
    #: When the old one had ended.
    end: float

    @classmethod
    def between(cls, old: Life, new: Life, written: Sequence[_Written], interval: float) -> HandOver:
        counts = [sum((read.time, read.pid) in each for each in written) for read in new.reads]
        whole = new.reads[counts.index(max(counts))]
        told = new.reads[:_FIRST][-1]
        begin = told.time + interval / 2
        end = max(old.reads[-1], whole).time + interval / 2
        # What is late by an interval is read again at once: the third read of the new one may come before that.
        both = (*(read for read in old.reads if begin <= read.time), *new.reads[_FIRST:])
        before = (told, *(read for read in old.reads if begin - 2 * interval <= read.time < begin))
        return cls(sorted(read for read in both if read.time <= end), before, interval, whole, old.end)

    def on_time(self) -> bool:
        """Whether all were, and none is nobody's."""
        new = [read for read in self.reads if read.pid == self.whole.pid]
        old = [read for read in self.reads if read.pid != self.whole.pid]
        if not (new and self._are_all(old) and self._are_all(new)) or self._was_held_up(old, new):
            return False
        late = (
            abs((read.time - self.reads[0].time) / self.interval - self._place(read))
            for read in (*self.before, *self.reads)
        )
        took = ((read.over - read.time) / self.interval for read in self.reads)
        return max(*late, *took) <= _ON_TIME

    def slots(self) -> Iterator[list[Read]]:
        """What was read at the same time."""
        return (list(slot) for _, slot in itertools.groupby(self.reads, self._place))

    def _was_held_up(self, old: Sequence[Read], new: Sequence[Read]) -> bool:
        """Whether the old one did not read what was its own, though it had not ended: what it left out is nobody's.

        Up to the last that the new one did not write all of: the old one is to end after the moment that follows it.
        Where it had ended before, the two were not parted there, and what both left out is lost.
        """
        own = [read for read in new if read < self.whole]
        return len(old) < len(own) and own[-1].time < self.end

    def _are_all(self, reads: Sequence[Read]) -> bool:
        """Whether none is left out, from the first of both on, and none there twice."""
        return [self._place(read) for read in reads] == list(range(len(reads)))

    def _place(self, read: Read) -> int:
        return round((read.time - self.reads[0].time) / self.interval)


def account(ledger: Path, found: Mapping[str, Series], interval: float) -> Account:
    """Until the last collectd began to read: the one before had written all of its own when that took over.

    :param found: what is in csv
    """
    lives = _lives(ledger)
    written = [Counter(_pairs(each)) for name, each in found.items() if "/ledger/" in name]
    hand_overs = [HandOver.between(old, new, written, interval) for old, new in itertools.pairwise(lives)]
    # Of the last one the new collectd may have some in its queue yet.
    on_time = [each for each in hand_overs[:-1] if each.on_time()]
    slots = [*_alone(lives, hand_overs), *(slot for each in on_time for slot in each.slots())]
    times = Counter(sum((read.time, read.pid) in each for read in slot) for each in written for slot in slots)
    return Account(len(on_time), times.total(), times[0], times[2] + _again(lives, written))


def _again(lives: Sequence[Life], written: Iterable[_Written]) -> int:
    """What one collectd wrote more often than it read it: what is late by an interval is read again at once."""
    read = Counter((each.time, each.pid) for life in lives[:-1] for each in life.reads)
    return sum(count - read[pair] for each in written for pair, count in each.items() if 0 < read[pair] < count)


def _lives(ledger: Path) -> list[Life]:
    """Of each process, in the order in which they began."""
    lives: dict[float, Life] = {}
    for line in ledger.read_text().splitlines():
        pid, time, *over = map(float, line.split())
        life = lives.setdefault(pid, Life())
        if over:
            life.reads.append(Read(time, pid, *over))
        else:
            life.end = time
    return [life for life in lives.values() if life.reads]


def _pairs(each: Series) -> Iterator[tuple[float, float]]:
    return ((time, pid) for time, (pid,) in zip(each.times, each.values, strict=True))


def _alone(lives: Sequence[Life], hand_overs: Iterable[HandOver]) -> Iterator[list[Read]]:
    """What was read by one that had no other one beside it, or one that writes nothing yet.

    Not by the first, whose files csv has to make: it empties one again where two threads begin it at once.
    """
    both = {read for each in hand_overs for read in each.reads}
    for life in lives[1:-1]:
        yield from ([read] for read in life.reads[_FIRST:] if read not in both)
