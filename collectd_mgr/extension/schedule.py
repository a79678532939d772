# SPDX-License-Identifier: Apache-2.0
"""When each read is due: a collectd that takes the place of another one reads at the times at which that one did."""

from __future__ import annotations

import ctypes
import platform
import struct
import time
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence, Set
from contextlib import suppress

from collectd_mgr.extension import abi
from collectd_mgr.extension.lists import Lists
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
        #: Whether the reads that the other collectd has as well are due when they are there.
        self.aligned = not phases

    def align(self, reads: Reads) -> None:
        """Have every read that the other collectd has at the same interval be due when it is there.

        :raises Unreadable: collectd's heap of reads is not what is known; nothing was changed then
        """
        try:
            if self._phases:
                self._move(reads)
                self.aligned = True
        finally:
            self.first = {read.name: read.due for read in reads.all()}

    def _move(self, reads: Reads) -> None:
        entries = self._lists.entries(self._slot)
        known = {read.name: read for read in reads.all()}
        array, left = self._array(reads, {entry.value for entry in entries})
        due = {entry.value: self._due(known[entry.key]) for entry in entries}
        for address, moment in due.items():
            ctypes.c_uint64.from_address(address + DUE).value = abi.to_cdtime(moment)
        due |= left
        # An array in order is a heap.
        for place, address in enumerate(sorted(due, key=lambda address: due[address])):
            ctypes.c_uint64.from_address(array + 8 * place).value = address

    def _due(self, read: Read) -> float:
        interval, moment = self._phases.get(read.name, (0.0, 0.0))
        if interval <= 0 or abi.interval(abi.to_cdtime(interval)) != read.interval:
            return read.due
        return moment + max(0, -((moment - time.time()) // interval)) * interval

    def _array(self, reads: Reads, listed: Set[int]) -> tuple[int, dict[int, float]]:
        """Where the heap's array is, and what is in it besides the reads of collectd's list, with the time at which it
        is due: whoever unregisters a read takes it from the list alone.
        """
        for mapping in self._statics:
            for word in self._memory.words(mapping):
                if word >= 4096 and word % 8 == 0:
                    with suppress(Unreadable):
                        return self._heap(word, reads, listed)
        raise Unreadable("the heap of reads")

    def _heap(self, address: int, reads: Reads, listed: Set[int]) -> tuple[int, dict[int, float]]:
        """The same of the heap at ``address``. :raises Unreadable: there is none, or one with anything else in it"""
        found = self._memory.read(address + _MUTEX.get(platform.machine(), 0), _HEAP.size)
        _, array, used, allocated = _HEAP.unpack(found)
        if not len(listed) <= used <= allocated <= 1 << 20:
            raise Unreadable(hex(address))
        content = struct.unpack(f"{used}Q", self._memory.read(array, 8 * used))
        if len(set(content)) < used or not listed <= set(content):
            raise Unreadable(hex(address))
        due = {read: reads.due(read, registered=read in listed) for read in content}
        return array, {read: moment for read, moment in due.items() if read not in listed}
