# SPDX-License-Identifier: Apache-2.0
"""The time in which nothing is read because collectd is stopped and started. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from collectd_mgr.domain import safety
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Goal

#: So many plugins are named in a sentence.
_NAMED = 20


def plugins(running: Running, goal: Goal, default: float) -> dict[str, float]:
    """Those that are read now and are to be read afterwards, by name their intervals in seconds.

    :param default: the daemon's own interval
    """
    wanted = {name: plugin.interval for name, plugin in goal.plugins.items() if plugin.enabled}
    now = {name: plugin for name, plugin in running.plugins.items() if plugin.enabled and _is_read(name)}
    return {
        name: wanted[name] or now[name].slowest or now[name].interval or default for name in sorted(now.keys() & wanted)
    }


def _is_read(name: str) -> bool:
    return safety.lookup(name).reads != "none"


def expected(seconds: float | None, intervals: Mapping[str, float]) -> dict[str, Any]:
    """What a restart would cost, for a preview.

    :param seconds: what the last one here took; None where there was none
    """
    rows = [
        {"plugin": name, "interval": interval, "without_rate": None if seconds is None else seconds + interval}
        for name, interval in intervals.items()
    ]
    return {"seconds": seconds, "plugins": rows}


def told(seconds: float, names: Iterable[str], passed_over: Mapping[str, str]) -> str:
    """What a restart has cost, and why it was one, as a sentence or more.

    :param names: the plugins that were read before and are read again
    :param passed_over: why each less disruptive driver was not used
    """
    found = list(names)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    of = f" of {', '.join(found[:_NAMED])}{more}" if found else ""
    why = "".join(f" {driver} could not do it: {reason}" for driver, reason in passed_over.items())
    return f"collectd was restarted: nothing was read{of} for {seconds:.2f} s, and a rate needs one more interval.{why}"
