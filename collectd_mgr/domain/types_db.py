# SPDX-License-Identifier: Apache-2.0
"""collectd's types.db: which data sources a type has, and what a rate is of each kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

#: Where collectd has its own, unless ``TypesDB`` says otherwise.
DEFAULT = "/usr/share/collectd/types.db"

#: The data sources of a type, in order: (name, kind); the kind is ``gauge``, ``derive``, ``counter`` or ``absolute``.
Sources = tuple[tuple[str, str], ...]

KINDS = ("gauge", "derive", "counter", "absolute")

#: A counter wraps at 32 bits as long as it has been below that.
_32_BITS, _64_BITS = 1 << 32, 1 << 64


def parse(text: str) -> dict[str, Sources]:
    """The types of a file. A line that makes no sense to collectd is left out, as collectd does."""
    types: dict[str, Sources] = {}
    for line in text.splitlines():
        name, *sources = line.split("#", 1)[0].replace(",", " ").split() or [""]
        found = tuple(filter(None, map(_source, sources)))
        if name and found and len(found) == len(sources):
            types[name] = found
    return types


def _source(text: str) -> tuple[str, str] | None:
    parts = text.split(":")
    kind = parts[1].lower() if len(parts) == 4 else ""
    return (parts[0], kind) if kind in KINDS else None


def merged(texts: Iterable[str]) -> Mapping[str, Sources]:
    """Of several files: the last one that has a type counts."""
    return {name: sources for text in texts for name, sources in parse(text).items()}


def rate(kind: str, before: tuple[float, float] | None, now: tuple[float, float]) -> float | None:
    """What collectd makes of two readings (time, value): per second, or the gauge itself; None where there is none."""
    if kind == "gauge":
        return now[1] if math.isfinite(now[1]) else None
    if before is None or now[0] <= before[0]:
        return None
    seconds = now[0] - before[0]
    if kind == "absolute":
        return now[1] / seconds
    difference = now[1] - before[1]
    if kind == "counter" and difference < 0:
        difference += _32_BITS if before[1] < _32_BITS else _64_BITS
    return difference / seconds
