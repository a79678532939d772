# SPDX-License-Identifier: Apache-2.0
"""Memory that collectd is given and that nobody ever frees: other threads may look at it for ever.

It is counted, and bounded: past the budget the change is for a driver that starts a new daemon.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterator

from collectd_mgr import exception

#: Taken from libc at once, in bytes.
_CHUNK = 64 * 1024

_ALIGNMENT = 16


class Arena:
    """A heap that only grows. Any number of threads may take from it: who looks for metrics that come back is no
    operation, and may be at it beside one.

    :param budget: bytes that may be spent on it in the life of the daemon
    """

    def __init__(self, library: ctypes.CDLL, budget: int) -> None:
        library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
        self._library = library
        self.budget = budget
        #: Bytes that were given away, or that collectd itself was made to take.
        self.spent = 0
        self._at, self._end = 0, 0
        self._lock = threading.RLock()
        self._bounded = True

    def check(self, size: int, spare: int = 0) -> None:
        """:raises LiveRefused: ``size`` bytes more would be past the budget, or leave less than ``spare`` of it"""
        if self._bounded and self.spent + size + spare > self.budget:
            raise exception.LiveRefused(
                f"It would cost this daemon {size} bytes for ever, beside {self.spent} so far, and the bound is at "
                f"{self.budget - spare}.",
                reason_code="memory_budget",
            )

    def spend(self, size: int) -> None:
        """Count what collectd took itself."""
        with self._lock:
            self.spent += size

    @contextlib.contextmanager
    def beyond(self) -> Iterator[None]:
        """What this thread takes meanwhile is counted, and may go past the budget: for the end of what was within it.

        The others wait: what they take is bounded.
        """
        with self._lock:
            self._bounded = False
            try:
                yield
            finally:
                self._bounded = True

    def put(self, data: bytes) -> int:
        """A copy of ``data``, for ever; its address, aligned for anything.

        :raises LiveRefused: the budget does not allow it
        """
        address = self._take(-(-len(data) // _ALIGNMENT) * _ALIGNMENT)
        ctypes.memmove(address, data, len(data))
        return address

    def _take(self, size: int) -> int:
        with self._lock:
            self.check(size)
            if self._at + size > self._end:
                self._grow(size)
            address, self._at = self._at, self._at + size
            self.spent += size
            return address

    def _grow(self, size: int) -> None:
        wanted = max(size, _CHUNK)
        address = self._library.malloc(wanted)
        if not address:
            raise MemoryError
        self._at, self._end = address, address + wanted
