# SPDX-License-Identifier: Apache-2.0
"""Who of two collectds beside each other writes which value: by the time of its sample, metric by metric. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectd_mgr.domain import canonical
from collectd_mgr.domain.grammar import Item

#: collectd's option that names the chain behind the cache, and what it is where nobody names one.
OPTION = "PostCacheChain"
DEFAULT_CHAIN = "PostCache"

#: A chain in which every value ends: what a new instance begins with.
HELD = "collectd_mgr/held"

#: Everything passes; nothing does.
PASS, HOLD = "pass", "hold"
#: What was sampled before a metric's moment passes, the rest does not: the old instance.
UNTIL = "until"
#: What was sampled from that moment on passes, as soon as the other instance has written the rest: the new one.
SINCE = "since"
MODES = (PASS, HOLD, UNTIL, SINCE)

#: The moment of a metric that is the old instance's as long as it lives, and the new one's then: seconds since 1970.
NEVER = float((1 << 33) - 1)

#: A sample may be so late, in seconds, in a plugin that is read seldom.
_LATE = 1.0

#: In others it may be late by such a part of the pause between two: the most that leaves all moments close together.
_GUARDS = (0.45, 0.35, 0.25)

#: What is closer together than such a part of the shortest interval.
_CLOSE = 0.1

#: Times are told apart that differ by so many seconds, or by a hundredth of an interval.
_GRAIN = 0.01

#: So many beginnings are tried, and so many moments looked at for all of them, unless there are more rhythms than that.
_TRIED = 200
_MOMENTS = 50_000


def held(following: Iterable[Item]) -> tuple[Item, ...]:
    """Configuration to come last, of a collectd that writes nothing until it is told.

    :param following: what else is told to the extension, by its options
    """
    stop = Item("Chain", (HELD,), (Item("Target", ("stop",)),))
    told = Item("Plugin", ("python",), (Item("Module", ("collectd_mgr",), tuple(following)),))
    return (stop, Item(OPTION, (HELD,)), told)


def succeeds(predecessor: int, seat: str, chain: str, phases: Mapping[str, Sequence[float]]) -> Item:
    """What the new instance is told: see :class:`collectd_mgr.extension.settings.Settings`."""
    facts = {"predecessor": predecessor, "seat": seat, "chain": chain, "phases": {**phases}}
    return Item("Succeeds", (canonical.dumps(facts),))


def operators_chain(statements: Iterable[Item]) -> str:
    """The name of the chain that the operator wants behind the cache, whether there is one or not."""
    named = [item for item in statements if item.key.lower() == OPTION.lower() and item.children is None]
    return str(named[-1].values[0]) if named else DEFAULT_CHAIN


Sample = tuple[float, float]


@dataclass(frozen=True)
class _Rhythm:
    """Metrics that are sampled at the same times: ``last``, every ``interval`` seconds, by the new instance ``shift``
    seconds later, or earlier.
    """

    last: float
    interval: float
    shift: float

    @property
    def pause(self) -> float:
        """Between a sample of one instance and that of the other which follows."""
        return self.interval - abs(self.shift)

    def moment(self, after: float, part: float) -> float:
        """Not before ``after``, and so much of the pause, or a second, away from any sample."""
        if self.interval <= 0:
            return after
        guard = min(part * self.pause, _LATE)
        begin = max(0.0, self.shift) + guard
        rounds = math.floor((after - self.last) / self.interval)
        place = after - self.last - rounds * self.interval
        if begin <= place <= begin + self.pause - 2 * guard:
            return after
        # In the pause that is to come: of this round, or the next.
        return self.last + (rounds + (place > begin)) * self.interval + begin


def moments(old: Mapping[str, Sample], new: Mapping[str, Sample], after: float) -> dict[str, float]:
    """For each metric of both instances the moment, not before ``after``, that parts their samples.

    It lies between a sample of the old instance and the one of the new instance that follows it, as far from both as
    their times so far tell; and those of all metrics lie close together, for what the new instance samples after
    its moments has to wait for the last of them.

    :param old: the time of the newest sample and the interval of each metric, in seconds
    """
    rhythms = {name: _rhythm(old[name], new[name][0]) for name in old.keys() & new.keys()}
    found = _close(set(rhythms.values()), after)
    return {name: found[rhythm] for name, rhythm in rhythms.items()}


def kept(old: Iterable[str], new: Iterable[str]) -> dict[str, float]:
    """The moments of the metrics that the old instance has alone: others may give it their values to its end.

    :param new: with what the new one is yet to read: while the old one ends, that alone may read it
    """
    return dict.fromkeys(set(old).difference(new), NEVER)


def waiting(samples: Mapping[str, Sample], seconds: float) -> int:
    """How many values lie in the write queue of an instance that holds what it samples for so long, at most."""
    return sum(1 + math.ceil(seconds / interval) for _, interval in samples.values() if interval > 0)


def _rhythm(sample: Sample, theirs: float) -> _Rhythm:
    """Rounded, so that there are few different ones."""
    last, interval = sample
    if interval <= 0:
        return _Rhythm(0.0, 0.0, 0.0)
    # Half an interval at most.
    shift = (theirs - last + interval / 2) % interval - interval / 2
    return _Rhythm(_rounded(last % interval, interval), interval, _rounded(shift, interval))


def _rounded(time: float, interval: float) -> float:
    grain = min(interval / 100, _GRAIN)
    return round(time / grain) * grain


def _close(rhythms: set[_Rhythm], after: float) -> dict[_Rhythm, float]:
    shortest = min((rhythm.interval for rhythm in rhythms if rhythm.interval), default=0.0)
    beginnings = _beginnings(rhythms, after, 10 * shortest)
    best: dict[_Rhythm, float] = {}
    for part in _GUARDS:
        for begin in beginnings or [after]:
            found = {rhythm: rhythm.moment(begin, part) for rhythm in rhythms}
            if not best or _spread(found) < _spread(best):
                best = found
        if _spread(best) <= _CLOSE * shortest:
            break
    return best


def _beginnings(rhythms: set[_Rhythm], after: float, longest: float) -> list[float]:
    """The first moments of those whose interval is at most ``longest``; where there are many rhythms, some of these."""
    found = sorted(rhythm.moment(after, 0.5) for rhythm in rhythms if rhythm.interval <= longest)[:_TRIED]
    number = max(1, min(_TRIED, _MOMENTS // max(1, len(rhythms))))
    return found[:: math.ceil(len(found) / number) or 1]


def _spread(found: Mapping[_Rhythm, float]) -> float:
    return max(found.values(), default=0.0) - min(found.values(), default=0.0)


def lost(old: Mapping[str, Sample], new: Iterable[str], now: float) -> Iterator[str]:
    """The metrics that the old instance samples, as its newest samples show, and the new one does not."""
    have = set(new)
    return (name for name, (last, interval) in sorted(old.items()) if now - last < 2 * interval and name not in have)
