# SPDX-License-Identifier: Apache-2.0
"""The entries of collectd's cache read without its lock, and checked: see :mod:`.tree`."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from collectd_mgr.domain.columns import Packed
from collectd_mgr.extension.gather import AT_ONCE, Gather
from collectd_mgr.extension.tree import NAME_SIZE, Changing, Index, Tree, part

#: Seconds for which no metric is looked for that came without the tree showing it in its root or its size.
_FRESH = 1.0

# cache_entry_t: its name, number of values, rates, values, time, last update, interval, then state and hits; in words.
_NUMBER = NAME_SIZE // 8
_RATES, _VALUES, _TIME, _INTERVAL, _STATE = (_NUMBER + place for place in (1, 2, 3, 5, 6))
_WORDS = _NUMBER + 7
_ENTRY = 8 * _WORDS


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
        return _states(self._entries(chosen))

    def packed(self, chosen: Sequence[int], values: bool) -> Packed:
        """These metrics as they are now, with their values or without."""
        chunks = [chosen[start : start + AT_ONCE] for start in range(0, len(chosen), AT_ONCE)] or [chosen]
        packed = reduce(Packed.__add__, [self._chunk(chunk, values) for chunk in chunks])
        # Nothing of all that was freed since the index was made, or its node would have been as well.
        self._tree.check_some(self._index, chosen)
        return packed

    def _chunk(self, chosen: Sequence[int], values: bool) -> Packed:
        entries = self._entries(chosen)
        known = [self.names[place] for place in chosen]
        names = b"\0".join([*known, b""])
        if _names(entries, known) != names:  # These are the entries of other metrics.
            raise Changing
        words = memoryview(entries).cast("Q")
        packed = Packed(names, words[_TIME::_WORDS].tobytes(), words[_INTERVAL::_WORDS].tobytes(), _states(entries))
        return self._with_values(packed, words, [self._index.types[place] for place in chosen]) if values else packed

    def _entries(self, chosen: Sequence[int]) -> bytearray:
        return self._gather(part(self._index.entries, chosen), _ENTRY)

    def _with_values(self, packed: Packed, words: memoryview, types: list[bytes]) -> Packed:
        numbers = words[_NUMBER::_WORDS].tolist()
        if not all(map(range(1, 256).__contains__, numbers)):
            raise Changing
        sizes = array("Q", [8 * number for number in numbers])
        values, rates = (
            self._gather.sized(array("Q", words[place::_WORDS].tolist()), sizes) for place in (_VALUES, _RATES)
        )
        return replace(packed, counts=bytes(numbers), values=bytes(values), rates=bytes(rates), types=types)


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


def _states(entries: bytearray) -> bytes:
    try:
        return bytes(memoryview(entries).cast("i")[2 * _STATE :: 2 * _WORDS].tolist())
    except ValueError as error:
        raise Changing from error


def _names(entries: bytearray, names: Iterable[bytes]) -> bytes:
    """The beginnings of the entries, each as long as one of ``names`` with its end."""
    starts = range(0, len(entries), _ENTRY)
    return b"".join([entries[start : start + len(name) + 1] for start, name in zip(starts, names)])
