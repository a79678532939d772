# SPDX-License-Identifier: Apache-2.0
"""A host's clock beside another one: the offset and how far it can be trusted, and what collectd makes of it.

collectd takes its times from ``CLOCK_REALTIME``. It refuses a value that is not newer than the last one of the same
name in its cache, and so does every collectd that it sends its values to; and it waits for the absolute time of the
next read. So a clock that is set back by an interval or more stops all that the daemon collects until the clock is
where it was; one that is set forward by more than ``Timeout`` intervals makes everything in the cache time out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from collectd_mgr.domain.skew import understood

#: Nobody has measured the clock yet.
UNKNOWN = "unknown"
#: Off by less than an interval: a correction loses nothing.
GOOD = "good"
#: An interval or more before the controller's: its correction would have collectd refuse values.
AHEAD = "ahead"
#: An interval or more behind it: its correction may have values time out.
BEHIND = "behind"
#: The clock was set back under the running daemon, which refuses values of most metrics of some plugins now.
REFUSING = "refusing"

STATES = (UNKNOWN, GOOD, AHEAD, BEHIND, REFUSING)

#: collectd counts in 2^-30 s, and a read may be dated by the moment at which it ends.
_TOLERANCE = 0.01


@dataclass(frozen=True)
class Exchange:
    """NTP's four timestamps, in seconds since 1970: ``sent`` and ``got`` by our clock, the others by theirs."""

    sent: float
    received: float
    answered: float
    got: float

    @property
    def offset(self) -> float:
        """How many seconds their clock is ahead of ours; right to within :attr:`error`, however uneven the ways."""
        return ((self.received - self.sent) + (self.answered - self.got)) / 2

    @property
    def delay(self) -> float:
        """Seconds on the way, there and back; never negative, for a clock may be slewed meanwhile."""
        return max(0.0, (self.got - self.sent) - (self.answered - self.received))

    @property
    def error(self) -> float:
        """The offset may be off by this many seconds: all of the delay was on one of the two ways."""
        return self.delay / 2


@dataclass(frozen=True)
class GridLine:
    """When a plugin is read: every ``interval`` seconds, last at ``last``, next at ``next`` (None: not known).

    collectd does not align reads to the wall clock: the phase is the moment at which the read was registered.
    """

    plugin: str
    interval: float
    last: float | None = None
    next: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def grid_line(plugin: str, interval: float, last: float | None, now: float) -> GridLine:
    """The line of a plugin whose newest value is of ``last``; a value of the future says nothing of the next one."""
    if last is None or not 0 < last <= now or interval <= 0:
        return GridLine(plugin, interval, last or None)
    steps = math.floor((now - last) / interval) + 1
    return GridLine(plugin, interval, last, last + steps * interval)


def set_back(times: Mapping[str, Sequence[float]], now: float) -> list[float]:
    """The last times, of metrics of this host by plugin, that lie ahead of the clock because that was set back.

    It is so with most metrics of every plugin that was read since then. One metric, or one plugin of several, that is
    ahead has its times from somewhere else: from a file, from a program, from another host that has this one's name.
    """
    ahead = {plugin: [last for last in found if last > now + _TOLERANCE] for plugin, found in times.items()}
    late = [found for plugin, found in ahead.items() if 2 * len(found) > len(times[plugin])]
    return list(chain(*late)) if len(late) > 1 or len(late) == len(times) else []


@dataclass(frozen=True)
class TimeReport:
    """What a time service says of itself.

    :param source: its name, as in ``collectd_mgr.time_sources``
    :param synchronised: whether it follows a reference
    :param reference: the reference, as the service calls it; None when it has none
    :param offset: seconds that this clock is ahead of the reference, by the service; None when it cannot say
    :param error: the bound that the service gives (root distance); None when it gives none
    :param last_update: of the clock, from the reference, in seconds since 1970
    :param sync_steps: asked to correct itself now, it may set the clock and not slew it
    """

    source: str
    synchronised: bool
    reference: str | None = None
    stratum: int | None = None
    offset: float | None = None
    error: float | None = None
    last_update: float | None = None
    sync_steps: bool = False

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TimeReport:
        return cls(**understood(cls, data))


@dataclass(frozen=True)
class Reading:
    """An agent's clocks. ``received`` and ``answered``: when the question came and when the answer went.

    :param monotonic: ``CLOCK_MONOTONIC`` at ``answered``, in seconds
    :param boottime: ``CLOCK_BOOTTIME`` likewise: it goes on in a suspended machine
    :param interval: the shortest between two reads of a plugin, in seconds
    :param future: how many metrics have values of the future because the clock was set back, see :func:`set_back`
    :param until: and until when they are refused
    :param service: what the time service says; None when none answers, then ``silent`` says why of each
    :param step_allowed: whether the agent's own policy lets it have the clock set
    """

    received: float
    answered: float
    monotonic: float
    boottime: float
    boot_id: str
    interval: float
    grid: tuple[dict[str, Any], ...] = ()
    future: int = 0
    until: float | None = None
    service: TimeReport | None = None
    silent: Mapping[str, str] = field(default_factory=dict)
    step_allowed: bool = False

    def to_dict(self) -> dict[str, Any]:
        service = self.service and self.service.to_dict()
        return {**vars(self), "grid": list(self.grid), "silent": dict(self.silent), "service": service}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reading:
        service = data["service"] and TimeReport.from_dict(data["service"])
        return cls(**{**understood(cls, data), "grid": tuple(data["grid"]), "service": service})

    def exchange(self, sent: float, got: float) -> Exchange:
        return Exchange(sent, self.received, self.answered, got)


def state(exchange: Exchange, reading: Reading) -> str:
    """One of :data:`STATES`; what may be good within the error counts as good."""
    if reading.future:
        return REFUSING
    if abs(exchange.offset) - exchange.error < reading.interval:
        return GOOD
    return AHEAD if exchange.offset > 0 else BEHIND


def suspect(sent: float, heard: float, held: float) -> bool:
    """Whether a message that bears its sender's time gives reason to measure that clock.

    What comes from the future comes from a clock that is ahead. What is old may only have waited on the bus, so it
    is worth a measurement and no more.

    :param held: seconds that a message may take as a rule
    """
    return sent > heard or heard - sent > held
