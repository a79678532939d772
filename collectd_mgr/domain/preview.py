# SPDX-License-Identifier: Apache-2.0
"""What a spec would do to a host, before it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_mgr.domain.difference import PluginChange

#: How the number of series is known: counted in a scratch run, seen in the daemon's cache, or not at all.
SCRATCH = "scratch"
CACHE = "cache"
UNKNOWN = "unknown"

#: Classes of a change.
LIVE = "live"
NEW_DAEMON = "new_daemon"
IMPOSSIBLE = "impossible"
#: Of a setting that is the agent's own business: collectd is not touched.
AGENT = "agent"


@dataclass(frozen=True)
class Load:
    """``series`` read every ``interval`` seconds; ``series`` is None where it is not known, ``basis`` says how."""

    series: int | None = 0
    interval: float | None = None
    basis: str = CACHE

    @property
    def samples(self) -> float | None:
        """Per second."""
        if not self.series:
            return self.series
        return self.series / self.interval if self.interval else None

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "interval": _plain(self.interval), "samples_per_second": _plain(self.samples)}


def _plain(number: float | None) -> float | None:
    """Without what a sum of fractions leaves behind the last digit that means anything."""
    return None if number is None else round(number, 6)


@dataclass(frozen=True)
class Foreseen:
    """One change: of what class it is, which driver would make it, and what the plugin collects before and after.

    ``refusals`` says, for a change that no driver can make, why each cannot.
    """

    change: str
    plugin: str
    kind: str
    driver: str | None
    before: Load = field(default_factory=Load)
    after: Load = field(default_factory=Load)
    refusals: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "change": self.change,
            "plugin": self.plugin,
            "class": self.kind,
            "driver": self.driver,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "refusals": dict(self.refusals),
            "warnings": list(self.warnings),
        }


def summary(
    changes: tuple[Foreseen, ...],
    driver: str | None,
    restart: bool,
    problems: tuple[dict[str, Any], ...],
    settings: tuple[dict[str, Any], ...] = (),
    dropped: Iterable[tuple[Load, Load]] = (),
    passed_over: Mapping[str, str] | None = None,
    cost: Mapping[str, Any] | None = None,
    plugins: Iterable[PluginChange] = (),
    counters_anew: Iterable[str] = (),
) -> dict[str, Any]:
    """The whole preview, as it crosses the bus.

    :param driver: the one that would make all of the changes together; None for none
    :param problems: ``exception.to_dict`` of what would be refused, or fail
    :param settings: what becomes of each named setting
    :param dropped: what rules of the ignorelist drop: before and after
    :param passed_over: why each less disruptive driver is not the one
    :param cost: of a restart; see :func:`collectd_mgr.domain.gap.expected`; ``states_lost`` beside it
    :param plugins: which plugins would be others, and how
    :param counters_anew: see :func:`collectd_mgr.domain.counters.begun_anew`
    """
    loads = [(change.before, change.after) for change in changes] + list(dropped)
    return {
        "changes": [change.to_dict() for change in changes],
        "driver": driver,
        "plugins": [each.to_dict() for each in plugins],
        "restart": restart,
        "passed_over": dict(passed_over or {}),
        "gap": None if cost is None else dict(cost),
        "counters_anew": list(counters_anew),
        "settings": list(settings),
        "series_added": _difference([(before.series, after.series) for before, after in loads]),
        "samples_per_second_added": _difference([(before.samples, after.samples) for before, after in loads]),
        "problems": list(problems),
    }


def _difference(pairs: list[tuple[float | None, float | None]]) -> float | None:
    """None when a part of it is not known."""
    total = 0.0
    for before, after in pairs:
        if before is None or after is None:
            return None
        total += after - before
    return _plain(total)
