# SPDX-License-Identifier: Apache-2.0
"""Rows of metrics as they travel: column by column, a third of the size; rows again where they are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

Row = Mapping[str, Any]


class Columns(Sequence[Row]):
    """A sequence of rows (see :class:`.reads.Page`), equal to any other with the same rows.

    :param data: ``names``, ``intervals`` and ``times``; for values also ``types``, ``values`` and ``rates`` (a list
        for each metric) and ``sources`` (by type, ``[name, kind]`` of each data source)
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        return tuple(_with_values(self.data) if "values" in self.data else _bare(self.data))

    def __len__(self) -> int:
        return len(self.data["names"])

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._rows == tuple(other)

    def __hash__(self) -> int:
        return hash(len(self))


def _bare(data: Mapping[str, Any]) -> Iterator[Row]:
    for name, interval, time in zip(data["names"], data["intervals"], data["times"]):
        yield {"id": name, "interval": interval, "last_update": time}


def _with_values(data: Mapping[str, Any]) -> Iterator[Row]:
    sources = data["sources"]
    for row, kind, values, rates in zip(_bare(data), data["types"], data["values"], data["rates"]):
        yield {
            **row,
            "values": [
                {"name": name, "type": source, "value": value, "rate": rate}
                for (name, source), value, rate in zip(sources[kind], values, rates)
            ],
        }
