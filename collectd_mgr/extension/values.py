# SPDX-License-Identifier: Apache-2.0
"""Values and rates out of collectd's cache, for many metrics at once.

Each C function takes the lock of the cache and gives it back before it returns. They are called with the GIL held: a
call is so short that giving the GIL away around it costs more, and with another busy Python thread a thousand times
more. Nobody who holds the lock waits for the GIL.
"""

from __future__ import annotations

import ctypes
import struct
from collections import deque
from ctypes import addressof, c_size_t, c_void_p, sizeof
from itertools import accumulate
from typing import Any, Optional

from collectd_mgr.extension import abi

#: How the raw values of each kind are read from collectd's union.
_CODES = {"counter": "Q", "gauge": "d", "derive": "q", "absolute": "Q"}

#: Metrics that are asked for without letting other Python threads run in between.
_CHUNK = 500

Number = Optional[float]
_Rows = list[tuple[float, ...]]


class Type:
    """A data set: names and kinds of its data sources, and how their values lie in memory."""

    def __init__(self, sources: list[tuple[str, str]]) -> None:
        self.sources = sources
        self.raw = "".join(_CODES[kind] for _, kind in sources)
        self.rates = "d" * len(sources)


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
        self._types: dict[bytes, Type | None] = {}

    def of(self, names: list[bytes]) -> list[tuple[list[Number], list[Number]] | None]:
        """Values and rates of each metric, per data source; None for one that is gone or missing. NaN is None."""
        found: list[tuple[list[Number], list[Number]] | None] = []
        for start in range(0, len(names), _CHUNK):
            found += self._chunk(names[start : start + _CHUNK])
        return found

    def _chunk(self, names: list[bytes]) -> list[tuple[list[Number], list[Number]] | None]:
        types = [self.type(type_of(name)) for name in names]
        values = self._get(self._value, names, [type_.raw if type_ else "" for type_ in types])
        rates = self._get(self._rate, names, [type_.rates if type_ else "" for type_ in types])
        return [(_finite(value), _finite(rate)) if value and rate else None for value, rate in zip(values, rates)]

    def _get(self, function: Any, names: list[bytes], codes: list[str]) -> _Rows:
        """One row per name; an empty one where there is nothing, or not what its type says."""
        pointers, counts = (c_void_p * len(names))(), (c_size_t * len(names))()
        # Loops in C, as everywhere below: a Python loop would cost more than the calls.
        deque(map(function, names, _slots(pointers), _slots(counts)), maxlen=0)
        numbers = counts[:]
        ends = list(accumulate(numbers))
        buffer = (c_size_t * (ends[-1] or 1))()
        places = [addressof(buffer) + 8 * (end - number) for end, number in zip(ends, numbers)]
        deque(map(self._copy, places, pointers, [8 * number for number in numbers]), maxlen=0)
        deque(map(self._free, pointers), maxlen=0)
        return _rows(bytes(buffer)[: 8 * ends[-1]], numbers, codes)

    def type(self, name: bytes) -> Type | None:
        """The data set of that name; types never change while collectd runs."""
        if name not in self._types:
            self._types[name] = self._look_up(name)
        return self._types[name]

    def _look_up(self, name: bytes) -> Type | None:
        found = self._library.plugin_get_ds(name)
        if not found:
            return None
        sources = found.contents.sources[: found.contents.count]
        return Type([(source.name.decode(), abi.KINDS[source.type]) for source in sources])


def type_of(name: bytes) -> bytes:
    """The type in the name of a metric."""
    return name.split(b"/", 2)[2].partition(b"-")[0]


def _slots(array: Any) -> range:
    return range(addressof(array), addressof(array) + sizeof(array), 8)


def _rows(data: bytes, numbers: list[int], codes: list[str]) -> _Rows:
    right = [len(code) == number for code, number in zip(codes, numbers)]
    layout = "".join(code if fits else "Q" * number for code, number, fits in zip(codes, numbers, right))
    flat = struct.unpack(f"={layout}", data)
    ends = accumulate(numbers)
    return [flat[end - number : end] if fits else () for end, number, fits in zip(ends, numbers, right)]


def _finite(numbers: tuple[float, ...]) -> list[Number]:
    # What is not finite, and only that, is not equal to itself or not zero after being taken from itself.
    return [number if number - number == 0 else None for number in numbers]
