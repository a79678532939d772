# SPDX-License-Identifier: Apache-2.0
"""Whose clock is worth a measurement: a new host's, and one that what it sends gives reason to doubt."""

from __future__ import annotations

import time
from collections.abc import Callable

from collectd_mgr.conductor.errands import Errands
from collectd_mgr.control.clocks import Clocks
from collectd_mgr.domain import clock
from collectd_mgr.rpc.status import Reports

#: Seconds that a heartbeat may be on the bus and in a batch before its time is held against its sender.
_HELD = 2.0

#: Seconds between two measurements of a clock that is in doubt, and of one that is not.
_SOON = 30.0
_LATE = 900.0

#: Measurements at once: a conductor that has just started knows nobody, and has other errands as well.
_AT_ONCE = 8


class ClockWatch:
    """Heartbeats bear the time of their sender, one way: enough to see that something is wrong. The rest is measured
    (:class:`~collectd_mgr.control.clocks.Clocks`), host by host, as an errand."""

    def __init__(
        self,
        clocks: Clocks,
        errands: Errands,
        timeout: float,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clocks = clocks
        self._errands = errands
        self._timeout = timeout
        self._wall = wall
        self._monotonic = monotonic
        #: Host -> when it was measured last, and whether its clock was good then. Replaced and read whole.
        self._known: dict[str, tuple[float, bool]] = {}
        self._under_way: set[str] = set()

    def look(self, reports: Reports) -> None:
        """Have measured what a batch gives reason to; who is not taken now is at a later heartbeat."""
        heard = self._wall()
        for host, sent in reports.sent.items():
            if len(self._under_way) < _AT_ONCE and self._is_due(host, clock.suspect(sent, heard, _HELD)):
                self._under_way.add(host)
                self._errands.run("clock", host, self._measure)

    def _is_due(self, host: str, suspect: bool) -> bool:
        if host in self._under_way:
            return False
        when, good = self._known.get(host, (None, True))
        if when is None:
            return True
        return self._monotonic() - when > (_SOON if suspect or not good else _LATE)

    def _measure(self, host: str) -> None:
        # Noted before: a host that does not answer is not asked at every heartbeat.
        self._known[host] = (self._monotonic(), False)
        try:
            measured = self._clocks.measure(host, timeout=self._timeout)
            self._known[host] = (self._monotonic(), measured.state == clock.GOOD)
        finally:
            self._under_way.discard(host)
