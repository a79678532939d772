# SPDX-License-Identifier: Apache-2.0
"""The grace period: until no read that was unregistered can still be running.

``plugin_unregister_read`` marks an entry and does not wait. A read thread that took it before may be in the
callback, and a second entry for the same plugin would put two threads into the same C statics. A thread
that was seen idle after the mark was set tests the mark before it calls anything.
"""

from __future__ import annotations

import time

from collectd_mgr.extension.threads import Threads


class Grace:
    """Waits until every read thread was seen idle, once, after the call."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    def wait(self, timeout: float) -> bool:
        """Whether it came within ``timeout`` seconds. Costs at most the longest read in flight."""
        busy = self._threads.readers()
        deadline = time.monotonic() + timeout
        pause = 0.0002
        while True:
            busy = [reader for reader in busy if not self._threads.idle(reader)]
            if not busy:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(pause)
            pause = min(2 * pause, 0.005)
