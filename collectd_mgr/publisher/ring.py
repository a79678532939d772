# SPDX-License-Identifier: Apache-2.0
"""Recent values of chosen metrics on the disk, whatever becomes of the bus and of collectd's write targets."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import ring
from collectd_mgr.domain.columns import Row
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.sections import Settings
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.publisher.watch import Watch

LOG = logging.getLogger(__name__)

#: Of a row of values.
_KEPT = ("id", "interval", "last_update", "state", "values")

#: Between two looks at whose time has come, in seconds.
_MOMENT = 0.5


class Ring:
    """:meth:`run` from one thread, the reads from any. Without settings nothing is kept, and what was kept goes."""

    def __init__(self, watch: Watch, spool: Spool, settings: Callable[[], Settings]) -> None:
        self._watch = watch
        self._spool = spool
        self._settings = settings

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set, whatever happens to the daemon or to the disk."""
        while not stop.wait(_MOMENT):
            try:
                self.round(time.monotonic())
            except Exception:
                LOG.exception("Values could not be kept.")

    def round(self, now: float) -> None:
        """Keep what is due at ``now``, and forget what is too old."""
        settings = self._settings()
        self._spool.resize(ring.size(settings))
        for name, _, rows in self._watch.look(now):
            if rows:
                kept = [{key: row.get(key) for key in _KEPT} for row in rows]
                newest = max(row["last_update"] for row in rows)
                self._spool.append([{"choice": name, "newest": newest, "rows": kept}])
        self._spool.expire(lambda entry: entry["newest"] < _oldest(settings, entry))

    def read(self, query: RingQuery) -> Page:
        """Values in the order in which they were kept. :raises BadRequest: for a marker that is none"""
        rows: list[Row] = []
        place: tuple[int, int] | None = None
        for here, row in self._after(query):
            if len(rows) == query.limit and place is not None:
                return Page(tuple(rows), f"{place[0]}.{place[1]}")
            rows.append(row)
            place = here
        return Page(tuple(rows))

    def rows(self, query: RingQuery) -> Iterator[Row]:
        """All of them, whatever the limit."""
        return (row for _, row in self._after(query))

    def _after(self, query: RingQuery) -> Iterator[tuple[tuple[int, int], Row]]:
        settings, after = self._settings(), _place(query.marker)
        for entry in self._spool.everything():
            since = max(query.since, _oldest(settings, entry.data))
            if entry.number < after[0] or entry.data["newest"] < since:
                continue
            for index, row in enumerate(entry.data["rows"]):
                if (entry.number, index) > after and row["last_update"] >= since and _wanted(row, query):
                    yield (entry.number, index), row

    def facts(self) -> dict[str, Any]:
        facts = self._spool.facts()
        return {"bytes": facts["bytes"], "limit": facts["limit"]}


def _oldest(settings: Settings, entry: Mapping[str, Any]) -> float:
    """The time before which values of this entry's choice are too old."""
    return time.time() - ring.age(settings, entry["choice"])


def _place(marker: str | None) -> tuple[int, int]:
    try:
        number, index = (marker or "0.-1").split(".")
        return int(number), int(index)
    except ValueError:
        raise exception.BadRequest(f"There is no row {marker!r} to go on after.", field="marker") from None


def _wanted(row: Row, query: RingQuery) -> bool:
    read = Identifier.parse(row["id"])
    return query.plugin in (None, read.plugin) and query.type in (None, read.type)
