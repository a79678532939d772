# SPDX-License-Identifier: Apache-2.0
"""Values that show, by passing, that those before them are through. None of them is written.

A chain before the cache may let nothing through that it does not know. So they are the newest value of a metric in the
cache once more, of a gauge: that changes nothing of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Callable

from collectd_mgr.domain.columns import Columns, Row
from collectd_mgr.domain.metrics import NO_UTF_8, Identifier
from collectd_mgr.extension.metrics import Metrics

#: The plugin of one for which there is no such metric.
NAME = "collectd_mgr_probe"

#: The interval of a value that is to leave the cache at once, in seconds.
_MOMENT = 0.001

#: Seconds by which it is newer than the value that it repeats: more than what a float of today's time can tell apart.
_LATER = 1e-6

#: Metrics that are looked at together.
_PAGE = 1000


@dataclass(frozen=True)
class Probe:
    """``time``: that of the value, in seconds since 1970; ``dispatch`` has collectd take it."""

    time: float = 0.0
    dispatch: Callable[[], None] = lambda: None


class Probes:
    """Gives one whenever it is wanted.

    :param metrics: those in the cache; None where it is not read
    :param make: the class ``Values`` of the module ``collectd``
    """

    def __init__(self, metrics: Metrics | None, make: Callable[..., Any]) -> None:
        self._metrics = metrics
        self._make = make

    def __call__(self) -> Probe:
        row = self._newest()
        if row is None:
            values = self._make(plugin=NAME, type="gauge", values=[0], interval=_MOMENT, time=(now := time.time()))
            return Probe(now, values.dispatch)
        return self._alike(row, float(row["last_update"]) + _LATER)

    def _newest(self) -> Row | None:
        """Of the first gauges; an old one may be what a chain does not let through any more."""
        marker = None
        while self._metrics is not None:
            page = self._metrics.values(limit=_PAGE, marker=marker)
            marker = page["marker"]
            found = list(filter(_is_fit, Columns(page)))
            if found or marker is None:
                return max(found, key=lambda row: float(row["last_update"]), default=None)
        return None

    def _alike(self, row: Row, moment: float) -> Probe:
        names, numbers = vars(Identifier.of(row["id"])), [each["value"] for each in row["values"]]
        values = self._make(**names, values=numbers, interval=row["interval"], time=moment)
        return Probe(moment, values.dispatch)


def _is_fit(row: Row) -> bool:
    """Whether it is a gauge, and of a name that Python can give collectd: without a plugin it would be Python's own."""
    values = row["values"]
    if NO_UTF_8 in row["id"] or not Identifier.of(row["id"]).plugin:
        return False
    known = bool(row["interval"]) and bool(values)
    return known and all(each["type"] == "gauge" and each["value"] is not None for each in values)
