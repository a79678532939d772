# SPDX-License-Identifier: Apache-2.0
"""In which order write threads go on that come by with samples of one metric."""

from __future__ import annotations

import threading
from collections.abc import Callable

from collectd_mgr.extension.threads import Threads
from collectd_mgr.extension.writers import COMING, Writers
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


class Pair:
    """Two threads, each of which comes by with one sample of a metric when it is told, and says when it goes on."""

    def __init__(self, coming: float = COMING) -> None:
        self.threads = Busy()
        self.writers = Writers(self.threads, coming)
        self.order: list[int] = []
        self.began: list[int] = []
        self.go = {moment: threading.Event() for moment in (1, 2)}
        self._all = [threading.Thread(target=self._come, args=(moment,)) for moment in self.go]

    def __enter__(self) -> Pair:
        for thread in self._all:
            thread.start()
        eventually(lambda: len(self.threads.ids) == 2)
        return self

    def __exit__(self, *_: object) -> None:
        for moment, thread in zip(self.go, self._all, strict=True):
            self.go[moment].set()
            thread.join()

    def _come(self, moment: int) -> None:
        self.threads.ids.append(threading.get_native_id())
        self.go[moment].wait()
        visit = self.writers.visit()
        await_turn: Callable[[], None] = self.writers.queue(b"h/p/t", moment, visit)
        self.began.append(moment)
        await_turn()
        self.order.append(moment)
        self.writers.left(visit)
        self.threads.waiting.add(visit[0])


def test_a_later_sample_waits_for_the_thread_that_took_the_earlier_one_and_comes_by_after_it() -> None:
    with Pair(PATIENCE) as pair:
        pair.go[2].set()
        eventually(lambda: pair.began == [2])
        pair.go[1].set()
        eventually(lambda: len(pair.order) == 2)
        assert pair.order == [1, 2]


def test_it_does_not_wait_for_good_for_one_that_is_at_something_else() -> None:
    with Pair() as pair:
        pair.go[2].set()
        eventually(lambda: pair.order == [2])
