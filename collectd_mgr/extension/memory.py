# SPDX-License-Identifier: Apache-2.0
"""This process's own memory, read in a way that cannot crash it.

collectd keeps its lists of callbacks in static variables that it does not export. They are read
here through /proc/self/mem: an address that is wrong gives an error, never a signal.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

_WORD = struct.Struct("Q")


class Unreadable(Exception):
    """Nothing is mapped at the address, or it holds something else than was expected."""


@dataclass(frozen=True)
class Mapping:
    """One line of /proc/self/maps."""

    start: int
    end: int
    writable: bool
    path: str

    @property
    def deleted(self) -> bool:
        return self.path.endswith(" (deleted)")


def files(prefix: str = "/") -> set[str]:
    """The paths of the files that are mapped here and begin with ``prefix``; every operation looks, so it is quick."""
    with open("/proc/self/maps", "rb") as file:
        lines = file.read().split(b"\n")
    wanted = b" " + os.fsencode(prefix)
    return {os.fsdecode(line[line.index(wanted) + 1 :]) for line in lines if wanted in line}


def mappings() -> list[Mapping]:
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:
        return [_mapping(line) for line in lines]


def _mapping(line: str) -> Mapping:
    fields = line.rstrip("\n").split(maxsplit=5)
    start, end = (int(address, 16) for address in fields[0].split("-"))
    return Mapping(start, end, "w" in fields[1], fields[5] if len(fields) > 5 else "")


def statics() -> list[Mapping]:
    """The writable data of collectd's own binary: the mapped part, and the .bss right behind it."""
    own = os.readlink("/proc/self/exe")
    found: list[Mapping] = []
    for mapping in mappings():
        behind = bool(found) and not mapping.path and mapping.start == found[-1].end
        if mapping.writable and (mapping.path == own or behind):
            found.append(mapping)
    return found


class Memory:
    """Reads memory of this process; every method raises :class:`Unreadable` instead of crashing."""

    def __init__(self) -> None:
        self._file = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)

    def read(self, address: int, size: int) -> bytes:
        try:
            found = os.pread(self._file, size, address)
        except (OSError, OverflowError) as error:
            raise Unreadable(hex(address)) from error
        if len(found) < size:
            raise Unreadable(hex(address))
        return found

    def word(self, address: int) -> int:
        return int(_WORD.unpack(self.read(address, _WORD.size))[0])

    def words(self, mapping: Mapping) -> list[int]:
        data = self.read(mapping.start, mapping.end - mapping.start)
        return [word for (word,) in _WORD.iter_unpack(data)]

    def text(self, address: int, limit: int = 1024) -> str:
        """The C string at ``address``."""
        size = min(limit, 4096 - address % 4096)
        found = self.read(address, size)
        if b"\0" not in found and size < limit:
            found += self.read(address + size, limit - size)
        text, end, _ = found.partition(b"\0")
        if not end:
            raise Unreadable(hex(address))
        return text.decode("utf-8", "surrogateescape")
