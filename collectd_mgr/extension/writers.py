# SPDX-License-Identifier: Apache-2.0
"""collectd's write threads, as they come by with one value after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from collectd_mgr.extension.threads import Threads

#: One value in the hands of one write thread: the thread's id, and how many it had come by with.
Visit = tuple[int, int]

#: Seconds for which one write thread waits for another at most.
PATIENCE = 120.0

_PAUSE = 0.0005

#: Seconds in which a thread that has a value comes by with it; one that takes longer is at what it had before.
COMING = 1.0


class Sample(NamedTuple):
    """Of a metric: its time, and its interval, as cdtimes."""

    metric: bytes
    time: int
    interval: int


class Writers:
    """Where each of them is. A thread that has come by again, or waits for a value, has dealt with the one before."""

    def __init__(self, threads: Threads, coming: float = COMING) -> None:
        self._threads = threads
        self._coming = coming
        self._visits: dict[int, int] = {}
        self._here: set[int] = set()
        #: The values of a metric that came by, by the time of their samples.
        self._queues: dict[bytes, dict[Visit, int]] = {}
        #: The time up to which all samples of a metric came by.
        self._complete: dict[bytes, int] = {}
        #: With which of its visits each thread asked for a turn last.
        self._queued: dict[int, int] = {}
        self._known: tuple[int, ...] = ()
        #: Those that did not come in time, and after which of their visits.
        self._late: dict[int, int] = {}
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

    def queue(self, sample: Sample, visit: Visit, since: int, until: int) -> Callable[[], None]:
        """This visit is with that. Gives what waits until those before it, which went through here, are dealt with:
        samples of one metric go out in the order of their times.

        :param since: the metric has no sample before that
        :param until: when the wait for the other instance ended, or later. What is sampled from then on, and not next
            to what was before, waits for that only: whatever the outputs take, there is an end to the queues
        """
        metric, moment, interval = sample
        with self._lock:
            before = dict(self._queued)
            self._queued[visit[0]] = visit[1]
            if moment - interval >= until:
                return partial(self._await_turn, sample, visit)
            self._queues.setdefault(metric, {})[visit] = moment
            # The first one may be a whole interval later.
            complete = self._complete.get(metric, since - interval // 2)
            # Only where one may be missing: threads that wait for each other write as fast as the slowest output.
            if moment - complete > 3 * interval // 2:
                return partial(self._follow, sample, visit, before)
            self._complete[metric] = max(complete, moment)
        return partial(self._await_turn, sample, visit)

    def _follow(self, sample: Sample, visit: Visit, queued: dict[int, int]) -> None:
        # What was taken from collectd's queue before may be in the hands of a thread that is yet to come by.
        others = [thread for thread in self._all() if thread != visit[0]]
        if not _wait(lambda: all(self._came(thread, queued) for thread in others), self._coming):
            late = [thread for thread in others if not self._came(thread, queued)]
            self._late.update({thread: self._visits.get(thread, 0) for thread in late})
        with self._lock:
            self._complete[sample.metric] = max(self._complete.get(sample.metric, 0), sample.time)
        self._await_turn(sample, visit)

    def _await_turn(self, sample: Sample, visit: Visit) -> None:
        if not _wait(lambda: self._is_first(sample.metric, sample.time, visit), PATIENCE):
            with self._lock:  # One that hangs is waited for once.
                self._queues.pop(sample.metric, None)

    def _all(self) -> tuple[int, ...]:
        """collectd starts all of them before it reads."""
        self._known = self._known or tuple(self._threads.named("writer#"))
        return self._known

    def _came(self, thread: int, queued: dict[int, int]) -> bool:
        """Whether a thread has none that it had before ``queued`` was so, and did not come by with."""
        now = self._queued.get(thread, 0)
        if now != queued.get(thread, 0) or (thread in self._here and now == self._visits.get(thread)):
            return True
        return self._late.get(thread) == self._visits.get(thread, 0) or self._is_idle(thread)

    def _is_first(self, metric: bytes, moment: int, visit: Visit) -> bool:
        with self._lock:
            others = list(self._queues.get(metric, {}).items())
        over = [other for other, _ in others if other != visit and self._is_over(other)]
        with self._lock:
            for other in over:
                self._queues.get(metric, {}).pop(other, None)
        return all(other in over or (when, other) >= (moment, visit) for other, when in others)

    def forget(self) -> None:
        """Who came by with what."""
        with self._lock:
            self._queues.clear()
            self._complete.clear()

    def _is_over(self, visit: Visit) -> bool:
        thread, count = visit
        return self._visits.get(thread, 0) > count or self._is_idle(thread)

    def _is_idle(self, thread: int) -> bool:
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


def _wait(happened: Callable[[], bool], timeout: float) -> bool:
    """Whether it did, within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True
