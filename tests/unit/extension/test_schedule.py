# SPDX-License-Identifier: Apache-2.0
"""When reads are due, in memory that is laid out as collectd's is."""

from __future__ import annotations

import ctypes
import platform
import struct
import time

import pytest

from collectd_mgr.extension import abi, readers, schedule
from collectd_mgr.extension.lists import Lists
from collectd_mgr.extension.memory import Mapping, Memory, Unreadable
from collectd_mgr.extension.readers import DUE, Reads
from collectd_mgr.extension.schedule import Schedule

SIMPLE, COMPLEX, REMOVED = 0, 1, 65535

#: Long, so that none is due again while a test runs.
INTERVAL = 1000.0


class Process:
    """The reads of a collectd before its read threads start: a list, and a heap with more in it."""

    def __init__(self) -> None:
        self._kept: list[ctypes.Array[ctypes.c_char]] = []
        self.began = time.time()
        self.heap: list[int] = []
        self._entries: list[tuple[str, int]] = []

    def place(self, data: bytes) -> int:
        self._kept.append(ctypes.create_string_buffer(data, len(data)))
        return ctypes.addressof(self._kept[-1])

    def read(self, name: str, due: float, kind: int = SIMPLE, callback: int = 4711) -> int:
        """One that is in the heap, and in the list unless it was unregistered; its address."""
        text, times = self.place(name.encode() + b"\0"), [abi.to_cdtime(each) for each in (INTERVAL, INTERVAL, due)]
        content = (callback, 0, 0, text, times[0], 0, 0, b"", text, kind, *times)
        address = self.place(readers._READ.pack(*content))
        self.heap.append(address)
        if kind != REMOVED:
            self._entries.append((name, address))
        return address

    def schedule(self, phases: dict[str, tuple[float, float]], allocated: int = 16) -> tuple[Schedule, Reads]:
        array = struct.pack(f"{allocated}Q", *self.heap, *[0] * (allocated - len(self.heap)))
        self.array = self.place(array)
        mutex = bytes(schedule._MUTEX[platform.machine()])
        heap = self.place(mutex + schedule._HEAP.pack(4712, self.array, len(self.heap), allocated))
        statics = self.place(struct.pack("QQ", heap, self._list()))
        memory, mapping = Memory(), Mapping(statics, statics + 16, True, "")
        lists = Lists(memory, [mapping])
        return Schedule(memory, [mapping], lists, statics + 8, phases), Reads(memory, lists, statics + 8)

    def _list(self) -> int:
        following, last = 0, 0
        for name, address in reversed(self._entries):
            following = self.place(struct.pack("QQQ", self.place(name.encode() + b"\0"), address, following))
            last = last or following
        return self.place(struct.pack("QQi4x", following, last, len(self._entries)))

    def ordered(self) -> list[tuple[int, float]]:
        """What is in the heap now, and when it is due, after the beginning."""
        places = struct.unpack(f"{len(self.heap)}Q", ctypes.string_at(self.array, 8 * len(self.heap)))
        return [(place, self.due(place)) for place in places]

    def due(self, address: int) -> float:
        return round(abi.from_cdtime(ctypes.c_uint64.from_address(address + DUE).value) - self.began, 3)


@pytest.fixture
def process() -> Process:
    return Process()


def test_what_was_unregistered_stays_in_the_heap_at_its_own_time(process: Process) -> None:
    began = process.began
    cpu, off, load, bad = (
        process.read("cpu", began),
        process.read("off", began + 0.1, REMOVED),
        process.read("load", began + 0.2, COMPLEX),
        process.read("bad", began + 400, REMOVED),
    )
    found, reads = process.schedule({"cpu": (INTERVAL, began - 200), "load": (INTERVAL, began + 300)})
    before = found.aligned
    found.align(reads)
    assert (before, found.aligned) == (False, True)
    assert process.ordered() == [(off, 0.1), (load, 300.0), (bad, 400.0), (cpu, 800.0)]
    assert {name: round(due - began, 3) for name, due in found.first.items()} == {"cpu": 800.0, "load": 300.0}


def test_with_no_times_of_another_one_nothing_is_changed(process: Process) -> None:
    cpu = process.read("cpu", process.began)
    found, reads = process.schedule({})
    found.align(reads)
    assert found.aligned
    assert process.ordered() == [(cpu, 0.0)]
    assert list(found.first) == ["cpu"]


def more_than_known(process: Process) -> None:
    process.heap.append(process.place(bytes(readers._READ.size)))


def registered_but_not_listed(process: Process) -> None:
    process.read("other", process.began)
    process._entries.pop()


def listed_but_unregistered(process: Process) -> None:
    name, place = "gone", process.read("gone", process.began, REMOVED)
    process._entries.append((name, place))


def without_a_callback(process: Process) -> None:
    process.read("bare", process.began, REMOVED, callback=0)


def nowhere(process: Process) -> None:
    process.heap.append(1 << 47)


def twice(process: Process) -> None:
    process.heap.append(process.heap[0])


def less_than_known(process: Process) -> None:
    process.heap.pop()


def another_in_its_place(process: Process) -> None:
    process.heap.pop()
    process.read("gone", process.began, REMOVED)


@pytest.mark.parametrize(
    "wrong",
    [
        more_than_known,
        registered_but_not_listed,
        listed_but_unregistered,
        without_a_callback,
        nowhere,
        twice,
        less_than_known,
        another_in_its_place,
    ],
)
def test_where_anything_else_is_in_the_heap_nothing_is_changed(process: Process, wrong: object) -> None:
    """But the reads are waited for all the same."""
    process.read("cpu", process.began)
    process.read("load", process.began + 0.1)
    assert callable(wrong)
    wrong(process)
    found, reads = process.schedule({"cpu": (INTERVAL, process.began + 300)})
    before = ctypes.string_at(process.array, 8 * 16)
    with pytest.raises(Unreadable):
        found.align(reads)
    assert not found.aligned
    assert ctypes.string_at(process.array, 8 * 16) == before
    assert process.due(process.heap[0]) == 0.0
    assert {"cpu", "load"} <= found.first.keys()


def test_a_heap_that_says_it_has_more_than_its_array_holds_is_none(process: Process) -> None:
    for number in range(4):
        process.read(f"read {number}", process.began + number)
    found, reads = process.schedule({"read 0": (INTERVAL, process.began + 300)}, allocated=4)
    memory = found._memory
    (heap,) = struct.unpack("Q", memory.read(found._statics[0].start, 8))
    ctypes.c_uint64.from_address(heap + schedule._MUTEX[platform.machine()] + 24).value = 3
    with pytest.raises(Unreadable):
        found.align(reads)
    assert process.due(process.heap[0]) == 0.0
