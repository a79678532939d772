# SPDX-License-Identifier: Apache-2.0
"""collectd's cache seen without its lock: the balanced tree it is kept in, read twice, and believed if it stood still.

The lock is what every thread that writes a value waits for; a walk over a hundred thousand entries, as collectd's own
functions do it, keeps them waiting for tens of milliseconds. Here nobody waits. Every node is read, and read again
after what hangs on it: a node that is taken out of the tree is freed, which overwrites it, and one that is moved
changes its links. So nodes that are the same both times were the tree in between.
"""

from __future__ import annotations

import ctypes
import os
import struct
from array import array
from collections.abc import Sequence
from ctypes import c_size_t, c_void_p
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, repeat, starmap, tee
from typing import Any

from collectd_mgr.extension.cache import uncollected
from collectd_mgr.extension.gather import AT_ONCE, Gather
from collectd_mgr.extension.values import type_of

#: c_avl_node_t: key, value, height, left, right, parent; in words.
_WORDS = 6
_NODE = 8 * _WORDS
_VALUE, _LEFT, _RIGHT = 1, 3, 4

#: c_avl_tree_t: root, compare, size.
_TREE = struct.Struct("QQi4x")

#: cache_entry_t begins with its name: six parts.
NAME_SIZE = 6 * 128
_USUAL_NAME = 192


class Changing(Exception):
    """The tree changed while it was read: to be tried again."""


@dataclass(frozen=True)
class Index:
    """What was in the cache, sorted by name. Nothing in here changes."""

    head: bytes
    names: list[bytes]
    nodes: array[int]
    seen: bytes
    entries: array[int]

    @cached_property
    def types(self) -> list[bytes]:
        """The type of each."""
        same: dict[bytes, bytes] = {}
        return [same.setdefault(type_, type_) for type_ in map(type_of, self.names)]


class Tree:
    """The tree at ``address``; any number of threads may read it."""

    def __init__(self, gather: Gather, address: int) -> None:
        self._gather = gather
        self._head = array("Q", [address])

    def index(self) -> Index:
        """Everything that is in it now.

        :raises Changing: it did not stand still
        """
        head = bytes(self._gather(self._head, _TREE.size))
        root, _, size = _TREE.unpack(head)
        nodes, seen = self._walk(root, size)
        entries = array("Q", _column(seen, _VALUE))
        names = self._names(entries)
        order = sorted(range(size), key=names.__getitem__)
        self._check_nodes(nodes, seen)
        sorted_nodes = array("Q", map(nodes.__getitem__, order))
        found = Index(
            head,
            list(map(names.__getitem__, order)),
            sorted_nodes,
            bytes(self._gather(sorted_nodes, _NODE)),
            array("Q", map(entries.__getitem__, order)),
        )
        if _column(found.seen, _VALUE) != found.entries.tolist() or not _rising(found.names):
            raise Changing
        self.check(found)
        return found

    def check(self, index: Index) -> None:
        """Pass if there are still as many entries, under the same root. :raises Changing:"""
        if self._gather(self._head, _TREE.size) != index.head:
            raise Changing

    def check_all(self, index: Index) -> None:
        """Pass if nothing came or went since. :raises Changing:"""
        self.check(index)
        self._check_nodes(index.nodes, index.seen)

    def check_some(self, index: Index, chosen: Sequence[int]) -> None:
        """Pass if these are as they were. :raises Changing:"""
        self._check_nodes(part(index.nodes, chosen), _seen_of(index.seen, chosen))

    def _check_nodes(self, nodes: array[int], seen: bytes) -> None:
        if self._gather(nodes, _NODE) != seen:
            raise Changing

    def _walk(self, root: int, size: int) -> tuple[array[int], bytes]:
        """The addresses of all nodes, and what is in them: level by level."""
        nodes, seen, level = array("Q"), [], array("Q", [root] if root else [])
        while level:
            nodes += level
            if len(nodes) > size:
                raise Changing
            seen.append(self._gather(level, _NODE))
            children = zip(_column(seen[-1], _LEFT), _column(seen[-1], _RIGHT))
            level = array("Q", filter(None, chain.from_iterable(children)))
        if len(nodes) != size:
            raise Changing
        return nodes, b"".join(seen)

    def _names(self, entries: array[int]) -> list[bytes]:
        names: list[bytes] = []
        for start in range(0, len(entries), AT_ONCE):
            some = entries[start : start + AT_ONCE]
            names += _texts(bytes(self._gather(some, _USUAL_NAME)), _USUAL_NAME)
        for place, name in enumerate(names):
            if len(name) == _USUAL_NAME:
                names[place] = _texts(bytes(self._gather(entries[place : place + 1], NAME_SIZE)), NAME_SIZE)[0]
        return names


def part(items: array[int], chosen: Sequence[int]) -> array[int]:
    """Those of ``items`` that are chosen by their places."""
    if isinstance(chosen, range):
        return items[chosen.start : chosen.stop]
    return array(items.typecode, map(items.__getitem__, chosen))


def _seen_of(seen: bytes, chosen: Sequence[int]) -> bytes:
    """The part of what was seen of all nodes that is about ``chosen``."""
    if isinstance(chosen, range):
        return seen[_NODE * chosen.start : _NODE * chosen.stop]
    return b"".join([seen[_NODE * place : _NODE * place + _NODE] for place in chosen])


def _column(seen: bytes | bytearray, word: int) -> list[int]:
    return memoryview(seen).cast("Q")[word::_WORDS].tolist()


def _texts(found: bytes, size: int) -> list[bytes]:
    """The C strings in fields of that size; a whole field where there is no end."""
    fields = [found[place : place + size] for place in range(0, len(found), size)]
    return [field.partition(b"\0")[0] for field in fields]


def _rising(names: list[bytes]) -> bool:
    return all(map(bytes.__lt__, names, islice(names, 1, None)))


def find(held: ctypes.PyDLL, read: Any) -> int:
    """The address of the tree: an iterator over it knows.

    Its making takes the lock of the cache, its end gives it back. What is between is one call of ``list``, where
    Python cannot give the GIL to another thread: two copies of a few bytes.

    :param held: collectd, called with the GIL held
    :param read: process_vm_readv, likewise
    """
    copy = held["memcpy"]
    copy.argtypes, copy.restype = (c_void_p, c_void_p, c_size_t), None
    inner, found = array("Q", [0, 16]), array("Q", [0, 0])
    here = array("Q", [found.buffer_info()[0], 16])
    there = inner.buffer_info()[0]
    made, last = tee(starmap(held.uc_get_iterator, ((),)))
    steps = chain(
        map(copy, repeat(there), made, repeat(8)),
        starmap(read, ((os.getpid(), here.buffer_info()[0], 1, there, 1, 0),)),
        map(held.uc_iterator_destroy, last),
    )
    with uncollected():
        list(steps)
    return found[0]
