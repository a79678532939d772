# SPDX-License-Identifier: Apache-2.0
"""Proof that a read thread left the callback it was in, for a thread that is never idle.

A plugin whose reads take longer than its interval keeps a thread busy for ever: it goes from one read
straight into the next. So reads of our own are put on collectd's heap, due at once: the thread takes one between two
reads, and a thread that is in a callback of ours is in no plugin's.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from collectd_mgr.extension.abi import callback
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.tick import OWNER

GROUP = "collectd_mgr_fence"

#: Seconds until an entry would run a second time; also how long a batch of entries lasts.
_INTERVAL = 1.0
#: Seconds that a thread which came by before is held, so that it does not take all the entries at once.
_HOLD = 0.001


class Fence:
    """Put up around a wait; one at a time (the caller holds the operation lock)."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._passed: set[int] = set()
        self._runs: list[int] = []
        self._registered = 0
        self._began = 0.0
        self._callback = callback(self._pass)

    def _pass(self, _: int) -> int:
        thread = threading.get_native_id()
        self._runs.append(thread)
        if thread in self._passed:
            time.sleep(_HOLD)
        self._passed.add(thread)
        return 0

    @contextlib.contextmanager
    def up(self) -> Iterator[None]:
        """Inside, :meth:`passed` may be called."""
        self._passed.clear()
        self._begin()
        try:
            yield
        finally:
            self._daemon.unregister_read_group(GROUP)

    def passed(self, thread: int, ahead: int) -> bool:
        """Whether the thread came by since :meth:`up`; keeps ``ahead`` entries on the heap, so call it again soon."""
        self._renew()
        while self._registered < len(self._runs) + ahead:
            self._register()
        return thread in self._passed

    def _renew(self) -> None:
        """Begin a new batch before the first entries of the old one come round again and are counted twice.

        Where no thread has taken one yet all wait for that. What is taken off the heap lies there until a thread comes
        by: beside threads that hang, batch after batch would.
        """
        if self._runs and time.monotonic() - self._began >= _INTERVAL / 2:
            self._begin()

    def _begin(self) -> None:
        self._daemon.unregister_read_group(GROUP)
        self._began, self._runs, self._registered = time.monotonic(), [], 0

    def _register(self) -> None:
        with self._daemon.context(OWNER, _INTERVAL):
            self._daemon.register_group_read(GROUP, f"{GROUP}/{self._registered}", self._callback)
        self._registered += 1
