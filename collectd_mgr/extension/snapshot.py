# SPDX-License-Identifier: Apache-2.0
"""The entries of collectd's cache read without its lock, and checked: see :mod:`.tree`."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from collectd_mgr.domain.columns import Packed
from collectd_mgr.extension.gather import AT_ONCE, Gather
from collectd_mgr.extension.latch import Latch
from collectd_mgr.extension.tree import NAME_SIZE, Changing, Index, Tree, part

#: Seconds for which no metric is looked for that came without the tree showing it in its root or its size.
_FRESH = 1.0

# What follows the name in cache_entry_t, in words: number of values, rates, values, time, last update, interval, then
# state and hits.
_RATES, _VALUES, _TIME, _INTERVAL, _STATE, _WORDS = 1, 2, 3, 5, 6, 7

#: How often one metric is read until nobody updates it meanwhile.
_TRIES = 20


class Snapshot:
    """What is in the cache, for one answer.

    :raises Changing: from every method: that is not so any more, and a new snapshot is needed
    """

    def __init__(self, gather: Gather, tree: Tree, index: Index, latch: Latch) -> None:
        self._gather = gather
        self._tree = tree
        self._index = index
        self._latch = latch
        #: Sorted. Everything else is asked for by places in it.
        self.names = index.names

    def states(self, chosen: Sequence[int]) -> bytes:
        """collectd's number for the state of each."""
        return _states(self._facts(chosen))

    def packed(self, chosen: Sequence[int], values: bool) -> Packed:
        """These metrics as they are now, with their values or without; all values of a metric are of one update."""
        read = self._whole if values else self._bare
        chunks = [chosen[start : start + AT_ONCE] for start in range(0, len(chosen), AT_ONCE)] or [chosen]
        packed = reduce(Packed.__add__, map(read, chunks))
        # Nothing of all that was freed since the index was made, or its node would have been as well.
        self._tree.check_some(self._index, chosen)
        return packed

    def _whole(self, chosen: Sequence[int]) -> Packed:
        """What was updated meanwhile is read again: by halves, for most of it was not."""
        for _ in range(1 if len(chosen) > 1 else _TRIES):
            facts = self._facts(chosen)
            packed = self._with_values(self._named(chosen, facts), facts, chosen)
            self._latch.pass_by()
            if self._facts(chosen) == facts:
                return packed
        half = len(chosen) // 2
        if not half:
            raise Changing
        return self._whole(chosen[:half]) + self._whole(chosen[half:])

    def _bare(self, chosen: Sequence[int]) -> Packed:
        return self._named(chosen, self._facts(chosen))

    def _named(self, chosen: Sequence[int], facts: bytearray) -> Packed:
        known = [self.names[place] for place in chosen]
        names = b"\0".join([*known, b""])
        sizes = array("Q", [len(name) + 1 for name in known])
        if self._gather.sized(part(self._index.entries, chosen), sizes) != names:  # The entries of other metrics.
            raise Changing
        words = memoryview(facts).cast("Q")
        return Packed(names, words[_TIME::_WORDS].tobytes(), words[_INTERVAL::_WORDS].tobytes(), _states(facts))

    def _facts(self, chosen: Sequence[int]) -> bytearray:
        """What each entry has behind its name."""
        places = array("Q", [entry + NAME_SIZE for entry in part(self._index.entries, chosen)])
        return self._gather(places, 8 * _WORDS)

    def _with_values(self, packed: Packed, facts: bytearray, chosen: Sequence[int]) -> Packed:
        words = memoryview(facts).cast("Q")
        numbers = words[::_WORDS].tolist()
        if not all(map(range(1, 256).__contains__, numbers)):
            raise Changing
        sizes = array("Q", [8 * number for number in numbers])
        values, rates = (
            self._gather.sized(array("Q", words[place::_WORDS].tolist()), sizes) for place in (_VALUES, _RATES)
        )
        types = [self._index.types[place] for place in chosen]
        return replace(packed, counts=bytes(numbers), values=bytes(values), rates=bytes(rates), types=types)


class Snapshots:
    """Gives snapshots of ``tree``; any number of threads may ask."""

    def __init__(self, gather: Gather, tree: Tree, latch: Latch) -> None:
        self._gather = gather
        self._tree = tree
        self._latch = latch
        self._lock = threading.Lock()
        self._known: tuple[float, Index | None] = (0.0, None)

    def __call__(self) -> Snapshot:
        """:raises Changing: metrics come and go faster than they can be read"""
        with self._lock:
            return Snapshot(self._gather, self._tree, self._index(), self._latch)

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


def _states(facts: bytearray) -> bytes:
    try:
        return bytes(memoryview(facts).cast("i")[2 * _STATE :: 2 * _WORDS].tolist())
    except ValueError as error:
        raise Changing from error
