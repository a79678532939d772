# SPDX-License-Identifier: Apache-2.0
"""The grace period: until no read that was unregistered can still be running.

``plugin_unregister_read`` marks an entry and does not wait. A read thread that took it before may be in the callback,
and a second entry for the same plugin would put two threads into the same C statics. A thread that was seen
idle after the mark was set tests the mark before it calls anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.fence import Fence
from collectd_mgr.extension.threads import Threads

#: Seconds to look for idle threads before the fence is put up for those that were not.
_LOOK = 0.02


class Grace:
    """Waits until every read thread was seen outside of all reads, once, after the call."""

    def __init__(self, threads: Threads, daemon: Daemon) -> None:
        self._threads = threads
        self._fence = Fence(daemon)

    def wait(self, timeout: float) -> bool:
        """Whether it came within ``timeout`` seconds. Costs at most the longest read in flight, as a rule."""
        deadline = time.monotonic() + timeout
        busy = _wait(self._threads.readers(), self._threads.idle, min(deadline, time.monotonic() + _LOOK))
        if busy and time.monotonic() < deadline:
            with self._fence.up():
                busy = _wait(busy, self._outside, deadline)
        return not busy

    def _outside(self, reader: int) -> bool:
        return self._fence.passed(reader, len(self._threads.readers())) or self._threads.idle(reader)


def _wait(busy: list[int], done: Callable[[int], bool], deadline: float) -> list[int]:
    """Ask ``done`` of each until all were, or the deadline; those that were not."""
    pause = 0.0002
    while True:
        busy = [reader for reader in busy if not done(reader)]
        if not busy or time.monotonic() >= deadline:
            return busy
        time.sleep(pause)
        pause = min(2 * pause, 0.002)
