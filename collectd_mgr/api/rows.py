# SPDX-License-Identifier: Apache-2.0
"""Rows of metrics as JSON text, straight from their columns.

A daemon may have tens of thousands of them: to build a dict for each row and value, only to have it read once by
a JSON encoder, costs twice as much as all the rest of the request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collectd_mgr.domain.columns import Columns, Row

#: A number, or None.
_dumped = json.encoder.JSONEncoder().encode


def text(rows: Sequence[Row], now: float) -> str:
    """A JSON array: each row with its ``age`` in seconds, for a reader whose clock says ``now``."""
    if not isinstance(rows, Columns):
        return json.dumps([{**row, "age": _age(row["last_update"], now)} for row in rows])
    lines = _bare(rows.data, now)
    if "values" in rows.data:
        lines = map("{}, {}".format, lines, _values(rows.data))
    return f"[{', '.join(map('{{{}}}'.format, lines))}]"


def _age(seen: float, now: float) -> float:
    return round(max(0.0, now - seen), 3)


def _bare(data: Mapping[str, Any], now: float) -> Iterator[str]:
    """The members of each row that every metric has."""
    intervals = {interval: json.dumps(interval) for interval in set(data["intervals"])}
    for name, interval, seen in zip(map(_dumped, data["names"]), data["intervals"], data["times"], strict=True):
        yield (
            f'"id": {name}, "interval": {intervals[interval]}, "last_update": {seen!r}, '
            f'"age": {max(0.0, now - seen):.3f}'
        )


def _values(data: Mapping[str, Any]) -> Iterator[str]:
    """The member ``values`` of each row."""
    heads = {kind: [_head(*source) for source in sources] for kind, sources in data["sources"].items()}
    for kind, values, rates in zip(data["types"], data["values"], data["rates"], strict=True):
        items = zip(heads[kind], values, rates, strict=True)
        yield f'"values": [{", ".join([_value(*item) for item in items])}]'


def _head(name: str, kind: str) -> str:
    return f'{{"name": {json.dumps(name)}, "type": {json.dumps(kind)}, "value": '


def _value(head: str, value: float | None, rate: float | None) -> str:
    return f'{head}{_number(value)}, "rate": {_number(rate)}}}'


def _number(number: float | None) -> str:
    return "null" if number is None else repr(number)
