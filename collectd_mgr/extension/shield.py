# SPDX-License-Identifier: Apache-2.0
"""No read of a plugin before its init is over.

When collectd starts, its read threads start after the last init. In a live load they run already, and a read that
``module_register`` registered is due at once: a thread could call it before the plugin was configured, or
while its init runs. So before the load one read per thread is registered that only waits. They are older
than the plugin's, so a thread that becomes free takes one of them first, and waits until the load is over.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from collectd_mgr.extension.abi import callback
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.threads import Threads
from collectd_mgr.extension.tick import OWNER

GROUP = "collectd_mgr_shield"

#: A thread that took a shield frees it this many seconds later; a load that takes longer gets a warning of collectd's.
_INTERVAL = 1.0

#: The longest that a read thread is held back, in seconds.
LIMIT = 5.0


class Shield:
    """Holds the read threads back; one at a time (the caller holds the operation lock)."""

    def __init__(self, daemon: Daemon, threads: Threads) -> None:
        self._daemon = daemon
        self._threads = threads
        self._over = threading.Event()
        self._give_up: Callable[[], object] = lambda: None
        self._callback = callback(self._wait)

    def _wait(self, _: int) -> int:
        if not self._over.wait(LIMIT):
            self._give_up()
            self._over.set()
        return 0

    @contextlib.contextmanager
    def up(self, give_up: Callable[[], object]) -> Iterator[None]:
        """Inside, no read that is registered now is called; those that ran before run on.

        :param give_up: called, by a read thread, when it lasts longer than :data:`LIMIT` seconds: must unregister the
            new reads, for the threads are needed for the others then
        """
        self._give_up = give_up
        self._over.clear()
        try:
            with self._daemon.context(OWNER, _INTERVAL):
                self._register()
            yield
        finally:
            self._daemon.unregister_read_group(GROUP)
            self._over.set()

    def _register(self) -> None:
        for number in range(len(self._threads.readers())):
            self._daemon.register_group_read(GROUP, f"{GROUP}/{number}", self._callback)
