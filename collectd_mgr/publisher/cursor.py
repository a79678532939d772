# SPDX-License-Identifier: Apache-2.0
"""How far one reader of a spool is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Protocol

from collectd_mgr.publisher.segment import Entry, Segment


class _Spool(Protocol):
    def peek(self, cursor: Cursor, limit: int) -> list[Entry]: ...

    def wait(self, number: int, seconds: float) -> None: ...

    def mark(self) -> None: ...


class Cursor:
    """Made by :meth:`collectd_mgr.publisher.spool.Spool.reader`; for one thread.

    ``number`` is that of the last entry that was taken; ``dropped`` counts those that the spool had to give up first.
    """

    def __init__(self, spool: _Spool, number: int, dropped: int) -> None:
        self._spool = spool
        self.number = number
        self.dropped = dropped
        #: The file that the next entry is in, by its first number, and the byte where it begins.
        self._place: tuple[int, int] | None = None
        self._file = 0

    def peek(self, limit: int) -> list[Entry]:
        """The next entries, without taking them."""
        return self._spool.peek(self, limit)

    def done(self, entries: Sequence[Entry]) -> None:
        """These are taken, for good."""
        self._place = (self._file, entries[-1].end)
        self.number = entries[-1].number
        self._spool.mark()

    def wait(self, seconds: float) -> None:
        """Until there is something to take, or the time is over."""
        self._spool.wait(self.number, seconds)

    def lose(self, segment: Segment) -> None:
        """A file goes, and what of it was not taken yet with it."""
        self.dropped += max(0, segment.last - max(self.number, segment.first - 1))
        self.number = max(self.number, segment.last)

    def look(self, segments: Sequence[Segment], limit: int) -> list[Entry]:
        """See :meth:`peek`; all entries are of one file."""
        for segment in segments:
            if segment.last > self.number:
                found = list(itertools.islice(self._from(segment), limit))
                if found:
                    return found
                # A machine that failed, or its disk, has lost the rest of the file.
                self.lose(segment)
        return []

    def _from(self, segment: Segment) -> Iterator[Entry]:
        number = max(self.number + 1, segment.first)
        if self._place is not None and self._place[0] == segment.first:
            return segment.entries(self._place[1], number)
        self._file = segment.first
        return segment.entries(0, start=number)
