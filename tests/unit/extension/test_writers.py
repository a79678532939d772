# SPDX-License-Identifier: Apache-2.0
"""In which order write threads go on that come by with samples of one metric."""

from __future__ import annotations

import threading

import pytest

from collectd_mgr.extension.threads import Threads
from collectd_mgr.extension.writers import COMING, Sample, Writers
from tests.waiting import PATIENCE, eventually


class Busy(Threads):
    """Of which each has a value in hand, unless it is said to wait for one."""

    def __init__(self) -> None:
        super().__init__([])
        self.ids: list[int] = []
        self.waiting: set[int] = set()

    def named(self, prefix: str) -> list[int]:
        return self.ids

    def idle(self, reader: int) -> bool:
        return reader in self.waiting


#: Later than any sample of those here; and how long is nobody waited for.
NEVER, GOOD = 1 << 62, 100 * PATIENCE

#: Of the two threads.
FIRST, SECOND = Sample(b"h/p/t", 1, 1), Sample(b"h/p/t", 2, 1)


class Come:
    """Threads, each of which comes by with one sample when it is told, says when it goes on, and is in its output
    until it is told again.
    """

    def __init__(self, *samples: Sample, coming: float = GOOD, until: int = NEVER) -> None:
        self.threads = Busy()
        self.writers = Writers(self.threads, coming)
        self.order: list[Sample] = []
        self.began: list[Sample] = []
        self.go = {sample: threading.Event() for sample in samples}
        self.written = {sample: threading.Event() for sample in samples}
        self._until = until
        self._all = [threading.Thread(target=self._come, args=(sample,)) for sample in samples]

    def __enter__(self) -> Come:
        for thread in self._all:
            thread.start()
        eventually(lambda: len(self.threads.ids) == len(self._all))
        return self

    def __exit__(self, *_: object) -> None:
        for event in (*self.go.values(), *self.written.values()):
            event.set()
        self.threads.waiting.update(self.threads.ids)
        for thread in self._all:
            thread.join()

    def _come(self, sample: Sample) -> None:
        self.threads.ids.append(threading.get_native_id())
        self.go[sample].wait()
        visit = self.writers.visit()
        await_turn = self.writers.queue(sample, visit, 0, self._until)
        self.began.append(sample)
        await_turn()
        self.order.append(sample)
        self.writers.left(visit)
        self.written[sample].wait()
        self.threads.waiting.add(visit[0])


def test_a_later_sample_waits_for_the_thread_that_took_the_earlier_one_and_comes_by_after_it() -> None:
    with Come(FIRST, SECOND) as some:
        some.go[SECOND].set()
        eventually(lambda: some.began == [SECOND])
        some.go[FIRST].set()
        eventually(lambda: some.order == [FIRST])
        some.written[FIRST].set()
        eventually(lambda: some.order == [FIRST, SECOND])


def test_so_does_one_that_comes_by_after_a_later_one() -> None:
    third = FIRST._replace(time=3)
    with Come(FIRST, SECOND, third) as some:
        some.go[third].set()
        eventually(lambda: some.began == [third])
        some.go[SECOND].set()
        eventually(lambda: some.began == [third, SECOND])
        some.go[FIRST].set()
        eventually(lambda: some.order == [FIRST])
        some.written[FIRST].set()
        eventually(lambda: some.order == [FIRST, SECOND])
        some.written[SECOND].set()
        eventually(lambda: some.order == [FIRST, SECOND, third])


def test_it_does_not_wait_for_good_for_one_that_is_at_something_else() -> None:
    with Come(FIRST, SECOND, coming=COMING) as some:
        some.go[SECOND].set()
        eventually(lambda: some.order == [SECOND])


@pytest.mark.parametrize(
    ("sample", "until"),
    [(Sample(b"h/p/other", 1, 1), NEVER), (Sample(b"h/p/other", 9, 1), 2)],
    ids=["next", "sampled since"],
)
def test_it_waits_for_no_output_that_has_another_metric(sample: Sample, until: int) -> None:
    """Where it is the next one of its own, or was sampled since the end of the wait, whatever it is."""
    with Come(FIRST, sample, until=until) as some:
        some.go[FIRST].set()
        eventually(lambda: some.order == [FIRST])
        some.go[sample].set()
        eventually(lambda: some.order == [FIRST, sample])


def test_what_was_sampled_since_waits_for_what_was_before_alone() -> None:
    since, later = FIRST._replace(time=3), FIRST._replace(time=4)
    with Come(FIRST, since, later, until=2) as some:
        some.go[FIRST].set()
        eventually(lambda: some.order == [FIRST])
        some.go[since].set()
        eventually(lambda: some.began == [FIRST, since])
        assert some.order == [FIRST]
        some.written[FIRST].set()
        eventually(lambda: some.order == [FIRST, since])
        some.go[later].set()
        eventually(lambda: some.order == [FIRST, since, later])
