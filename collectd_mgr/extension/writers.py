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
        self._awaited = 0
        self._meets = False

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
        if self._visits[thread] > count:
            return True
        try:
            return thread not in self._here and self._threads.idle(thread)
        except OSError:
            return True  # It has ended.

    def gather(self, call: Callable[[int], None], timeout: float) -> bool:
        """Have every one of them come to :meth:`meet` at once: what was queued before is dealt with then.

        :param call: has one more of them come, sooner or later; it is given a number
        :returns: whether all came within ``timeout`` seconds
        """
        number = len(self._threads.named("writer#"))
        with self._changed:
            self._awaited, self._meets = number, True
        for each in range(number):
            call(each)
        with self._changed:
            met = self._changed.wait_for(lambda: self._awaited <= 0 or not self._meets, timeout)
            return self._dismiss() and met

    def meet(self) -> None:
        """On a write thread that was made to come: wait for the others."""
        with self._changed:
            if self._meets:
                self._awaited -= 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._awaited <= 0 or not self._meets, PATIENCE)

    def dismiss(self) -> None:
        """Nobody waits for the others any more."""
        with self._changed:
            self._dismiss()

    def _dismiss(self) -> bool:
        """Whether all had come."""
        self._meets = False
        self._changed.notify_all()
        return self._awaited <= 0
