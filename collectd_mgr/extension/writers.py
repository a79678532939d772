# SPDX-License-Identifier: Apache-2.0
"""collectd's write threads, as they come by with one value after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from collectd_mgr.extension.threads import Threads

#: One value in the hands of one write thread: the thread's id, and how many it had come by with.
Visit = tuple[int, int]

#: Seconds for which one write thread waits for another at most.
PATIENCE = 120.0

_PAUSE = 0.0005


class Writers:
    """Where each of them is. A thread that has come by again, or waits for a value, has dealt with the one before."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._visits: dict[int, int] = {}
        self._here: set[int] = set()
        self._last: dict[bytes, Visit] = {}
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        #: With what they were made to come, and have not yet.
        self._awaited: set[int] = set()

    def visit(self) -> Visit:
        """This thread is here, until :meth:`left`."""
        thread = threading.get_native_id()
        self._here.add(thread)
        self._visits[thread] = count = self._visits.get(thread, 0) + 1
        return thread, count

    def left(self, visit: Visit) -> None:
        self._here.discard(visit[0])

    def behind(self, metric: bytes, visit: Visit) -> Visit | None:
        """The one that came by with the value of ``metric`` before this, for :meth:`follow`."""
        with self._lock:
            before = self._last.get(metric)
            self._last[metric] = visit
        return before

    def follow(self, before: Visit | None) -> None:
        """Wait until that value is dealt with: samples of one metric go out in their order."""
        deadline = time.monotonic() + PATIENCE
        while before is not None and not self._is_over(before) and time.monotonic() < deadline:
            time.sleep(_PAUSE)

    def forget(self) -> None:
        """Who came by last with what."""
        with self._lock:
            self._last.clear()

    def _is_over(self, visit: Visit) -> bool:
        thread, count = visit
        if self._visits.get(thread, 0) > count:
            return True
        try:
            return thread not in self._here and self._threads.idle(thread)
        except OSError:
            return True  # It has ended.

    def passed(self, call: Callable[[], None], probe: int, timeout: float) -> bool:
        """Whether everything that was queued before is dealt with, within ``timeout`` seconds.

        :param call: queues one more, with which a thread comes to :meth:`meet`: by then what was before it is in the
            hands of some thread, or was
        """
        deadline = time.monotonic() + timeout
        self._awaited.add(probe)
        call()
        if not self._await(lambda: probe not in self._awaited, timeout):
            return False
        # What a thread has now it may come by with once; when it comes by twice it has had something else since.
        then = [(thread, self._visits.get(thread, 0) + 1) for thread in self._threads.named("writer#")]
        while not all(map(self._is_over, then)):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        # An earlier one that has not come was stopped on its way.
        self._awaited.clear()
        return True

    def meet(self, probe: int) -> None:
        """On a thread that was made to come."""
        with self._changed:
            self._awaited.discard(probe)
            self._changed.notify_all()

    def met(self, timeout: float) -> bool:
        """Whether none is yet to come that was made to, within ``timeout`` seconds."""
        return self._await(lambda: not self._awaited, timeout)

    def _await(self, happened: Callable[[], bool], timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(happened, timeout)
