# SPDX-License-Identifier: Apache-2.0
"""Many places of this process's own memory read by one system call, in a way that cannot crash it.

process_vm_readv copies in the kernel: where nothing is mapped it stops, where a pointer of ours would be a signal.
"""

from __future__ import annotations

import ctypes
import os
from array import array
from ctypes import c_int, c_ssize_t, c_ulong, c_void_p

from collectd_mgr.extension.memory import Unreadable

#: IOV_MAX of Linux.
AT_ONCE = 1024

_NAME = "process_vm_readv"


class Gather:
    """Any number of threads may share it.

    :raises Unreadable: this libc or this kernel does not have it, or a sandbox forbids it
    """

    def __init__(self) -> None:
        # With the GIL held: a call takes a tenth of a millisecond, and to get the GIL back may take five.
        libc = ctypes.PyDLL(None)
        if not hasattr(libc, _NAME):
            raise Unreadable(_NAME)
        self.call = libc[_NAME]
        self.call.argtypes = (c_int, c_void_p, c_ulong, c_void_p, c_ulong, c_ulong)
        self.call.restype = c_ssize_t
        probe = array("Q", [0])
        self(array("Q", [probe.buffer_info()[0]]), 8)

    def __call__(self, addresses: array[int], size: int) -> bytearray:
        """``size`` bytes from each address, one after the other. :raises Unreadable:"""
        return self.sized(addresses, array("Q", [size]) * len(addresses))

    def sized(self, addresses: array[int], sizes: array[int]) -> bytearray:
        """As many bytes from each address as ``sizes`` has for it. :raises Unreadable:"""
        places = array("Q", bytes(16 * len(addresses)))
        places[0::2], places[1::2] = addresses, sizes
        found = bytearray(sum(sizes))
        there, here = places.buffer_info()[0], _address(found)
        for start in range(0, len(addresses), AT_ONCE):
            some = sizes[start : start + AT_ONCE]
            here += self._some(there + 16 * start, len(some), here, sum(some))
        return found

    def _some(self, places: int, count: int, here: int, size: int) -> int:
        target = array("Q", [here, size])
        if self.call(os.getpid(), target.buffer_info()[0], 1, places, count, 0) != size:
            raise Unreadable(hex(places))
        return size


def _address(buffer: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer)) if buffer else 0
