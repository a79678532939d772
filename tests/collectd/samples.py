# SPDX-License-Identifier: Apache-2.0
"""What a csv plugin has written: which samples are missing, and which are there twice."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Series:
    """The samples of one metric in the order in which they were written: times in seconds, and values."""

    times: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]

    def steps(self) -> list[tuple[float, float, float]]:
        """Two neighbours and what lies between them."""
        return [(before, after, after - before) for before, after in itertools.pairwise(self.times)]


def twice(found: dict[str, Series], interval: float) -> list[tuple[str, float]]:
    """What of those that are read at this interval was written twice: metrics, and when.

    Where collectd comes late by an interval it reads again at once: that is another sample.
    """
    return [
        (name, later)
        for name, each in found.items()
        for (*_, before), (_, later, step) in itertools.pairwise(each.steps())
        if step < interval / 20 and before < 1.5 * interval
    ]


@dataclass(frozen=True)
class Count:
    """``missing``: steps over 1.5 intervals; ``doubled``: under 0.5; ``unknown``: samples whose rate is no number."""

    samples: int = 0
    missing: int = 0
    doubled: int = 0
    unknown: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(*(mine + theirs for mine, theirs in zip(self._all, other._all, strict=True)))

    @property
    def off(self) -> int:
        return self.missing + self.doubled

    @property
    def _all(self) -> tuple[int, int, int, int]:
        return (self.samples, self.missing, self.doubled, self.unknown)

    def __str__(self) -> str:
        return f"{self.missing} missing, {self.doubled} doubled, {self.unknown} without a rate, of {self.samples}"


def series(directory: Path) -> dict[str, Series]:
    """Every metric below the csv plugin's directory, by its path without the day."""
    lines: dict[str, list[list[float]]] = {}
    for file in sorted(directory.glob("*/*/*")):
        name = str(file.relative_to(directory))[: -len("-2000-01-01")]
        lines.setdefault(name, []).extend(_lines(file))
    return {
        name: Series(tuple(row[0] for row in rows), tuple(tuple(row[1:]) for row in rows))
        for name, rows in lines.items()
    }


def _lines(file: Path) -> Iterator[list[float]]:
    """Where two threads begin a file at once its heading may be there twice, or not yet."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("epoch,"):
            yield [float(cell) for cell in line.split(",")]


def count(found: dict[str, Series], interval: float, since: float, until: float = math.inf) -> Count:
    """Of all of them; by when a sample was taken, and the former of two."""
    return sum((_count(each, interval, since, until) for each in found.values()), Count())


def _count(each: Series, interval: float, since: float, until: float) -> Count:
    steps = Counter(_kind(step / interval) for before, _, step in each.steps() if since <= before < until)
    inside = [values for moment, values in zip(each.times, each.values, strict=True) if since <= moment < until]
    unknown = sum(any(map(math.isnan, values)) for values in inside)
    return Count(len(inside), steps["missing"], steps["doubled"], unknown)


def _kind(intervals: float) -> str:
    return "missing" if intervals > 1.5 else "doubled" if intervals < 0.5 else "in time"
