# SPDX-License-Identifier: Apache-2.0
"""collectd's cache: names, times, values, rates, intervals.

The lock of the cache is never held while the GIL changes hands. Each C function here takes the lock and gives it back
before it returns, and the one loop that must hold it (:meth:`Cache.intervals`) runs no bytecode.
"""

from __future__ import annotations

import ctypes
import gc
import math
import struct
from ctypes import byref, c_char_p, c_size_t, c_uint64, c_void_p
from itertools import chain, islice, repeat, starmap, tee
from typing import Any, Optional

from collectd_mgr.extension import abi

#: How the raw values of each kind are read from collectd's union.
_CODES = {"counter": "Q", "gauge": "d", "derive": "q", "absolute": "Q"}

Number = Optional[float]


class Type:
    """A data set: the names and kinds of its data sources, and how their values lie in memory."""

    def __init__(self, sources: list[tuple[str, str]]) -> None:
        self.sources = sources
        self.raw = struct.Struct("".join(_CODES[kind] for _, kind in sources))
        self.rates = struct.Struct("d" * len(sources))


class Cache:
    """Reads the cache; any number of threads may.

    ``library`` is called without the GIL, ``held`` (the same process) with it: the calls for one metric are so
    short that giving the GIL away around each costs more, and with another busy Python thread a thousand times more.
    """

    def __init__(self, library: ctypes.CDLL, held: ctypes.PyDLL) -> None:
        self._library = library
        abi.bind(held, abi.READING)
        self._rate = held["uc_get_rate_by_name"]
        self._value = held["uc_get_value_by_name"]
        for function in (self._rate, self._value):
            function.argtypes = (c_char_p, c_void_p, c_void_p)
        self._held = held
        self._free = held["free"]
        self._free.argtypes, self._free.restype = (c_void_p,), None
        self._bytes = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p)(("PyBytes_FromString", ctypes.pythonapi))
        self._types: dict[bytes, Type | None] = {}

    def names(self) -> tuple[list[bytes], list[int]]:
        """Every name, sorted by its bytes, and its last time as cdtime. Those that collectd misses are left out."""
        names, times, count = ctypes.POINTER(c_char_p)(), ctypes.POINTER(c_uint64)(), c_size_t()
        if self._library.uc_get_names(byref(names), byref(times), byref(count)) != 0 or not count.value:
            return [], []
        try:
            return names[: count.value], times[: count.value]
        finally:
            for address in ctypes.cast(names, ctypes.POINTER(c_void_p))[: count.value]:
                self._free(address)
            self._free(names)
            self._free(times)

    def size(self) -> int:
        """How many metrics the cache holds, with those that are missing."""
        return int(self._library.uc_get_size())

    def values(self, name: bytes) -> tuple[list[Number], list[Number]] | None:
        """Values and rates of one metric, per data source; None when it is gone or missing. NaN is None."""
        type_ = self.type(name)
        if type_ is None:
            return None
        raw = self._get(self._value, name, type_.raw)
        rates = self._get(self._rate, name, type_.rates)
        return None if raw is None or rates is None else (_finite(raw), _finite(rates))

    def _get(self, function: Any, name: bytes, layout: struct.Struct) -> tuple[float, ...] | None:
        address, count = c_void_p(), c_size_t()
        if function(name, byref(address), byref(count)) != 0:
            return None
        found = ctypes.string_at(address, 8 * count.value)
        self._free(address)
        return layout.unpack(found) if len(found) == layout.size else None

    def type(self, name: bytes) -> Type | None:
        """The data set of a metric, by its name; types never change while collectd runs."""
        key = name.split(b"/", 2)[2].partition(b"-")[0]
        if key not in self._types:
            self._types[key] = self._look_up(key)
        return self._types[key]

    def _look_up(self, type_: bytes) -> Type | None:
        found = self._library.plugin_get_ds(type_)
        if not found:
            return None
        sources = found.contents.sources[: found.contents.count]
        return Type([(source.name.decode(), abi.KINDS[source.type]) for source in sources])

    def intervals(self, limit: int) -> dict[bytes, float]:
        """Seconds between two values, by name, of at most ``limit`` metrics.

        Only collectd's iterator knows them, and it holds the lock of the cache from its making to its end. Between two
        bytecodes Python may give the GIL to a thread that wants that lock, or keeps it for long. So everything from
        the making to the end is one call of ``list``: iterators in C that call C, where the GIL cannot change hands.
        """
        found = (c_uint64 * limit)()
        slots = range(ctypes.addressof(found), ctypes.addressof(found) + ctypes.sizeof(found), 8)
        name = c_void_p(ctypes.cast(c_char_p(b""), c_void_p).value)
        made = chain.from_iterable(map(repeat, starmap(self._held.uc_get_iterator, ((),)), (limit,)))
        steps, again, last = tee(made, 3)
        walk = zip(
            map(self._held.uc_iterator_next, steps, repeat(byref(name))),
            map(self._bytes, repeat(name)),
            map(self._held.uc_iterator_get_interval, again, slots),
        )
        collecting = gc.isenabled()
        gc.disable()  # A finalizer would run bytecode.
        try:
            rows = list(chain(walk, map(self._held.uc_iterator_destroy, islice(last, 1))))
        finally:
            if collecting:
                gc.enable()
        return {row[1]: abi.interval(found[index]) for index, row in enumerate(rows[:-1]) if row[2] == 0}


def _finite(numbers: tuple[float, ...]) -> list[Number]:
    return [number if math.isfinite(number) else None for number in numbers]
