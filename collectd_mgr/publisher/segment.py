# SPDX-License-Identifier: Apache-2.0
"""One file of a spool: entries as lines of JSON, consecutively numbered."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from collectd_mgr import disk

#: How a line ends, and one that more of its batch follows: JSON says nothing of spaces.
_END = b"\n"
_MORE = b" \n"

#: What is read at once from the end of a file, in bytes.
_BLOCK = 16 * 1024


@dataclass(frozen=True)
class Entry:
    """``number`` is one above that of the entry before it, over all files; ``end`` is where it ends in its own."""

    number: int
    data: Mapping[str, Any]
    end: int = 0


@dataclass
class Segment:
    """The file holds the entries ``first`` to ``last``; ``last`` is below ``first`` when it is empty."""

    path: Path
    first: int
    last: int = field(init=False)
    size: int = field(init=False, default=0)
    #: Whether the directory may not have it on the disk.
    _new: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        self.last = self.first - 1

    @classmethod
    def found(cls, path: Path, following: int | None = None) -> Segment:
        """The segment of a file that is there. A batch that was cut short at its end goes, whole: a kill -9 ends a
        write between two pages, and whoever has the rest would take it for known.

        :param following: the first number of the file after it: then it was sealed, and is not read
        """
        segment = cls(path, int(path.stem))
        if following is not None:
            segment.last, segment.size = following - 1, path.stat().st_size
            return segment
        for entry, whole in segment._lines(0, segment.first):
            if whole:
                segment.last, segment.size = entry.number, entry.end
        os.truncate(path, segment.size)
        return segment

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """In the file when this returns, which outlives this process; on the disk after :meth:`sync`."""
        lines = _MORE.join(json.dumps(row, separators=(",", ":")).encode() for row in rows) + _END
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb", buffering=0) as file:
            # In the place of what a full disk may have left of an earlier try.
            file.truncate(self.size)
            file.seek(self.size)
            written = file.write(lines)
            if written != len(lines):
                raise OSError(f"{self.path}: only {written} of {len(lines)} bytes could be written")
        self.size += len(lines)
        self.last += len(rows)

    @property
    def is_gone(self) -> bool:
        """Whether somebody has taken its file away, or emptied it: who wants room on a disk may do that."""
        try:
            return self.path.stat().st_size < self.size
        except FileNotFoundError:
            return bool(self.size)

    def seal(self) -> None:
        """Nothing comes after what is in it: on the disk, and without what a full disk may have left behind it."""
        if self.size and not self.is_gone:
            os.truncate(self.path, self.size)
            self.sync()

    def sync(self) -> None:
        if self.is_gone:
            return
        disk.sync(self.path)
        if self._new:
            disk.sync(self.path.parent)
            self._new = False

    def final(self) -> Entry | None:
        """The last entry that can be read, from the end of the file alone; None for a segment that has none."""
        if not self.size or self.is_gone:
            return None
        with self.path.open("rb") as file:
            data = _read(_last_line(file, self.size))
        if data is not None:
            return Entry(self.last, data, self.size)
        return next(iter(deque(self.entries(0), maxlen=1)), None)

    def entries(self, offset: int, number: int | None = None, start: int = 0) -> Iterator[Entry]:
        """From the byte ``offset`` on, where entry ``number`` begins (the first, if it is not given).

        Those before ``start`` are passed over unread. What a full disk has left behind the last one is none.
        """
        for entry, _ in self._lines(offset, self.first if number is None else number, start):
            if entry.number > self.last:
                return
            yield entry

    def _lines(self, offset: int, number: int, start: int = 0) -> Iterator[tuple[Entry, bool]]:
        """Whatever is in the file, each with whether its batch ends with it; nothing of one that is gone."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(offset)
            for here, line in enumerate(file, number):
                offset += len(line)
                if here < start:
                    continue
                data = _read(line)
                if data is None:
                    return
                yield Entry(here, data, offset), not line.endswith(_MORE)


def _last_line(file: BinaryIO, end: int) -> bytes:
    """The line that ends at the byte ``end``."""
    found = b""
    while end and found.count(b"\n") < 2:
        step = min(_BLOCK, end)
        end -= step
        file.seek(end)
        found = file.read(step) + found
    return found[found.rfind(b"\n", 0, -1) + 1 :]


def _read(line: bytes) -> Mapping[str, Any] | None:
    try:
        data = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
