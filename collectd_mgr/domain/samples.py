# SPDX-License-Identifier: Apache-2.0
"""Values of collectd as samples: a number with a name, a kind and a time.

The settings of the section ``samples``, by name (``rates``: of counters, besides their values)::

    {"identifier": "*/interface-*/if_octets", "interval": 60.0, "rates": true}

What several of them choose is sent once, by the one with the shortest interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr.domain import choices, glob
from collectd_mgr.domain.columns import Row
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.sections import Settings

GAUGE = "gauge"
CUMULATIVE = "cumulative"
DELTA = "delta"

#: By the kind of a data source of collectd's.
_KINDS = {"gauge": GAUGE, "counter": CUMULATIVE, "derive": CUMULATIVE, "absolute": DELTA}

_NUMBER, _RATE = "1", "1/s"

#: What collectd calls the only data source of a type.
_ONLY = "value"


@dataclass(frozen=True)
class Sample:
    """``time``: seconds since 1970. ``volume`` is finite."""

    name: str
    kind: str
    unit: str
    volume: float
    time: float
    identifier: str


def shared(name: str, chosen: Settings, rows: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
    """Of what the choice of this name has, what no other one sends: none with a shorter interval, or as short a one and
    a name before this one. Each with whether any of those that choose it wants its rates.
    """
    rank = {other: (choices.interval(setting), other) for other, setting in chosen.items()}
    before = [_pattern(setting) for other, setting in chosen.items() if rank[other] < rank[name]]
    with_rates = [_pattern(setting) for setting in chosen.values() if setting.get("rates", True)]
    for row in rows:
        if not _is_of(row, before):
            yield row, _is_of(row, with_rates)


def _pattern(setting: Mapping[str, Any]) -> str:
    return str(setting.get("identifier") or "*")


def _is_of(row: Row, patterns: Iterable[str]) -> bool:
    return any(glob.matches(pattern, row["id"]) for pattern in patterns)


def samples(row: Row, rates: bool = True, until: float = math.inf) -> Iterator[Sample | None]:
    """Of a row with values (see :class:`.reads.Page`); None in the place of what is no finite number.

    :param until: None, too, in the place of all that is later, or before 1970, or without a name (plugins can do that)
    """
    if not (0 <= row["last_update"] <= until and is_named(row["id"])):
        yield from (None for _ in row["values"])
        return
    for value in row["values"]:
        called, kind = name(row["id"], value["name"]), _KINDS.get(value["type"], GAUGE)
        yield _sample(row, called, kind, _NUMBER, value["value"])
        if rates and kind != GAUGE:
            yield _sample(row, rate(called), GAUGE, _RATE, value["rate"])


def _sample(row: Row, called: str, kind: str, unit: str, volume: float | None) -> Sample | None:
    if volume is None or not math.isfinite(volume):
        return None
    return Sample(called, kind, unit, volume, row["last_update"], row["id"])


def name(identifier: str, source: str) -> str:
    """``collectd`` and the parts of the identifier without its host: what says nothing new is left out.

    ``h/load/load`` and ``shortterm`` give ``collectd.load.shortterm``, ``h/df-root/df_complex-free`` gives
    ``collectd.df.root.df_complex.free``.
    """
    read = Identifier.of(identifier)
    type_ = "" if read.type == read.plugin else read.type
    parts = (read.plugin, read.plugin_instance, type_, read.type_instance, "" if source == _ONLY else source)
    return ".".join(["collectd", *(part for part in parts if part)])


def is_named(identifier: str) -> bool:
    """Whether there are samples of it: plugins can give metrics without a name, and nobody could tell those apart."""
    read = Identifier.of(identifier)
    return bool(read.host and read.plugin and read.type)


def rate(name: str) -> str:
    """The name of the rate of what is called ``name``."""
    return f"{name}.rate"
