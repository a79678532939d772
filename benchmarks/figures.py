# SPDX-License-Identifier: Apache-2.0
"""Times of one thing done often, and how they are printed: beside those of another thing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Series:
    """Times of ``name``, in seconds."""

    name: str
    times: list[float] = field(default_factory=list)

    def measure(self, act: Callable[[], object]) -> None:
        """Do it once more."""
        began = time.perf_counter()
        act()
        self.times.append(time.perf_counter() - began)

    def quantile(self, share: float) -> float:
        """The time that this share of all did not exceed (nearest rank)."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(base: Series, rows: Iterable[Series]) -> str:
    """One line per series: p50 and p99 in milliseconds, and each as a multiple of the same quantile of ``base``."""
    lines = [f"{'':44}{'n':>6}{'p50 ms':>10}{'p99 ms':>10}{'p50 x':>8}{'p99 x':>8}"]
    return "\n".join([*lines, *(_line(series, base) for series in (base, *rows) if series.times)])


def _line(series: Series, base: Series) -> str:
    quantiles = [series.quantile(share) for share in (0.5, 0.99)]
    times = "".join(f"{1000 * quantile:10.2f}" for quantile in quantiles)
    ratios = "".join(
        f"{quantile / base.quantile(share):8.2f}" for quantile, share in zip(quantiles, (0.5, 0.99), strict=True)
    )
    return f"{series.name:44}{len(series.times):6}{times}{ratios}"


def load() -> str:
    """How busy the machine is: figures from a busy one are worth less."""
    return f"load average {', '.join(f'{each:.1f}' for each in os.getloadavg())} on {os.cpu_count()} cores"
