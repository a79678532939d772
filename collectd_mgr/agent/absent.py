# SPDX-License-Identifier: Apache-2.0
"""The metrics that were in collectd's cache and are gone: collectd forgets them, so the agent remembers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectd_mgr.domain.columns import Columns, Row
from collectd_mgr.domain.expression import Expression, encoded
from collectd_mgr.domain.metrics import MISSING
from collectd_mgr.domain.reads import Page, Query, matching

#: So many are remembered, the latest that went, and for so many seconds.
LIMIT, KEPT = 10_000, 86_400.0


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

    Kept in memory only: an agent that was started again has seen nothing go.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._before: Sequence[Page] = ()
        self._gone: Mapping[str, Gone] = {}
        #: How many were dropped because there were too many.
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._gone)

    def look(self, pages: Sequence[Page]) -> None:
        """``pages`` are all that is in the cache now."""
        if self._before and _names(pages) != _names(self._before):
            self._compare(pages)
        self._before = [Page(_unread(page.rows)) for page in pages]

    def _compare(self, pages: Sequence[Page]) -> None:
        now, there = self._clock(), {row_id for page in pages for row_id in ids(page.rows)}
        went = [
            Gone(row["id"], row["interval"], row["last_update"], now)
            for page in self._before
            if not there.issuperset(ids(page.rows))
            for row in page.rows
            if row["id"] not in there
        ]
        kept = [gone for gone in self._gone.values() if gone.id not in there and now - gone.since < KEPT]
        left = (kept + went)[-LIMIT:]
        self.forgotten += len(kept) + len(went) - len(left)
        self._gone = {gone.id: gone for gone in left}

    def page(self, query: Query, values: bool, more: Sequence[Row] = ()) -> Page:
        """Those that ``query`` asks for, and ``more`` that collectd itself misses, in order of identifier.

        :raises BadRequest: ``match`` is not a regular expression
        """
        expression = None if query.match is None else matching(query.match)
        rows = {gone.id: gone.row(values) for gone in self._gone.values() if gone.asked(query, expression)}
        rows.update({row["id"]: row for row in more})
        found = [rows[name] for name in sorted(rows) if name > (query.marker or "")]
        page = found[: query.limit]
        return Page(tuple(page), page[-1]["id"] if len(found) > len(page) else None)


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
