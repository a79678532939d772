# SPDX-License-Identifier: Apache-2.0
"""Rows of metrics as they travel: column by column, as bytes; rows again where they are looked at.

A daemon may have a hundred thousand metrics. What leaves collectd's memory is encoded once, crosses socket, agent and
bus as text that nobody looks into, and is decoded by the last who reads it: all numbers of a column at once.
"""

from __future__ import annotations

import struct
import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, overload

from collectd_mgr.domain.metrics import STATES

Row = Mapping[str, Any]

#: Units of cdtime in a second.
_SECOND = 1 << 30

#: How the values of each kind of data source lie in memory.
_CODES = {"counter": "Q", "gauge": "d", "derive": "q", "absolute": "Q"}


@dataclass(frozen=True)
class Packed:
    """Columns of as many metrics; 64-bit words in the order of this machine.

    ``names`` end with a NUL each; ``times`` and ``intervals`` are cdtime (an interval of 0: not known); ``states``
    a byte each (255: not known). With values: ``counts`` has a byte for each metric, how many data sources it has;
    ``values`` and ``rates`` a word for each of them; ``types`` the type of each metric.
    """

    names: bytes
    times: bytes
    intervals: bytes
    states: bytes
    counts: bytes = b""
    values: bytes = b""
    rates: bytes = b""
    types: Sequence[bytes] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As it travels: each column in base64. ``kinds`` are places in ``types``, 16 bits each."""
        columns = ("names", "times", "intervals", "states")
        packed: dict[str, Any] = {"byteorder": sys.byteorder, **self._encoded(columns)}
        if self.types is not None:
            types = sorted(set(self.types))
            places = {type_: place for place, type_ in enumerate(types)}
            packed.update(self._encoded(("counts", "values", "rates")))
            packed["types"] = [type_.decode("utf-8", "replace") for type_ in types]
            packed["kinds"] = b64encode(array("H", map(places.__getitem__, self.types)).tobytes()).decode("ascii")
        return packed

    def _encoded(self, columns: tuple[str, ...]) -> dict[str, str]:
        return {name: b64encode(getattr(self, name)).decode("ascii") for name in columns}


class Columns(Sequence[Row]):
    """A sequence of rows (see :class:`.reads.Page`), equal to any other with the same rows.

    :param data: :meth:`Packed.to_dict`; with values also ``sources``: for each type [name, kind] of its data sources
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    @property
    def has_values(self) -> bool:
        return "values" in self.data

    @cached_property
    def names(self) -> list[str]:
        return b64decode(self.data["names"]).decode("utf-8", "replace").split("\0")[:-1]

    @cached_property
    def times(self) -> list[float]:
        """Seconds since 1970."""
        return [time / _SECOND for time in self._words("times", "Q")]

    @cached_property
    def intervals(self) -> list[float | None]:
        """Seconds as somebody wrote them: 0.1 and not what 2^-30 s make of it; None where it is not known."""
        words = self._words("intervals", "Q")
        seconds = {word: round(word / _SECOND, 6) or None for word in set(words)}
        return [seconds[word] for word in words]

    @cached_property
    def states(self) -> list[str | None]:
        """As in :data:`.metrics.STATES`."""
        return [STATES.get(state) for state in b64decode(self.data["states"])]

    @cached_property
    def types(self) -> list[str]:
        return [self.data["types"][kind] for kind in self._words("kinds", "H")]

    @cached_property
    def counts(self) -> bytes:
        """How many data sources each metric has."""
        return b64decode(self.data["counts"])

    @cached_property
    def values(self) -> list[float]:
        """The values of all data sources of all metrics, one after the other; integers where they are counted."""
        sources: Mapping[str, Any] = self.data["sources"]
        codes = {type_: "".join(_CODES[kind] for _, kind in sources[type_]) for type_ in sources}
        layout = "".join(map(codes.__getitem__, self.types))
        return list(struct.unpack(self._order + layout, b64decode(self.data["values"])))

    @cached_property
    def rates(self) -> list[float]:
        """The rates in the same order; NaN where there is none."""
        return self._words("rates", "d").tolist()

    @property
    def _order(self) -> str:
        return "<" if self.data["byteorder"] == "little" else ">"

    def _words(self, column: str, code: str) -> array[Any]:
        words = array(code, b64decode(self.data[column]))
        if self.data["byteorder"] != sys.byteorder:
            words.byteswap()
        return words

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        return tuple(self._with_values() if self.has_values else self._bare())

    def _bare(self) -> Iterator[Row]:
        for name, interval, time, state in zip(self.names, self.intervals, self.times, self.states):
            yield {"id": name, "interval": interval, "last_update": time, "state": state}

    def _with_values(self) -> Iterator[Row]:
        ends = accumulate(self.counts)
        for row, type_, end, count in zip(self._bare(), self.types, ends, self.counts):
            numbers = zip(self.values[end - count : end], self.rates[end - count : end])
            values = [
                {"name": name, "type": kind, "value": finite(value), "rate": finite(rate)}
                for (name, kind), (value, rate) in zip(self.data["sources"][type_], numbers)
            ]
            yield {**row, "values": values}

    def __len__(self) -> int:
        return len(self.names)

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


def finite(number: float) -> float | None:
    """JSON has no other numbers. What is not finite, and only that, is not zero after being taken from itself."""
    return number if number - number == 0 else None
