# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

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
        model.pop(key, None)
        if value is not None:
            model[key] = value
        changed = lookup.of(model, tree)
        assert list(lookup.entries(tree)) == before, "the one before never changes"
        tree = changed
        assert list(lookup.entries(tree)) == sorted(model.items(), key=lambda item: item[0].encode())


def test_a_change_of_nothing_is_the_same_tree() -> None:
    tree = lookup.of({"a": 1, "b": 2})
    assert lookup.of({"b": 2, "a": 1}, tree) is tree


def test_a_change_costs_a_path() -> None:
    arena = Arena(ctypes.CDLL(None), 10_000_000)
    writer = lookup.Writer(arena, 0)
    values = {f"key {number}": number + 1 for number in range(1000)}
    tree = lookup.of(values)
    writer.write(tree, 1000)
    whole = arena.spent
    for number in range(100):
        values[f"key {7 * number}"] = 5000 + number
        tree = lookup.of(values, tree)
        writer.write(tree, 1000)
    assert arena.spent - whole < 100 * 40 * lookup.NODE.size


def test_the_budget_holds() -> None:
    arena = Arena(ctypes.CDLL(None), 100)
    arena.put(bytes(60))
    with pytest.raises(exception.LiveRefused) as refused:
        arena.put(bytes(60))
    assert refused.value.kwargs["reason_code"] == "memory_budget"
    assert arena.spent == 64


class Interrupted(Arena):
    """Somebody else takes memory whenever a chunk has just come from libc."""

    meanwhile: Callable[[], object]

    def _grow(self, wanted: int) -> None:
        super()._grow(wanted)
        self.meanwhile()


def test_two_threads_never_get_the_same_memory() -> None:
    whole = 200_000
    arena = Interrupted(ctypes.CDLL(None), 10_000_000)
    others: list[int] = []
    other = threading.Thread(target=lambda: others.append(arena.put(b"b" * 16)))

    def meanwhile() -> None:
        arena.meanwhile = lambda: None
        other.start()
        other.join(0.3)

    arena.meanwhile = meanwhile
    address = arena.put(b"a" * whole)
    other.join()
    assert ctypes.string_at(address, whole) == b"a" * whole
    assert not address - 16 <= others[0] < address + whole, "both from a chunk that holds but one"
