# SPDX-License-Identifier: Apache-2.0
"""collectd's own tree of thresholds: read, proven to be what is known, and exchanged."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from collectd_mgr import exception
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.metrics import shown
from collectd_mgr.domain.thresholds import PLUGIN
from collectd_mgr.extension import lookup, threshold
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.feed import Feed
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.memory import Memory, Unreadable
from collectd_mgr.extension.threshold import RECORD, ROOM, Record

_MOST = 1_000_000


class Unknown(Exception):
    """The tree is not what the known versions have."""


class Judges:
    """The tree in the variable ``threshold_tree``."""

    def __init__(self, library: ctypes.CDLL, memory: Memory, gate: Gate, feed: Feed, arena: Arena) -> None:
        self._library = library
        self._memory = memory
        self._gate = gate
        self._feed = feed
        self._arena = arena
        self._writer: lookup.Writer | None = None
        #: Whether collectd has thresholds only since :meth:`ready` gave it the first.
        self.begun = False
        # Holding the GIL: nobody who has the lock ever waits for that, and it is held for one store.
        self._held = ctypes.PyDLL(None)
        library.malloc_usable_size.argtypes, library.malloc_usable_size.restype = (ctypes.c_void_p,), ctypes.c_size_t

    def loaded(self) -> bool:
        """Whether the plugin is there, and has thresholds."""
        return bool(self._slot().value)

    def check(self) -> None:
        """:raises LiveOff, Busy: nothing may be changed now"""
        self._gate.check()

    def ready(self, block: tuple[Item, ...]) -> None:
        """Have collectd judge at all: the plugin loaded, and its callbacks registered by a first threshold.

        It registers them when it finds no threshold yet: it appends them to lists that others may walk meanwhile.

        :raises PluginNotLoadable, LiveRefused, ConfigRejected: it cannot be had
        """
        self._gate.check()
        if self.loaded():
            return
        self._feed.open(PLUGIN)
        self._feed.take("a threshold", block)
        if not self.loaded():
            raise exception.ConfigRejected("collectd has no threshold, though it took one.", messages=[])
        self.begun = True

    def read(self) -> dict[str, tuple[int, list[Record]]]:
        """Every list of thresholds by its key, with its address.

        :raises Unknown: it does not lie as is known
        """
        head = self._slot().value
        if not head:
            return {}
        try:
            root, _, size = lookup.TREE.unpack(self._memory.read(head, lookup.TREE.size))
            found = dict(self._nodes(root))
        except (Unreadable, UnicodeError) as error:
            raise Unknown(str(error)) from error
        if len(found) != size:
            raise Unknown(f"{len(found)} nodes where {size} should be")
        for key, (address, records) in found.items():
            self._prove(head, key, address, records)
        self._prove_size([address for address, _ in found.values()])
        return found

    def _nodes(self, node: int) -> Iterator[tuple[str, tuple[int, list[Record]]]]:
        waiting = [node]
        for _ in range(_MOST):
            if not waiting:
                return
            address = waiting.pop()
            if not address:
                continue
            key, value, _, left, right, _ = lookup.NODE.unpack(self._memory.read(address, lookup.NODE.size))
            yield self._memory.text(key), (value, threshold.read(self._memory, value))
            waiting += [left, right]
        raise Unknown("no end of nodes")

    def _prove(self, head: int, key: str, address: int, records: list[Record]) -> None:
        """collectd finds it under its key, by its own parts."""
        if self._get(head, key) != address or any(threshold.key(record) != key for record in records):
            raise Unknown(f"another threshold than expected under {shown(key)}")

    def _prove_size(self, addresses: list[int]) -> None:
        """They are as large as they should be, to what libc may have given away with them."""
        if not all(0 <= self._library.malloc_usable_size(address) - RECORD.size <= ROOM for address in addresses):
            raise Unknown("a threshold of another size")

    def install(self, tree: lookup.Tree) -> None:
        """Store it, in one write; collectd sees the old one or this one."""
        wanted = dict(lookup.entries(tree))
        head = self._write(tree, len(wanted))
        for key, value in wanted.items():
            if self._get(head, key) != value:
                raise exception.LiveRefused(
                    "collectd does not find in a tree what was put there.", reason_code="unknown_layout", plugin=PLUGIN
                )
        lock = ctypes.addressof(ctypes.c_char.in_dll(self._library, "threshold_lock"))
        # A lookup asks the tree up to twelve times under this lock, and all twelve are to see the same one.
        self._held.pthread_mutex_lock(ctypes.c_void_p(lock))
        try:
            self._slot().value = head
        finally:
            self._held.pthread_mutex_unlock(ctypes.c_void_p(lock))

    def _write(self, tree: lookup.Tree, size: int) -> int:
        if self._writer is None:
            compare = lookup.TREE.unpack(self._memory.read(self._slot().value or 0, lookup.TREE.size))[1]
            self._writer = lookup.Writer(self._arena, compare)
        return self._writer.write(tree, size)

    def _get(self, head: int, key: str) -> int | None:
        value = ctypes.c_void_p()
        status = self._library.c_avl_get(head, key.encode("utf-8", "surrogateescape"), ctypes.byref(value))
        return value.value if status == 0 else None

    def _slot(self) -> ctypes.c_void_p:
        return ctypes.c_void_p.in_dll(self._library, "threshold_tree")
