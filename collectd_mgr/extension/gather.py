# SPDX-License-Identifier: Apache-2.0
"""Many places of this process's own memory read by one system call, in a way that cannot crash it.

process_vm_readv copies in the kernel: where nothing is mapped it stops, where a pointer of ours would be a signal.
"""

from __future__ import annotations

import ctypes
import os
from array import array
from collections.abc import Iterator
from ctypes import c_int, c_ssize_t, c_ulong, c_void_p

from collectd_mgr.extension.memory import Unreadable

#: IOV_MAX of Linux.
_AT_ONCE = 1024

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

    def __call__(self, addresses: array[int], size: int) -> bytes:
        """``size`` bytes from each address, one after the other. :raises Unreadable:"""
        return b"".join(self._parts(addresses, array("Q", [size]) * len(addresses)))

    def sized(self, addresses: array[int], sizes: array[int]) -> bytes:
        """As many bytes from each address as ``sizes`` has for it. :raises Unreadable:"""
        return b"".join(self._parts(addresses, sizes))

    def _parts(self, addresses: array[int], sizes: array[int]) -> Iterator[bytes]:
        places = array("Q", bytes(16 * len(addresses)))
        places[0::2], places[1::2] = addresses, sizes
        first = places.buffer_info()[0]
        for start in range(0, len(addresses), _AT_ONCE):
            count = min(_AT_ONCE, len(addresses) - start)
            yield self._some(first + 16 * start, count, sum(sizes[start : start + count]))

    def _some(self, places: int, count: int, size: int) -> bytes:
        found = ctypes.create_string_buffer(size)
        here = array("Q", [ctypes.addressof(found), size])
        if self.call(os.getpid(), here.buffer_info()[0], 1, places, count, 0) != size:
            raise Unreadable(hex(places))
        return found.raw
