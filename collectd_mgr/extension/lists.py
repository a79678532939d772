# SPDX-License-Identifier: Apache-2.0
"""collectd's lists of callbacks: what is registered now, as the daemon itself has it.

plugin.c keeps them in ``static llist_t *`` variables (utils_llist.h: head, tail, size; an entry is key,
value, next). A list is found by an entry of our own in it, so nothing about the binary is guessed: when no list has
the entry, the layout is not the known one and the caller turns live off.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from collectd_mgr.extension.memory import Mapping, Memory, Unreadable

_LIST = struct.Struct("QQi")
_ENTRY = struct.Struct("QQQ")

#: A list longer than this is not one.
_LONGEST = 100_000

#: A list that changes while it is walked is walked again, this many times at most.
_ATTEMPTS = 50


@dataclass(frozen=True)
class Entry:
    """A registered callback: its name, and the address of collectd's structure for it."""

    key: str
    value: int


class NotFound(Exception):
    """No list of collectd's holds the entry that was looked for."""


class Lists:
    """Finds and walks the lists in ``statics``, the writable data of collectd's binary."""

    def __init__(self, memory: Memory, statics: list[Mapping]) -> None:
        self._memory = memory
        self._statics = statics

    def find(self, key: str) -> int:
        """The address of the variable whose list has an entry named ``key``.

        :raises NotFound: there is none
        """
        for slot, entries in self.all():
            if any(entry.key == key for entry in entries):
                return slot
        raise NotFound(f"no list of collectd's has an entry named {key}")

    def all(self) -> Iterator[tuple[int, list[Entry]]]:
        """Every list that is not empty: the address of its variable, and its entries."""
        seen: dict[int, list[Entry]] = {}
        for mapping in self._statics:
            for index, word in enumerate(self._memory.words(mapping)):
                slot = mapping.start + 8 * index
                if word < 4096 or word % 8 or any(static.start <= word < static.end for static in self._statics):
                    continue
                entries = self._plausible(slot)
                if entries and word not in seen:
                    seen[word] = entries
                    yield slot, entries

    def entries(self, slot: int) -> list[Entry]:
        """The entries of the list in the variable at ``slot``; none when there is no list.

        :raises Unreadable: it kept changing, or is no list any more
        """
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(Unreadable):
                return self._walk(slot)
        raise Unreadable(f"the list at {slot:#x}")

    def _plausible(self, slot: int) -> list[Entry]:
        try:
            return self._walk(slot)
        except Unreadable:
            return []

    def _walk(self, slot: int) -> list[Entry]:
        address = self._memory.word(slot)
        if not address:
            return []
        before = self._memory.read(address, _LIST.size)
        head, tail, size = _LIST.unpack(before)
        if not 0 <= size <= _LONGEST:
            raise Unreadable(hex(address))
        entries = list(self._chain(head, tail, size))
        # Read twice: a list that somebody changed meanwhile may have been seen half changed.
        if self._memory.read(address, _LIST.size) != before:
            raise Unreadable(hex(address))
        return entries

    def _chain(self, head: int, tail: int, size: int) -> Iterator[Entry]:
        address, last = head, 0
        for _ in range(size):
            key, value, following = _ENTRY.unpack(self._memory.read(address, _ENTRY.size))
            yield Entry(self._memory.text(key, 512), value)
            address, last = following, address
        if address or (size and last != tail):
            raise Unreadable(hex(head))
