# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr import exception
from collectd_mgr.extension import lookup
from collectd_mgr.extension.arena import Arena

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@given(st.lists(st.tuples(KEYS, st.none() | st.integers(1, 9))))
def test_it_is_what_a_dict_is(changes: list[tuple[str, int | None]]) -> None:
    tree: lookup.Tree = None
    model: dict[str, int] = {}
    for key, value in changes:
        before = list(lookup.entries(tree))
        if value is None:
            changed = lookup.without(tree, key)
            model.pop(key, None)
        else:
            changed = lookup.put(tree, key, value)
            model[key] = value
        assert list(lookup.entries(tree)) == before, "the one before never changes"
        tree = changed
        assert list(lookup.entries(tree)) == sorted(model.items(), key=lambda item: item[0].encode())


def test_a_change_of_nothing_is_the_same_tree() -> None:
    tree = lookup.put(lookup.put(None, "a", 1), "b", 2)
    assert lookup.put(tree, "a", 1) is tree
    assert lookup.without(tree, "c") is tree


def test_a_change_costs_a_path() -> None:
    arena = Arena(ctypes.CDLL(None), 10_000_000)
    writer = lookup.Writer(arena, 0)
    tree: lookup.Tree = None
    for number in range(1000):
        tree = lookup.put(tree, f"key {number}", number + 1)
    writer.write(tree, 1000)
    whole = arena.spent
    for number in range(100):
        tree = lookup.put(tree, f"key {7 * number}", 5000 + number)
        writer.write(tree, 1000)
    assert arena.spent - whole < 100 * 40 * lookup.NODE.size


def test_the_budget_holds() -> None:
    arena = Arena(ctypes.CDLL(None), 100)
    arena.put(bytes(60))
    with pytest.raises(exception.LiveRefused) as refused:
        arena.put(bytes(60))
    assert refused.value.kwargs["reason_code"] == "memory_budget"
    assert arena.spent == 64


class Meanwhile:
    """A libc whose first malloc takes so long that somebody else takes memory meanwhile."""

    def __init__(self) -> None:
        self.buffers: list[tuple[int, int, object]] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def malloc(self, size: int) -> int:
        buffer = ctypes.create_string_buffer(1_000_000 + size)  # So that this process outlives the mistake.
        self.buffers.append((ctypes.addressof(buffer), size, buffer))
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return ctypes.addressof(buffer)


class Libc:
    def __init__(self) -> None:
        known = Meanwhile()
        self.known = known
        self.malloc = partial(known.malloc)  # A prototype is written on it.


def test_two_threads_never_get_the_same_memory() -> None:
    libc = Libc()
    arena = Arena(libc, 10_000_000)  # type: ignore[arg-type]
    other = threading.Thread(target=lambda: arena.put(b"b" * 16))

    def meanwhile() -> None:
        other.start()
        other.join(0.3)

    libc.known.meanwhile = meanwhile
    address = arena.put(b"a" * 200_000)
    other.join()
    assert any(start <= address and address + 200_000 <= start + size for start, size, _ in libc.known.buffers)
