# SPDX-License-Identifier: Apache-2.0
"""From JSON to cells: a table names, for each column, where its value stands."""

from __future__ import annotations

import functools
import json
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from cliff.columns import FormattableColumn
from osc_lib.cli import format_columns

#: Heading → path of keys with dots between.
Columns = Mapping[str, str]


class TimeColumn(FormattableColumn[Any]):
    """Seconds since 1970 for programs, UTC for people."""

    def human_readable(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._value))


class _Said(str):
    """Itself in JSON and YAML, which escape what a terminal would heed; without it where ``str()`` of it is printed."""

    def __str__(self) -> str:
        return plain(self)


yaml.SafeDumper.add_representer(_Said, yaml.SafeDumper.represent_str)


class TextColumn(FormattableColumn[str]):
    """Any text: a host may have made it up. All of a column are of this kind, or it could not be sorted."""

    def human_readable(self) -> str:
        return plain(self._value)

    def machine_readable(self) -> str:
        return _Said(self._value)


class JsonColumn(FormattableColumn[Any]):
    """What has parts within parts: itself for programs, JSON for people."""

    def human_readable(self) -> str:
        return plain(json.dumps(self._value, ensure_ascii=False))


def plain(text: str) -> str:
    """``text`` without what would be a command for the terminal, or could not be printed."""
    if text.isprintable():
        return text
    return "".join("?" if unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" else each for each in text)


def table(items: Iterable[Mapping[str, Any]], columns: Columns) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """What a ``Lister`` gives: the headings, and a row for each item."""
    return tuple(columns), (cells(item, columns) for item in items)


def sheet(item: Mapping[str, Any], columns: Columns) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """What a ``ShowOne`` gives: the names, and the values of one item."""
    return tuple(columns), cells(item, columns)


def cells(item: Mapping[str, Any], columns: Columns) -> tuple[Any, ...]:
    return tuple(cell(_find(item, place)) for place in columns.values())


def cell(value: Any) -> Any:
    """A value as cliff prints it: readable in a table, itself in JSON and YAML."""
    if isinstance(value, dict):
        return JsonColumn(value) if _nested(value.values()) else format_columns.DictColumn(value)
    if isinstance(value, str):
        return TextColumn(value)
    if isinstance(value, list):
        return JsonColumn(value) if _nested(value) else format_columns.ListColumn(value)
    return value


def _nested(parts: Iterable[Any]) -> bool:
    """Whether a line of words would not do for them."""
    return any(part is None or isinstance(part, (dict, list)) or plain(str(part)) != str(part) for part in parts)


def _find(item: Mapping[str, Any], place: str) -> Any:
    def step(inside: Any, key: str) -> Any:
        return inside.get(key) if isinstance(inside, Mapping) else None

    return functools.reduce(step, place.split("."), item)
