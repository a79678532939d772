# SPDX-License-Identifier: Apache-2.0
"""A bounded queue on the disk, in order, with any number of readers that each remember how far they are.

It outlives the agent at once (a kill -9 loses nothing), and the machine up to the last :meth:`Spool.sync`.
When it is full, the oldest file goes, and each reader counts what it had not taken yet.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from collectd_mgr import disk
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher.cursor import Cursor
from collectd_mgr.publisher.segment import Entry, Segment

LOG = logging.getLogger(__name__)

#: Into how many files a full spool is divided: that part of it goes at once.
_PARTS = 16

#: The largest that is begun, in bytes: whoever looks for a place in a file passes over the lines before it.
_LARGEST = 4 * 1024 * 1024


class Spool:
    """Files below ``directory``, of ``limit`` bytes at most (a last batch may go over it); any thread may use it.

    :param lasting: no reader sees what a failing machine could take back: a number that somebody has seen is not given
        to another entry then
    """

    def __init__(self, directory: Path, limit: int, lasting: bool = False) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self.limit = max(limit, LEAST)
        self._lasting = lasting
        self._file = directory / "readers.json"
        self._came = threading.Condition()
        self._dirty = False
        self._segments = self._found() or [self._fresh()]
        self._cursors: dict[str, Cursor] = {}
        #: How far the readers of before were; None where that is not known any more.
        self._marks = _marks(self._file)
        taken = max((number for number, _ in (self._marks or {}).values()), default=0)
        if taken > self._segments[-1].last:
            # A machine that failed kept the mark and not the entry: its number is not given again.
            self._segments.append(Segment(self._path(taken + 1), taken + 1))
        #: After which entry a reader begins that was none before.
        self._start = self._segments[-1].last if self._marks else 0

    def _found(self) -> list[Segment]:
        paths = sorted(self._directory.glob("*.jsonl"))
        following = [*(int(path.stem) for path in paths[1:]), None]
        return [Segment.found(path, first) for path, first in zip(paths, following, strict=False)]

    def _fresh(self) -> Segment:
        """Numbers go on above all that were ever given, also when somebody took the directory away."""
        return Segment(self._path(first := time.time_ns() // 1000), first)

    def _path(self, first: int) -> Path:
        return self._directory / f"{first:020d}.jsonl"

    def resize(self, limit: int) -> None:
        """Have another limit, in bytes. What is over a smaller one goes now, but for a file, however large, that has no
        other full one behind it yet.
        """
        with self._came:
            self.limit = max(limit, LEAST)
            while self.size > self.limit and self.size - self._segments[0].size >= self._part:
                self._drop()

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows at the end: all of them, or none. :raises OSError: the disk is full"""
        with self._came:
            if self._segments[-1].size >= self._part or self._segments[-1].is_gone:
                self._roll()
            self._segments[-1].append(rows)
            self._dirty = True
            self._came.notify_all()

    @property
    def _part(self) -> int:
        """The bytes at which a file is full."""
        return min(self.limit // _PARTS, _LARGEST)

    def _roll(self) -> None:
        """Begin a new file, and take away what is done, or too much. The newest full one stays, for :meth:`last`."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._segments[-1].seal()
        self._segments.append(Segment(self._path(first := self._segments[-1].last + 1), first))
        while len(self._segments) > 2 and (self._taken(self._segments[0]) or self._full()):
            self._drop()
        self.mark()

    def _drop(self) -> None:
        gone = self._segments.pop(0)
        for cursor in self._cursors.values():
            cursor.lose(gone)
        gone.path.unlink(missing_ok=True)

    def expire(self, old: Callable[[Mapping[str, Any]], bool]) -> None:
        """Take away the files in which everything is old, as the last entry of each says."""
        with self._came:
            while self._segments[0].size and _is_old(self._segments[0], old):
                if len(self._segments) == 1:
                    self._segments.append(Segment(self._path(first := self._segments[-1].last + 1), first))
                self._drop()

    def entries(self, start: int, old: Callable[[Mapping[str, Any]], bool]) -> Iterator[Entry]:
        """Those from the number ``start`` on, the oldest first, as they are at this moment, one in memory at a time.

        Files in which everything is old, as the last entry of each says, are not read.
        """
        with self._came:
            segments = [(item, item.last) for item in self._segments if item.size and item.last >= start]
        for segment, last in segments:
            # One may have been dropped meanwhile.
            with contextlib.suppress(FileNotFoundError):
                if not _is_old(segment, old):
                    yield from _up_to(last, segment.entries(0, start=start))

    def _taken(self, segment: Segment) -> bool:
        """Whether every reader has it. Without readers it is a store, and keeps what it can."""
        cursors = self._cursors.values()
        return bool(cursors) and all(cursor.number >= segment.last for cursor in cursors)

    def _full(self) -> bool:
        return self.size > self.limit - self.limit // _PARTS

    def sync(self) -> bool:
        """Have everything on the disk; whether there was anything to do."""
        with self._came:
            if not self._dirty:
                return False
            self._segments[-1].sync()
            self._dirty = False
            return True

    def last(self) -> Entry | None:
        """The newest entry."""
        with self._came:
            for segment in reversed(self._segments):
                if (final := segment.final()) is not None:
                    return final
            return None

    def reader(self, name: str) -> Cursor:
        """Where the reader of this name was. One that was none before begins with the oldest entry, unless there were
        others, who were told long ago what is there: then behind what there was when this was made. Where nobody knows
        how far the readers were, all are told everything again."""
        with self._came:
            before = self._segments[0].first - 1
            number, dropped = (self._marks or {}).get(name, (self._start, 0))
            cursor = self._cursors[name] = Cursor(self, max(number, before), dropped)
            if self._marks is not None and name not in self._marks:
                # It begins there also when this agent is killed before anything was taken.
                self._try_to_mark()
            return cursor

    def forget(self, name: str) -> None:
        """There is no reader of this name any more."""
        with self._came:
            self._cursors.pop(name, None)
            if self._marks and self._marks.pop(name, None):
                self._try_to_mark()

    def peek(self, cursor: Cursor, limit: int) -> list[Entry]:
        """What ``cursor`` has not taken yet, the oldest first, at most ``limit``."""
        with self._came:
            if self._lasting:
                self.sync()
            return cursor.look(self._segments, limit)

    def wait(self, number: int, seconds: float) -> None:
        """Until there is an entry above ``number``, or the time is over."""
        with self._came:
            self._came.wait_for(lambda: self._segments[-1].last > number, seconds)

    def mark(self) -> None:
        """Write down how far the readers are. :raises OSError: the disk is full"""
        with self._came:
            now = {name: (cursor.number, cursor.dropped) for name, cursor in self._cursors.items()}
            marks = {**(self._marks or {}), **now}.items()
            text = json.dumps({name: {"number": number, "dropped": dropped} for name, (number, dropped) in marks})
            # Not synced, as often as it is written: some file systems leave an empty one when the machine fails.
            disk.replace(self._file, text, durably=False)

    def _try_to_mark(self) -> None:
        """An agent is to start on a full disk too."""
        try:
            self.mark()
        except OSError as error:
            LOG.warning("Who reads %s is not kept on the disk: %s", self._directory, error)

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(segment.size for segment in self._segments)

    def facts(self) -> dict[str, Any]:
        """``{"bytes", "limit", "readers": {name: {"waiting", "dropped"}}}``: entries that wait, and that were lost."""
        with self._came:
            last = self._segments[-1].last
            readers = {
                name: {"waiting": max(0, last - item.number), "dropped": item.dropped}
                for name, item in sorted(self._cursors.items())
            }
            return {"bytes": self.size, "limit": self.limit, "readers": readers}


def _marks(file: Path) -> dict[str, tuple[int, int]] | None:
    """As they were written last; None where they cannot be read."""
    try:
        marks = json.loads(file.read_text()).items()
        return {name: (int(mark["number"]), int(mark["dropped"])) for name, mark in marks}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        LOG.error("%s cannot be read, so all that is kept is told again: %s", file, error)
        return None


def _is_old(segment: Segment, old: Callable[[Mapping[str, Any]], bool]) -> bool:
    final = segment.final()
    return final is None or old(final.data)


def _up_to(last: int, entries: Iterator[Entry]) -> Iterator[Entry]:
    return itertools.takewhile(lambda entry: entry.number <= last, entries)
