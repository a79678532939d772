# SPDX-License-Identifier: Apache-2.0
"""The entries of collectd's cache read without its lock, and checked: see :mod:`.tree`."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import replace

from collectd_mgr.domain.columns import Packed
from collectd_mgr.extension.gather import Gather
from collectd_mgr.extension.tree import NAME_SIZE, Changing, Index, Tree, part

#: Seconds for which no metric is looked for that came without the tree showing it in its root or its size.
_FRESH = 1.0

# cache_entry_t after its name: number of values, rates, values, time, last update, interval, then state and hits.
_WORDS = 7
_TAIL = 8 * _WORDS
_NUMBER, _RATES, _VALUES, _TIME, _INTERVAL = 0, 1, 2, 3, 5
_STATE = 12  # In words of 32 bits.


class Snapshot:
    """What is in the cache, for one answer.

    :raises Changing: from every method: that is not so any more, and a new snapshot is needed
    """

    def __init__(self, gather: Gather, tree: Tree, index: Index) -> None:
        self._gather = gather
        self._tree = tree
        self._index = index
        #: Sorted. Everything else is asked for by places in it.
        self.names = index.names

    def states(self, chosen: Sequence[int]) -> bytes:
        """collectd's number for the state of each."""
        return _states(self._tails(chosen))

    def packed(self, chosen: Sequence[int], values: bool) -> Packed:
        """These metrics as they are now, with their values or without."""
        self._tree.check_some(self._index, chosen)
        names = self._names(chosen)
        tails = self._tails(chosen)
        words = memoryview(tails).cast("Q")
        rows = Packed(names, words[_TIME::_WORDS].tobytes(), words[_INTERVAL::_WORDS].tobytes(), _states(tails))
        if values:
            types = [self._index.types[place] for place in chosen]
            rows = self._with_values(rows, words, types)
        # Nothing of all that was freed meanwhile, or its node would have been as well.
        self._tree.check_some(self._index, chosen)
        return rows

    def _names(self, chosen: Sequence[int]) -> bytes:
        """They are in the entries too, so these are still the entries of those metrics."""
        names = [self.names[place] for place in chosen]
        known = b"\0".join([*names, b""])
        sizes = array("Q", [len(name) + 1 for name in names])
        if self._gather.sized(part(self._index.entries, chosen), sizes) != known:
            raise Changing
        return known

    def _tails(self, chosen: Sequence[int]) -> bytes:
        entries = part(self._index.entries, chosen)
        return self._gather(array("Q", [entry + NAME_SIZE for entry in entries]), _TAIL)

    def _with_values(self, rows: Packed, words: memoryview, types: list[bytes]) -> Packed:
        numbers = words[_NUMBER::_WORDS].tolist()
        if not all(0 < number < 256 for number in numbers):
            raise Changing
        sizes = array("Q", [8 * number for number in numbers])
        values, rates = (
            self._gather.sized(array("Q", words[place::_WORDS].tolist()), sizes) for place in (_VALUES, _RATES)
        )
        return replace(rows, counts=bytes(numbers), values=values, rates=rates, types=types)


class Snapshots:
    """Gives snapshots of ``tree``; any number of threads may ask."""

    def __init__(self, gather: Gather, tree: Tree) -> None:
        self._gather = gather
        self._tree = tree
        self._lock = threading.Lock()
        self._known: tuple[float, Index | None] = (0.0, None)

    def __call__(self) -> Snapshot:
        """:raises Changing: metrics come and go faster than they can be read"""
        with self._lock:
            return Snapshot(self._gather, self._tree, self._index())

    def _index(self) -> Index:
        looked, index = self._known
        now = time.monotonic()
        if index is None or not self._still(index, now - looked > _FRESH):
            index = self._tree.index()
        elif now - looked <= _FRESH:
            return index
        self._known = now, index
        return index

    def _still(self, index: Index, thoroughly: bool) -> bool:
        try:
            (self._tree.check_all if thoroughly else self._tree.check)(index)
        except Changing:
            return False
        return True


def _states(tails: bytes) -> bytes:
    try:
        return bytes(memoryview(tails).cast("i")[_STATE :: 2 * _WORDS].tolist())
    except ValueError as error:
        raise Changing from error
