# SPDX-License-Identifier: Apache-2.0
"""Answers about metrics: filtered, in pages, column by column."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, islice
from typing import Any

from collectd_mgr.domain import columns
from collectd_mgr.domain.columns import Packed
from collectd_mgr.domain.metrics import STATES
from collectd_mgr.domain.reads import matching
from collectd_mgr.extension.sight import Sight
from collectd_mgr.extension.view import View

#: More metrics than this in one answer only in pages.
LIMIT = 100_000

#: Metrics whose state is looked at together.
_CHUNK = 10_000

_NUMBERS = {name: number for number, name in STATES.items()}


class Metrics:
    """Lists of metrics and their values, sorted by the bytes of their names.

    Filters: ``plugin`` and ``type`` (the name, exactly), ``match`` (a regular expression as collectd's own, see
    :class:`.expression.Expression`), ``state`` (see :data:`.metrics.STATES`). Pages: ``limit`` metrics after
    ``marker``; the answer's ``marker`` is the one for the next page, or None.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    def status(self) -> dict[str, Any]:
        return self._sight.status()

    def has(self, name: str) -> bool:
        """Whether there is a metric of this name."""
        return self._sight.values.of([name.encode("utf-8", "surrogateescape")])[0] is not None

    def listing(self, **filters: Any) -> dict[str, Any]:
        """The columns of :class:`.columns.Packed`, and ``marker``."""
        packed, marker = self._sight(lambda view: _page(view, False, **filters))
        return {**packed.to_dict(), "marker": marker}

    def values(self, **filters: Any) -> dict[str, Any]:
        """The same with values, and ``sources``: per type its data sources, [name, kind] each."""
        packed, marker = self._sight(lambda view: _page(view, True, **filters))
        sources = {columns.text(type_): self._sight.values.sources(type_) for type_ in set(packed.types or ())}
        return {**packed.to_dict(), "sources": sources, "marker": marker}


def _page(
    view: View,
    values: bool,
    limit: int | None = None,
    marker: str | None = None,
    state: str | None = None,
    **filters: str,
) -> tuple[Packed, str | None]:
    start = bisect_right(view.names, marker.encode("utf-8", "surrogateescape")) if marker else 0
    found: Iterable[int] = range(start, len(view.names))
    if filters:
        found = _filtered(view.names, found, **filters)
    if state is not None:
        found = _in_state(view, found, _NUMBERS[state])
    page, more = _first(found, LIMIT if limit is None else min(limit, LIMIT))
    following = view.names[page[-1]].decode("utf-8", "surrogateescape") if more else None
    return view.packed(page, values), following


def _first(found: Iterable[int], limit: int) -> tuple[Sequence[int], bool]:
    """The first of them, and whether there are more."""
    if isinstance(found, range):
        return found[:limit], len(found) > limit
    page = list(islice(found, limit + 1))
    return page[:limit], len(page) > limit


def _in_state(view: View, found: Iterable[int], state: int) -> Iterator[int]:
    """Many are looked at together, but not all of them for a short page."""
    places = iter(found)
    while chunk := list(islice(places, _CHUNK)):
        yield from compress(chunk, [each == state for each in view.states(chunk)])


def _filtered(
    names: list[bytes],
    indexes: Iterable[int],
    plugin: str | None = None,
    type: str | None = None,
    match: str | None = None,
) -> Iterator[int]:
    """Those of ``indexes`` whose names fit."""
    for place, text in ((1, plugin), (2, type)):
        if text is not None:
            indexes = _with_part(names, indexes, place, text.encode())
    if match is not None:
        expression = matching(match)
        indexes = (index for index in indexes if expression.matches(names[index]))
    return iter(indexes)


def _with_part(names: list[bytes], indexes: Iterable[int], place: int, text: bytes) -> Iterator[int]:
    return (index for index in indexes if names[index].split(b"/", 2)[place].partition(b"-")[0] == text)
