# SPDX-License-Identifier: Apache-2.0
"""Says up the bus what the host does: a small heartbeat, and the whole status when it has news."""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import replace
from typing import Protocol

from collectd_mgr.agent.freshness import Sweep
from collectd_mgr.agent.picture import Picture
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.wire.look import look

LOG = logging.getLogger(__name__)

#: Agents that were started together do not stay together.
_JITTER = 0.1

#: A report that did not come for so many intervals is late: a look takes longer than it should.
_LATE = 1.3

#: After news, when to look whether values have come, in seconds.
_SOON = 1.0


class Notifier(Protocol):
    """:class:`collectd_mgr.rpc.status.StatusNotifier`, as far as it is needed here."""

    def heartbeat(self, heartbeat: dict[str, object]) -> None: ...

    def status(self, status: HostStatus) -> None: ...


class Reporter:
    """:meth:`run` and :meth:`live` from one thread each; the others from any."""

    def __init__(self, picture: Picture, sweep: Sweep, notifier: Notifier, interval: float) -> None:
        self._picture = picture
        self._sweep = sweep
        self._notifier = notifier
        self._interval = interval
        self._last: HostStatus | None = None
        self._sent = time.monotonic()
        self._said: str | None = None
        self._able: str | None = None
        self._news = threading.Event()

    def answer(self, running: Running | None) -> HostStatus:
        """The status, in brief, for whoever changed something: of the daemon now, of its cache as it was seen last.

        :param running: the daemon as it was observed after the change
        """
        self._news.set()
        return self._picture.take(running).brief()

    def observed(self) -> HostStatus:
        """The status for whoever asks: of the daemon and its cache now."""
        with look():
            self._sweep.refresh()
            return self._picture.take()

    def report(self) -> None:
        """The status when it says something new, with the capabilities if those are; a heartbeat otherwise."""
        status = self.observed()
        digest, able = status.health_digest(), status.capabilities_digest
        if digest == self._said:
            self._notifier.heartbeat(status.heartbeat())
        else:
            self._notifier.status(status.brief() if able == self._able else status)
        self._said, self._able = digest, able
        self._last, self._sent = status, time.monotonic()

    def beat(self) -> None:
        """A heartbeat with what was reported last, if nothing was sent for so long that a report must be waiting."""
        status = self._last
        if status is not None and time.monotonic() - self._sent > _LATE * self._interval:
            self._sent = time.monotonic()
            self._notifier.heartbeat(replace(status, sequence=self._picture.number()).heartbeat())

    def live(self, stop: threading.Event) -> None:
        """Beat until ``stop`` is set, from a thread of its own: whatever a look at the host waits for, we are alive."""
        while not stop.wait(self._interval / 4):
            try:
                self.beat()
            except Exception:
                LOG.exception("No heartbeat could be sent.")

    def run(self, stop: threading.Event) -> None:
        """Report until ``stop`` is set; the bus being away, or an error of ours, does not end it."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                self.report()
            except Exception:
                LOG.exception("The status could not be reported.")
            self._pause(stop, began)

    def _pause(self, stop: threading.Event, began: float) -> None:
        """Until the next report is due, or soon after a change."""
        due = began + self._interval * random.uniform(1 - _JITTER, 1 + _JITTER)
        while not stop.is_set() and (left := due - time.monotonic()) > 0:
            if self._news.wait(min(left, 0.5)):
                self._news.clear()
                stop.wait(min(left, _SOON))
                return

    def wake(self) -> None:
        """Report soon."""
        self._news.set()
