# SPDX-License-Identifier: Apache-2.0
"""Answers about metrics: filtered, in pages, column by column."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Callable, Optional

from collectd_mgr.extension.abi import from_cdtime
from collectd_mgr.extension.pattern import Pattern
from collectd_mgr.extension.values import Cache

#: More metrics than this in one answer only in pages.
LIMIT = 100_000

_Page = tuple[list[bytes], list[int], Optional[str]]


class Metrics:
    """Lists of metrics and their values, sorted by the bytes of their names.

    Filters: ``plugin`` and ``type`` (the name, exactly), ``match`` (a regular expression as collectd's own, see
    :class:`.pattern.Pattern`). Pages: ``limit`` metrics after ``marker``; the answer's ``marker`` is the one for the
    next page, or None. A metric that collectd misses at the moment is not there.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def listing(self, **filters: Any) -> dict[str, Any]:
        """Columns ``names``, ``times`` (seconds since the epoch), ``intervals`` (seconds, None if unknown)."""
        names, times, marker = self._page(**filters)
        return {
            "names": _decode(names),
            "times": [from_cdtime(time) for time in times],
            "intervals": self._intervals(names),
            "marker": marker,
        }

    def _intervals(self, names: list[bytes]) -> list[float | None]:
        intervals = self._cache.intervals(self._cache.size() + 64) if names else {}
        return [intervals.get(name) for name in names]

    def values(self, **filters: Any) -> dict[str, Any]:
        """The columns of :meth:`listing`, and ``types``, ``values`` and ``rates``: a list per metric, one number per
        data source, None for NaN. ``sources`` has per type its data sources, [name, kind] each; a kind is gauge,
        derive, counter or absolute.
        """
        names, times, marker = self._page(**filters)
        rows = [
            (name.decode("utf-8", "replace"), from_cdtime(time), interval, *found)
            for name, time, interval, found in zip(names, times, self._intervals(names), map(self._cache.values, names))
            if found is not None
        ]
        kinds = [_type(name) for name, *_ in rows]
        return {
            "names": [row[0] for row in rows],
            "times": [row[1] for row in rows],
            "intervals": [row[2] for row in rows],
            "types": kinds,
            "values": [row[3] for row in rows],
            "rates": [row[4] for row in rows],
            "sources": {kind: self._sources(kind) for kind in set(kinds)},
            "marker": marker,
        }

    def _sources(self, kind: str) -> list[tuple[str, str]]:
        found = self._cache.type(b"//" + kind.encode())
        return found.sources if found else []

    def _page(
        self,
        plugin: str | None = None,
        type: str | None = None,
        match: str | None = None,
        limit: int | None = None,
        marker: str | None = None,
    ) -> _Page:
        names, times = self._cache.names()
        keep = _filter(plugin, type, match)
        start = bisect_right(names, marker.encode()) if marker else 0
        limit = LIMIT if limit is None else min(limit, LIMIT)
        chosen: list[bytes] = []
        when: list[int] = []
        for index in range(start, len(names)):
            if not keep(names[index]):
                continue
            if len(chosen) == limit:
                return chosen, when, chosen[-1].decode("utf-8", "surrogateescape")
            chosen.append(names[index])
            when.append(times[index])
        return chosen, when, None


def _filter(plugin: str | None, kind: str | None, match: str | None) -> Callable[[bytes], bool]:
    pattern = Pattern(match) if match is not None else None
    wanted = [(place, text.encode()) for place, text in ((1, plugin), (2, kind)) if text is not None]

    def keep(name: bytes) -> bool:
        parts = name.split(b"/", 2)
        if any(parts[place].partition(b"-")[0] != text for place, text in wanted):
            return False
        return pattern is None or pattern.matches(name)

    return keep


def _decode(names: list[bytes]) -> list[str]:
    return [name.decode("utf-8", "replace") for name in names]


def _type(name: str) -> str:
    return name.split("/", 2)[2].partition("-")[0]
