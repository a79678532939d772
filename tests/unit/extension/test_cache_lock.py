# SPDX-License-Identifier: Apache-2.0
"""Between the making of an iterator over collectd's cache, which takes its lock, and its end Python does nothing.

It could give the GIL to another thread between any two instructions, and that one may want the lock.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from types import FrameType
from typing import Any

import pytest

from collectd_mgr.extension.cache import Cache
from collectd_mgr.extension.gather import Gather
from collectd_mgr.extension.latch import Latch
from collectd_mgr.extension.memory import Unreadable
from collectd_mgr.extension.sight import Sight
from collectd_mgr.extension.tree import find


class Held:
    """collectd's functions, of a cache with two metrics; ``locked`` is whether its lock is taken."""

    def __init__(self) -> None:
        self.locked = False
        self.taken = 0
        self._left = itertools.count(1)

    def __getitem__(self, name: str) -> Any:
        return lambda *_: None

    def uc_get_size(self) -> int:
        return 2

    def uc_get_iterator(self) -> int:
        self.locked, self.taken = True, self.taken + 1
        return 1

    def uc_iterator_next(self, *_: Any) -> int:
        return 0 if next(self._left) <= self.uc_get_size() else -1

    def uc_iterator_get_time(self, *_: Any) -> int:
        return 0

    uc_iterator_get_interval = uc_iterator_get_time

    def uc_iterator_destroy(self, _: int) -> None:
        self.locked = False


def first(held: Any) -> None:
    Sight(held, held, None)._first()


def walk(held: Any) -> None:
    Cache(held, held)._walk()


def tree(held: Any) -> None:
    find(held, lambda *_: 16)


def latch(held: Any) -> None:
    with suppress(Unreadable):  # No lock is to be found here.
        Latch(Gather(), held, nullcontext)


@pytest.mark.parametrize("look", [first, walk, tree, latch])
def test_no_instruction_is_carried_out_with_the_lock(look: Callable[[Any], None]) -> None:
    held, found = Held(), []

    def trace(frame: FrameType, event: str, _: object) -> Any:
        frame.f_trace_opcodes = True
        if held.locked and "/extension/" in frame.f_code.co_filename and "/tests/" not in frame.f_code.co_filename:
            found.append((frame.f_code.co_name, event))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        look(held)
    finally:
        sys.settrace(before)
    assert (held.taken, held.locked, found) == (1, False, [])
