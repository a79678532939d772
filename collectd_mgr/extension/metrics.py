# SPDX-License-Identifier: Apache-2.0
"""Answers about metrics: filtered, in pages, column by column."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Optional

from collectd_mgr.extension.abi import from_cdtime
from collectd_mgr.extension.cache import Cache
from collectd_mgr.extension.pattern import Pattern
from collectd_mgr.extension.values import Values, type_of

#: More metrics than this in one answer only in pages.
LIMIT = 100_000

_Page = tuple[list[bytes], list[int], Optional[str]]


class Metrics:
    """Lists of metrics and their values, sorted by the bytes of their names.

    Filters: ``plugin`` and ``type`` (the name, exactly), ``match`` (a regular expression as collectd's own, see
    :class:`.pattern.Pattern`). Pages: ``limit`` metrics after ``marker``; the answer's ``marker`` is the one for the
    next page, or None. A metric that collectd misses at the moment is not there.
    """

    def __init__(self, cache: Cache, values: Values) -> None:
        self._cache = cache
        self._values = values

    def listing(self, **filters: Any) -> dict[str, Any]:
        """Columns ``names``, ``times`` (seconds since the epoch), ``intervals`` (seconds, None if unknown)."""
        names, times, marker = self._page(**filters)
        return {**self._columns(names, times), "marker": marker}

    def values(self, **filters: Any) -> dict[str, Any]:
        """The columns of :meth:`listing`, and ``types``, ``values`` and ``rates``: a list per metric, one number per
        data source, None for NaN. ``sources`` has per type its data sources, [name, kind] each; a kind is gauge,
        derive, counter or absolute.
        """
        names, times, marker = self._page(**filters)
        found = zip(names, times, self._values.of(names))
        rows = [(name, time, *numbers) for name, time, numbers in found if numbers is not None]
        types = [type_of(row[0]) for row in rows]
        return {
            **self._columns([row[0] for row in rows], [row[1] for row in rows]),
            "types": _decode(types),
            "values": [row[2] for row in rows],
            "rates": [row[3] for row in rows],
            "sources": {_decode([type_])[0]: self._sources(type_) for type_ in set(types)},
            "marker": marker,
        }

    def _columns(self, names: list[bytes], times: list[int]) -> dict[str, Any]:
        return {
            "names": _decode(names),
            "times": [from_cdtime(time) for time in times],
            "intervals": self._cache.intervals(names) if names else [],
        }

    def _sources(self, type_: bytes) -> list[tuple[str, str]]:
        found = self._values.type(type_)
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
        start = bisect_right(names, marker.encode()) if marker else 0
        chosen = _filtered(names, range(start, len(names)), plugin, type, match)
        page = list(islice(chosen, LIMIT if limit is None else min(limit, LIMIT)))
        following = (
            names[page[-1]].decode("utf-8", "surrogateescape") if page and next(chosen, None) is not None else None
        )
        return [names[index] for index in page], [times[index] for index in page], following


def _filtered(
    names: list[bytes], indexes: Iterable[int], plugin: str | None, kind: str | None, match: str | None
) -> Iterator[int]:
    """Those of ``indexes`` whose names fit."""
    for place, text in ((1, plugin), (2, kind)):
        if text is not None:
            indexes = _with_part(names, indexes, place, text.encode())
    if match is not None:
        pattern = Pattern(match)
        indexes = (index for index in indexes if pattern.matches(names[index]))
    return iter(indexes)


def _with_part(names: list[bytes], indexes: Iterable[int], place: int, text: bytes) -> Iterator[int]:
    return (index for index in indexes if names[index].split(b"/", 2)[place].partition(b"-")[0] == text)


def _decode(names: list[bytes]) -> list[str]:
    return [name.decode("utf-8", "replace") for name in names]
