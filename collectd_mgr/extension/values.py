# SPDX-License-Identifier: Apache-2.0
"""Values and rates out of collectd's cache, for many metrics at once.

Each C function takes the lock of the cache and gives it back before it returns. They are called with the GIL held: a
call is so short that giving the GIL away around it costs more, and with another busy Python thread a thousand times
more. Nobody who holds the lock waits for the GIL.
"""

from __future__ import annotations

import ctypes
from collections import deque
from ctypes import addressof, c_size_t, c_void_p, sizeof
from itertools import accumulate
from typing import Any

from collectd_mgr.domain import columns
from collectd_mgr.extension import abi

#: Metrics that are asked for without letting other Python threads run in between.
_CHUNK = 500

#: Values and rates of one metric: a word for each data source, as in collectd's memory.
Words = tuple[bytes, bytes]

#: Name and kind of a data source: gauge, derive, counter or absolute.
Source = tuple[str, str]


class Values:
    """Reads values by the names of metrics; any number of threads may."""

    def __init__(self, library: ctypes.CDLL, held: ctypes.PyDLL) -> None:
        self._library = library
        self._rate, self._value = held["uc_get_rate_by_name"], held["uc_get_value_by_name"]
        for function in (self._rate, self._value):
            function.argtypes = (ctypes.c_char_p, c_void_p, c_void_p)
        self._free, self._copy = held["free"], held["memcpy"]
        self._free.argtypes, self._free.restype = (c_void_p,), None
        self._copy.argtypes, self._copy.restype = (c_void_p, c_void_p, c_size_t), None
        self._types: dict[bytes, list[Source]] = {}

    def of(self, names: list[bytes]) -> list[Words | None]:
        """Values and rates of each metric; None for one that is gone, or missing."""
        found: list[Words | None] = []
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            pairs = zip(self._get(self._value, chunk), self._get(self._rate, chunk))
            found += [pair if pair[0] and len(pair[0]) == len(pair[1]) else None for pair in pairs]
        return found

    def _get(self, function: Any, names: list[bytes]) -> list[bytes]:
        """The words of each name; none where there is nothing."""
        pointers, counts = (c_void_p * len(names))(), (c_size_t * len(names))()
        # Loops in C, as everywhere below: a Python loop would cost more than the calls.
        deque(map(function, names, _slots(pointers), _slots(counts)), maxlen=0)
        sizes = [8 * count for count in counts]
        ends = list(accumulate(sizes))
        buffer = ctypes.create_string_buffer(ends[-1] or 8)
        places = [addressof(buffer) + end - size for end, size in zip(ends, sizes)]
        deque(map(self._copy, places, pointers, sizes), maxlen=0)
        deque(map(self._free, pointers), maxlen=0)
        data = buffer.raw
        return [data[end - size : end] for end, size in zip(ends, sizes)]

    def sources(self, type_: bytes) -> list[Source]:
        """Name and kind of each data source of that type; none if there is no such type. Types never change."""
        if type_ not in self._types:
            self._types[type_] = self._look_up(type_)
        return self._types[type_]

    def _look_up(self, type_: bytes) -> list[Source]:
        found = self._library.plugin_get_ds(type_)
        if not found:
            return []
        sources = found.contents.sources[: found.contents.count]
        return [(columns.text(source.name), abi.KINDS[source.type]) for source in sources]


def type_of(name: bytes) -> bytes:
    """The type in the name of a metric."""
    return name.split(b"/", 2)[2].partition(b"-")[0]


def _slots(array: Any) -> range:
    return range(addressof(array), addressof(array) + sizeof(array), 8)
