# SPDX-License-Identifier: Apache-2.0
"""The read threads are counted whole, also by an operation that comes while collectd is starting them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from collectd_mgr.extension.threads import Threads


@contextmanager
def reader(number: int) -> Iterator[int]:
    """A thread of this process that has the name of one of collectd's read threads; its id."""
    named, over = threading.Event(), threading.Event()

    def run() -> None:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(f"reader#{number}")
        named.set()
        over.wait()

    thread = threading.Thread(target=run)
    thread.start()
    named.wait()
    try:
        yield thread.native_id or 0
    finally:
        over.set()
        thread.join()


def test_readers_that_start_later_are_not_forgotten() -> None:
    threads = Threads([])
    with ExitStack() as stack:
        first = stack.enter_context(reader(0))
        assert threads.readers() == [first]
        second = stack.enter_context(reader(1))
        assert sorted(threads.readers()) == sorted([first, second])
