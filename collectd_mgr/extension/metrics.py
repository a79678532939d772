# SPDX-License-Identifier: Apache-2.0
"""Answers about metrics: filtered, in pages, column by column."""

from __future__ import annotations

import builtins
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

    Filters: ``plugin`` (its name, exactly), ``match`` (a regular expression as collectd's own, see
    :class:`.pattern.Pattern`). Pages: ``limit`` metrics after ``marker``; the answer's ``marker`` is the one for the
    next page, or None. A metric that collectd misses at the moment is not there.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def list(self, **filters: Any) -> dict[str, Any]:
        """Columns ``names``, ``times`` (seconds since the epoch), ``intervals`` (seconds, None if unknown)."""
        names, times, marker = self._page(**filters)
        intervals = self._cache.intervals(self._cache.size() + 64) if names else {}
        return {
            "names": _decode(names),
            "times": [from_cdtime(time) for time in times],
            "intervals": [intervals.get(name) for name in names],
            "marker": marker,
        }

    def values(self, **filters: Any) -> dict[str, Any]:
        """Columns ``names``, ``times``, ``types``, ``values`` and ``rates`` (a list per metric, one number per data
        source, None for NaN); ``sources`` has per type its data sources: [name, gauge|derive|counter|absolute] each.
        """
        names, times, marker = self._page(**filters)
        rows = [
            (name.decode("utf-8", "replace"), from_cdtime(time), *found)
            for name, time, found in zip(names, times, map(self._cache.values, names))
            if found is not None
        ]
        kinds = [_type(name) for name, *_ in rows]
        return {
            "names": [row[0] for row in rows],
            "times": [row[1] for row in rows],
            "types": kinds,
            "values": [row[2] for row in rows],
            "rates": [row[3] for row in rows],
            "sources": {kind: self._sources(kind) for kind in set(kinds)},
            "marker": marker,
        }

    def _sources(self, kind: str) -> builtins.list[tuple[str, str]]:
        found = self._cache.type(b"//" + kind.encode())
        return found.sources if found else []

    def _page(
        self,
        plugin: str | None = None,
        match: str | None = None,
        limit: int | None = None,
        marker: str | None = None,
    ) -> _Page:
        names, times = self._cache.names()
        keep = _filter(plugin, match)
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


def _filter(plugin: str | None, match: str | None) -> Callable[[bytes], bool]:
    pattern = Pattern(match) if match is not None else None
    wanted = plugin.encode() if plugin is not None else None

    def keep(name: bytes) -> bool:
        if wanted is not None and name.split(b"/", 2)[1].partition(b"-")[0] != wanted:
            return False
        return pattern is None or pattern.matches(name)

    return keep


def _decode(names: list[bytes]) -> list[str]:
    return [name.decode("utf-8", "replace") for name in names]


def _type(name: str) -> str:
    return name.split("/", 2)[2].partition("-")[0]
