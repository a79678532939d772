# SPDX-License-Identifier: Apache-2.0
"""When each read is due: a collectd that takes the place of another one reads at the times at which that one did."""

from __future__ import annotations

import ctypes
import platform
import struct
import time
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

from collectd_mgr.extension import abi
from collectd_mgr.extension.lists import Entry, Lists
from collectd_mgr.extension.memory import Mapping, Memory, Unreadable
from collectd_mgr.extension.readers import DUE, Read, Reads

#: The bytes of a pthread_mutex_t, with which a c_heap_t (utils/heap/heap.c) begins.
_MUTEX = {"x86_64": 40, "aarch64": 48}

# After the mutex: how to compare, the array, entries used, entries allocated.
_HEAP = struct.Struct("QQQQ")


class Schedule:
    """The reads of a collectd whose read threads have not started yet: to be used from the last init callback alone.

    :param phases: of each read of the other collectd its interval and a time at which it is due, in seconds
    """

    def __init__(
        self,
        memory: Memory,
        statics: Sequence[Mapping],
        lists: Lists,
        slot: int,
        phases: MappingOf[str, Sequence[float]],
    ) -> None:
        self._memory = memory
        self._statics = statics
        self._lists = lists
        self._slot = slot
        self._phases = phases
        #: When each read was due first, in seconds since 1970.
        self.first: dict[str, float] = {}

    def align(self, reads: Reads) -> None:
        """Have every read that the other collectd has at the same interval be due when it is there.

        :raises Unreadable: collectd's heap of reads is not what is known; nothing was changed then
        """
        entries = self._lists.entries(self._slot)
        known = {read.name: read for read in reads.all()}
        if self._phases:
            array = self._array(entries)
            due = {entry.value: self._due(known[entry.key]) for entry in entries}
            for address, moment in due.items():
                ctypes.c_uint64.from_address(address + DUE).value = abi.to_cdtime(moment)
            # An array in order is a heap.
            for place, address in enumerate(sorted(due, key=lambda address: due[address])):
                ctypes.c_uint64.from_address(array + 8 * place).value = address
        self.first = {read.name: read.due for read in reads.all()}

    def _due(self, read: Read) -> float:
        interval, moment = self._phases.get(read.name, (0.0, 0.0))
        if interval <= 0 or abi.interval(abi.to_cdtime(interval)) != read.interval:
            return read.due
        return moment + max(0, -((moment - time.time()) // interval)) * interval

    def _array(self, entries: Sequence[Entry]) -> int:
        """The address of the heap's array: the one that has exactly the reads of collectd's list in it."""
        wanted = sorted(entry.value for entry in entries)
        for mapping in self._statics:
            for word in self._memory.words(mapping):
                if word >= 4096 and word % 8 == 0:
                    array = self._heap(word, wanted)
                    if array:
                        return array
        raise Unreadable("the heap of reads")

    def _heap(self, address: int, wanted: list[int]) -> int:
        try:
            found = self._memory.read(address + _MUTEX.get(platform.machine(), 0), _HEAP.size)
            _, array, used, allocated = _HEAP.unpack(found)
            if used != len(wanted) or not used <= allocated <= 1 << 20:
                return 0
            content = struct.unpack(f"{used}Q", self._memory.read(array, 8 * used))
        except Unreadable:
            return 0
        return array if sorted(content) == wanted else 0
