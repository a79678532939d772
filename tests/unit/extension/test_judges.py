# SPDX-License-Identifier: Apache-2.0
"""A tree of thresholds that does not lie as is known is not touched."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any, cast

import pytest

from collectd_mgr import exception
from collectd_mgr.extension import lookup, threshold
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.judges import Judges, Unknown
from collectd_mgr.extension.memory import Memory
from collectd_mgr.extension.thresholds import _WITNESS, Thresholds

WITNESS = threshold.record(_WITNESS)
KEY = threshold.key(WITNESS)


class Planted(Judges):
    """collectd's own has one threshold, the witness; the parameters say what is otherwise than known."""

    def __init__(self, record: bytes = WITNESS.content, key: str = KEY, size: int = 1, room: int = 0) -> None:
        arena = Arena(ctypes.CDLL(None), 1 << 20)
        address = arena.put(record + bytes(8))
        self.head = lookup.Writer(arena, 0).write(lookup.of({key: address}), size)
        room += threshold.RECORD.size
        self.found = address

        def get(_head: int, _key: bytes, place: Any) -> int:
            place._obj.value = self.found
            return 0

        def usable(_address: int) -> int:
            return room

        library = cast(Any, SimpleNamespace(malloc_usable_size=usable, c_avl_get=get))
        super().__init__(library, Memory(), cast(Any, None), cast(Any, None), arena)
        self.begun = True

    def _slot(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.head)


def flagged(bit: int) -> bytes:
    """The witness with one more flag."""
    fields = list(threshold.RECORD.unpack(WITNESS.content + bytes(8)))
    fields[11] |= bit
    return threshold.RECORD.pack(*fields)[:-8]


def test_one_that_does_is_read() -> None:
    assert [records for _, records in Planted().read().values()] == [[WITNESS]]
    assert Thresholds(Planted(), cast(Any, None), dict, {}).theirs() == {}


@pytest.mark.parametrize(
    "other", [{"size": 2}, {"key": "//other"}, {"room": 32}, {"room": -1}, {"record": flagged(64)}]
)
def test_one_that_does_not_is_unknown(other: dict[str, Any]) -> None:
    """More nodes, another key, a structure that is larger or smaller, a flag that nobody knows."""
    with pytest.raises(Unknown):
        Planted(**other).read()


def test_libc_may_give_one_a_little_more() -> None:
    """Also the only one. Whatever a structure of that size had there is not what comes next in memory."""
    judges = Planted(room=threshold.ROOM)
    ours = Thresholds(judges, judges._arena, dict, {})
    address = ours._address("//x", (threshold.record({"type": "x"}),))
    judges._arena.put(b"\xff" * 64)
    behind = Memory().read(address + threshold.RECORD.size, threshold.ROOM)
    assert behind == bytes(threshold.ROOM)


def test_one_in_which_collectd_finds_another_is_unknown() -> None:
    judges = Planted()
    judges.found += 16
    with pytest.raises(Unknown):
        judges.read()


def test_ours_that_is_not_as_we_would_write_it_refuses_every_change() -> None:
    known = Thresholds(Planted(record=flagged(threshold.FLAGS["invert"])), cast(Any, None), dict, {})
    with pytest.raises(exception.LiveRefused) as refused:
        known.theirs()
    assert refused.value.kwargs["reason_code"] == "unknown_layout"
