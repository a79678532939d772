# SPDX-License-Identifier: Apache-2.0
"""Notices hosts that are gone, and only after having listened for as long as they were silent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from collectd_mgr import exception
from collectd_mgr.control.hosts import HostControl

LOG = logging.getLogger(__name__)

#: A call to oneself that takes longer did not come back, in seconds.
_PATIENCE = 5.0

#: The records say by the wall clock when a host was heard: for a while nothing is to be seen by one that was set.
_STEP = timedelta(seconds=1)


class Ping(Protocol):
    """:class:`collectd_mgr.rpc.ping.Ping`, as far as it is needed here."""

    def comes_back(self, timeout: float) -> bool: ...


class Lost:
    """:meth:`look` several times in each ``window`` (seconds)."""

    def __init__(
        self, control: HostControl, ping: Ping, window: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._control = control
        self._ping = ping
        self._window = window
        self._clock = clock
        self._listening_since: float | None = None
        #: Where the wall clock stood when ``clock`` began, at the last look.
        self._epoch: datetime | None = None

    def look(self) -> list[str]:
        """Mark who is down; their names, each from one conductor only. Nothing is said while off the bus.

        :raises DatabaseUnreachable: what was heard could not be stored either: that time does not count
        """
        now = self._clock()
        if self._is_set(now) or not self._ping.comes_back(_PATIENCE):
            self._listening_since = None
            return []
        if self._listening_since is None:
            self._listening_since = now
        if now - self._listening_since < self._window:
            return []
        try:
            lost = self._control.lose(self._control.now() - timedelta(seconds=self._window))
        except exception.DatabaseUnreachable:
            self._listening_since = None
            raise
        for host in lost:
            LOG.warning("%s is down: nothing was heard of it for %.0f s.", host, self._window)
        return lost

    def _is_set(self, now: float) -> bool:
        """Whether somebody has set the wall clock since the last look."""
        before, self._epoch = self._epoch, self._control.now() - timedelta(seconds=now)
        return before is not None and abs(self._epoch - before) > _STEP
