# SPDX-License-Identifier: Apache-2.0
"""The grace period: until no read that was unregistered can still be running.

``plugin_unregister_read`` marks an entry and does not wait. A read thread that took it before may be in the callback,
and a second entry for the same plugin would put two threads into the same C statics. A thread that was seen
idle after the mark was set tests the mark before it calls anything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.fence import Fence
from collectd_mgr.extension.threads import Threads

#: Seconds to look for idle threads before the fence is put up for those that were not.
_LOOK = 0.02


class Grace:
    """Whether every read thread was seen outside of all reads, once, since some moment of the monotonic clock.

    That no read was ever taken out, a moment of None, is like one that is long past.

    :meth:`over` may be called by any thread, :meth:`wait` by who holds the operation lock.
    """

    def __init__(self, threads: Threads, daemon: Daemon) -> None:
        self._threads = threads
        self._fence = Fence(daemon)
        #: When each read thread was outside of all reads for certain, the last time that anybody saw it there.
        self._outside: dict[int, float] = {}
        self._lock = threading.Lock()

    def wait(self, since: float | None, timeout: float, enough: Callable[[], bool] = lambda: False) -> bool:
        """Whether it came within ``timeout`` seconds. Costs at most the longest read in flight, as a rule.

        :param enough: tells whether to wait no longer
        """
        began = time.monotonic()
        deadline = began + timeout
        if _wait(lambda: self.over(since), min(deadline, began + _LOOK), enough):
            return True
        if time.monotonic() >= deadline or enough():
            return False
        began = time.monotonic()
        with self._fence.up():
            return _wait(lambda: self._passed(since, began), deadline, enough)

    def over(self, since: float | None) -> bool:
        """Whether it came by now: one look at those threads that were not seen outside yet.

        One that goes from one slow read straight into the next is found outside by :meth:`wait` alone.
        """
        for reader in self._left(since):
            now = time.monotonic()  # Before the look: it is true of a later moment.
            if self._threads.idle(reader):
                self._saw(reader, now)
        return not self._left(since)

    def _passed(self, since: float | None, began: float) -> bool:
        """The same, with the fence up since ``began``."""
        for reader in self._left(since):
            if self._fence.passed(reader, len(self._threads.readers())):
                self._saw(reader, began)
        return self.over(since)

    def _left(self, since: float | None) -> list[int]:
        if since is None:
            return []
        return [reader for reader in self._threads.readers() if self._outside.get(reader, -1.0) < since]

    def _saw(self, reader: int, moment: float) -> None:
        with self._lock:
            self._outside[reader] = max(moment, self._outside.get(reader, moment))


def _wait(done: Callable[[], bool], deadline: float, enough: Callable[[], bool]) -> bool:
    """Ask until it is, or the deadline, or it is ``enough``."""
    pause = 0.0002
    while not done():
        if time.monotonic() >= deadline or enough():
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.002)
    return True
