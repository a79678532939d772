# SPDX-License-Identifier: Apache-2.0
"""Rows of metrics as JSON text, straight from their columns.

A daemon may have tens of thousands of them: to build a dict for each row and value, only to have it read once by
a JSON encoder, costs more than all the rest of the request. A column is made text as a whole, and the texts are joined
in the order of the rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat, starmap

import orjson

from collectd_mgr.domain.columns import Columns, Row

_BETWEEN = '},{"id":"'


def text(rows: Sequence[Row], now: float, before: str = "", behind: str = "") -> str:
    """A JSON array: each row with its ``age`` in seconds, for a reader whose clock says ``now``.

    ``before`` and ``behind`` it other text may stand: to put it there later would copy megabytes.
    """
    if not isinstance(rows, Columns):
        aged = [{**row, "age": round(max(0.0, now - row["last_update"]), 3)} for row in rows]
        return f"{before}{json.dumps(aged)}{behind}"
    if not len(rows):
        return f"{before}[]{behind}"
    columns = chain(_bare(rows, now), _values(rows) if rows.has_values else (), (repeat(_BETWEEN),))
    pieces = [before, '[{"id":"', *chain.from_iterable(zip(*columns))]  # noqa: B905 - what is repeated has no end
    pieces[-1:] = "}]", behind
    return "".join(pieces)


def _bare(rows: Columns, now: float) -> Iterator[Iterable[str]]:
    """What every row has, from within its name on."""
    # No quote is in an encoded string without a backslash before it.
    yield orjson.dumps(rows.names).decode()[2:-2].split('","')
    yield _few(rows.intervals, '","interval":{},"last_update":')
    yield _numbers(rows.times)
    yield repeat(',"age":')
    yield _numbers([round(now - time, 3) if time < now else 0.0 for time in rows.times])
    yield _few(rows.states, ',"state":{}')


def _values(rows: Columns) -> Iterator[Iterable[str]]:
    """The member ``values`` of each row."""
    heads = {type_: tuple(starmap(_head, sources)) for type_, sources in rows.data["sources"].items()}
    values, rates = _numbers(rows.values), _numbers(rows.rates)
    yield repeat(',"values":[')
    if set(rows.counts) == {1}:
        yield [heads[type_][0] for type_ in rows.types]
        yield values
        yield repeat(',"rate":')
        yield rates
        yield repeat("}]")
    else:
        yield _lists(rows, heads, values, rates)
        yield repeat("]")


def _lists(
    rows: Columns, heads: Mapping[str, Sequence[str]], values: Sequence[str], rates: Sequence[str]
) -> Iterator[str]:
    """What is in the list of each row, which may be of many."""
    place = 0
    for type_, count in zip(rows.types, rows.counts, strict=True):
        if count == 1:
            yield f'{heads[type_][0]}{values[place]},"rate":{rates[place]}}}'
        else:
            numbers = zip(heads[type_], values[place : place + count], rates[place : place + count], strict=True)
            yield ",".join([f'{head}{value},"rate":{rate}}}' for head, value, rate in numbers])
        place += count


def _numbers(column: Sequence[float]) -> list[str]:
    """What is not finite is null."""
    return orjson.dumps(column).decode()[1:-1].split(",")


def _few(column: Sequence[object], form: str) -> Iterator[str]:
    """A column in which a few things stand often."""
    texts = {item: form.format(json.dumps(item)) for item in set(column)}
    return map(texts.__getitem__, column)


def _head(name: str, kind: str) -> str:
    return f'{{"name":{json.dumps(name)},"type":{json.dumps(kind)},"value":'
