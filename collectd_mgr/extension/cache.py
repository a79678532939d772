# SPDX-License-Identifier: Apache-2.0
"""Names, times and intervals out of collectd's cache, whose lock is never held while the GIL changes hands."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import time
from collections.abc import Iterator
from ctypes import byref, c_char_p, c_size_t, c_uint64, c_void_p
from itertools import chain, islice, repeat, starmap, tee

from collectd_mgr.extension import abi

#: More metrics than this are not walked over: the lock would be held for more than ten milliseconds.
WALKED = 10_000

#: Seconds that intervals are remembered. They hardly change, and to look keeps others from the cache for milliseconds.
FRESH = 1.0


class Cache:
    """Reads the cache; any number of threads may.

    :param library: called without the GIL
    :param held: the same process, called with the GIL held; its functions have their prototypes
    """

    def __init__(self, library: ctypes.CDLL, held: ctypes.PyDLL) -> None:
        self._library = library
        self._held = held
        self._intervals: tuple[float, dict[bytes, float]] = (-FRESH, {})
        #: Seconds that the longest call took which holds the lock: at least as long as it was held.
        self.longest = 0.0
        self._bytes = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p)(("PyBytes_FromString", ctypes.pythonapi))

    def names(self) -> tuple[list[bytes], list[int]]:
        """Every name, sorted by its bytes, and its last time as cdtime. Those that collectd misses are left out."""
        names, times, count = ctypes.POINTER(c_char_p)(), ctypes.POINTER(c_uint64)(), c_size_t()
        with self.timed():
            status = self._library.uc_get_names(byref(names), byref(times), byref(count))
        if status != 0 or not count.value:
            return [], []
        try:
            return names[: count.value], times[: count.value]
        finally:
            self._library.strarray_free(names, count)
            self._library.free(times)

    def intervals(self, names: list[bytes]) -> list[float | None]:
        """Seconds between two values of each metric, as they were a second ago at most; None where it is not known."""
        if len(names) > WALKED or self._library.uc_get_size() > WALKED:
            return [None] * len(names)
        walked, known = self._intervals
        if time.monotonic() - walked > FRESH or not known.keys() >= set(names):
            self._intervals = time.monotonic(), self._walk()
        return list(map(self._intervals[1].get, names))

    def _walk(self) -> dict[bytes, float]:
        """Every interval, by the name of the metric.

        Only collectd's iterator knows them, and it holds the lock of the cache from its making to its end. Between two
        bytecodes Python may give the GIL to a thread that wants that lock, or keeps it for long. So everything from
        the making to the end is one call of ``list``: iterators in C that call C, where the GIL cannot change hands.
        """
        limit = self._library.uc_get_size() + 64  # Some may be added before the iterator has the lock.
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
        with uncollected(), self.timed():
            rows = list(chain(walk, map(self._held.uc_iterator_destroy, islice(last, 1))))
        seconds = {cdtime: abi.interval(cdtime) for cdtime in set(found)}
        return {name: seconds[cdtime] for (_, name, status), cdtime in zip(rows[:-1], found) if status == 0}

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """What is done inside may hold the lock for as long as it takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.longest = max(self.longest, time.monotonic() - began)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: a finalizer would run bytecode."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
