# SPDX-License-Identifier: Apache-2.0
"""The metrics that were in collectd's cache and are gone: collectd forgets them, so the agent remembers."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from collectd_mgr import disk
from collectd_mgr.agent.moment import now
from collectd_mgr.domain.columns import Columns, Row
from collectd_mgr.domain.expression import Expression, encoded
from collectd_mgr.domain.metrics import MISSING
from collectd_mgr.domain.reads import Page, Query, mark, marked, matching

LOG = logging.getLogger(__name__)

#: So many are remembered, the latest that went (of what a restart took away all, at first), and for so many seconds.
LIMIT, KEPT = 10_000, 86_400.0

#: So old, in seconds, is a daemon that has read everything: of what a younger one lacks most comes again.
_FILLED = 120.0

#: Seconds between two times that they are written: all of them, up to two megabytes.
PAUSE = 60.0


@dataclass(frozen=True)
class Gone:
    """A metric that is not there, and ``since`` when: the first look that did not see it, in seconds since 1970."""

    id: str
    interval: float | None
    last_update: float
    since: float

    def row(self, values: bool) -> Row:
        known = {"id": self.id, "interval": self.interval, "last_update": self.last_update}
        return {**known, "state": MISSING, "missing_since": self.since, **({"values": []} if values else {})}

    def asked(self, query: Query, expression: Expression | None) -> bool:
        _, plugin, type_ = (part.partition("-")[0] for part in self.id.split("/", 2))
        fits = query.plugin in (None, plugin) and query.type in (None, type_)
        return fits and (expression is None or expression.matches(encoded(self.id)))


class Absent:
    """What one daemon's cache lacks, from one look to the next. Any thread may read; one looks.

    An agent that was started again knows of those that went before; what went while there was none nobody saw.

    :param path: a file for them, in which they are within :data:`PAUSE` seconds
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        boottime: Callable[[], float] = lambda: now().boottime,
    ) -> None:
        self._path = path
        self._clock = clock
        self._boottime = boottime
        self._before: Sequence[Page] = ()
        self._gone = {gone.id: gone for gone in disk.read(path, _understood, list[Gone]())}
        self._saved, self._saved_at = self._gone, 0.0

    def __len__(self) -> int:
        return len(self._gone)

    def look(self, pages: Sequence[Page], began: float | None = None) -> bool:
        """``pages`` are all that is in the cache now; whether these are other metrics than at the look before.

        :param began: when their daemon did, in seconds since the boot; ``None``: not known
        """
        others = _names(pages) != _names(self._before)
        if others:
            self._compare(pages)
        if len(self._gone) > LIMIT and (began is None or self._boottime() - began > _FILLED):
            self._gone = dict(list(self._gone.items())[-LIMIT:])
        self._before = [Page(_unread(page.rows)) for page in pages]
        if abs(self._clock() - self._saved_at) > PAUSE:
            self.save()
        return others

    def save(self) -> None:
        """Have them in the file, if they are others than there. Not synced: what a dying machine loses is no answer."""
        if self._gone is self._saved:
            return
        self._saved, self._saved_at = self._gone, self._clock()
        try:
            disk.replace(self._path, json.dumps([astuple(gone) for gone in self._saved.values()]), durably=False)
        except OSError as error:
            LOG.warning("The missing metrics are not kept on the disk: %s", error)

    def _compare(self, pages: Sequence[Page]) -> None:
        at, there = self._clock(), {row_id for page in pages for row_id in ids(page.rows)}
        went = [
            Gone(row["id"], row["interval"], row["last_update"], at)
            for page in self._before
            if not there.issuperset(ids(page.rows))
            for row in page.rows
            if row["id"] not in there
        ]
        kept = [gone for gone in self._gone.values() if gone.id not in there and at - gone.since < KEPT]
        if went or len(kept) < len(self._gone):
            self._gone = {gone.id: gone for gone in kept + went}

    def page(self, query: Query, values: bool, more: Sequence[Row] = ()) -> Page:
        """Those that ``query`` asks for, and ``more`` that collectd itself misses, in order of identifier.

        :raises BadRequest: ``match`` is not a regular expression
        """
        expression = None if query.match is None else matching(query.match)
        rows = {gone.id: gone.row(values) for gone in self._gone.values() if gone.asked(query, expression)}
        rows.update({row["id"]: row for row in more})
        after = marked(query.marker or "")
        found = [rows[name] for name in sorted(rows) if name > after]
        page = found[: query.limit]
        return Page(tuple(page), mark(page[-1]["id"]) if len(found) > len(page) else None)


def _understood(data: Iterable[Any]) -> list[Gone]:
    return [
        Gone(str(id), interval and float(interval), float(last), float(since)) for id, interval, last, since in data
    ]


def ids(rows: Sequence[Row]) -> Sequence[str]:
    return rows.names if isinstance(rows, Columns) else [str(row["id"]) for row in rows]


def _names(pages: Sequence[Page]) -> list[Any]:
    """Equal for pages of the same metrics: as they were sent, where they were sent packed."""
    return [page.rows.data["names"] if isinstance(page.rows, Columns) else ids(page.rows) for page in pages]


def _unread(rows: Sequence[Row]) -> Sequence[Row]:
    """The same without what was decoded of it, which is ten times as large."""
    return Columns(rows.data) if isinstance(rows, Columns) else rows


def times(rows: Sequence[Row]) -> Iterator[tuple[str, float]]:
    """Identifier and last update of each row."""
    if isinstance(rows, Columns):
        return zip(rows.names, rows.times, strict=True)
    return ((str(row["id"]), float(row["last_update"])) for row in rows)


def rate(rows: Sequence[Row]) -> float:
    """Samples per second of these, as far as their intervals are known."""
    found = rows.intervals if isinstance(rows, Columns) else [row["interval"] for row in rows]
    return sum(1 / interval for interval in found if interval)
