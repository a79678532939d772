# SPDX-License-Identifier: Apache-2.0
"""Rows of metrics as they travel: column by column, as bytes; rows again where they are looked at.

A daemon may have a hundred thousand metrics. What leaves collectd's memory is encoded once, crosses socket, agent and
bus as text that nobody looks into, and is decoded by the last who reads it: all numbers of a column at once.
"""

from __future__ import annotations

import struct
import sys
import zlib
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
        """As it travels: columns in base64, :data:`_ALIKE` compressed. ``kinds`` are places in ``types``."""
        packed = {"byteorder": sys.byteorder, **self._encoded("names", "times", "intervals", "states")}
        return packed if self.types is None else {**packed, **self._numbers(self.types)}

    def _numbers(self, types: Sequence[bytes]) -> dict[str, Any]:
        different = sorted(set(types))
        places = {type_: place for place, type_ in enumerate(different)}
        kinds = array("H", map(places.__getitem__, types)).tobytes()
        return {
            **self._encoded("counts", "values", "rates"),
            "types": [text(type_) for type_ in different],
            "kinds": _encoded("kinds", kinds),
        }

    def _encoded(self, *columns: str) -> dict[str, str]:
        return {name: _encoded(name, getattr(self, name)) for name in columns}

    def __add__(self, more: Packed) -> Packed:
        """These metrics, and ``more`` behind them."""
        columns = {name: getattr(self, name) + getattr(more, name) for name in _COLUMNS}
        return Packed(**columns, types=None if self.types is None else [*self.types, *(more.types or ())])


def text(type_: bytes) -> str:
    """The name of a type, or of a data source, as text that no other one has: a types.db may be of any encoding."""
    return type_.decode("utf-8", "backslashreplace")


#: Columns of bytes.
_COLUMNS = ("names", "times", "intervals", "states", "counts", "values", "rates")

#: Columns that say nearly the same of every metric, so that to compress them costs less than to send them.
_ALIKE = frozenset({"names", "intervals", "states", "counts", "kinds"})


def _encoded(name: str, column: bytes) -> str:
    return b64encode(zlib.compress(column, 1) if name in _ALIKE else column).decode("ascii")


def _decoded(name: str, column: str) -> bytes:
    data = b64decode(column)
    return zlib.decompress(data) if name in _ALIKE else data


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
        return self._bytes("names").decode("utf-8", "replace").split("\0")[:-1]

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
        return [STATES.get(state) for state in self._bytes("states")]

    @cached_property
    def types(self) -> list[str]:
        return [self.data["types"][kind] for kind in self._words("kinds", "H")]

    @cached_property
    def counts(self) -> bytes:
        """How many data sources each metric has."""
        return self._bytes("counts")

    @cached_property
    def values(self) -> list[float]:
        """The values of all data sources of all metrics, one after the other; integers where they are counted."""
        sources: Mapping[str, Any] = self.data["sources"]
        codes = {type_: "".join(_CODES[kind] for _, kind in sources[type_]) for type_ in sources}
        layout = "".join(map(codes.__getitem__, self.types))
        return list(struct.unpack(self._order + layout, self._bytes("values")))

    @cached_property
    def rates(self) -> list[float]:
        """The rates in the same order; NaN where there is none."""
        return self._words("rates", "d").tolist()

    @property
    def _order(self) -> str:
        return "<" if self.data["byteorder"] == "little" else ">"

    def _bytes(self, column: str) -> bytes:
        return _decoded(column, self.data[column])

    def _words(self, column: str, code: str) -> array[Any]:
        words = array(code, self._bytes(column))
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
