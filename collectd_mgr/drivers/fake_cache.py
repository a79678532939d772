# SPDX-License-Identifier: Apache-2.0
"""What the in-memory collectd collects: a few plugins of every kind, with values that tick."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from collectd_mgr.domain import reads
from collectd_mgr.domain.capabilities import Installed
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.plan import RunningPlugin
from collectd_mgr.domain.reads import CANNOT, FLUSHED, Page, Query

#: plugin -> (plugin instance, type, type instance, data source type)
SERIES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "cpu": tuple(("0", "cpu", state, "derive") for state in ("idle", "nice", "system", "user", "wait")),
    "df": tuple(("root", "df_complex", state, "gauge") for state in ("free", "reserved", "used")),
    "disk": tuple(("sda", name, "", "derive") for name in ("disk_merged", "disk_octets", "disk_ops")),
    "interface": tuple(("lo", name, "", "derive") for name in ("if_errors", "if_octets", "if_packets")),
    "load": (("", "load", "", "gauge"),),
    "memory": tuple(("", "memory", state, "gauge") for state in ("buffered", "cached", "free", "used")),
    "processes": tuple(("", "ps_state", state, "gauge") for state in ("blocked", "running", "sleeping", "zombies")),
    "swap": tuple(("", "swap", state, "gauge") for state in ("free", "used")),
    "uptime": (("", "uptime", "", "gauge"),),
    "users": (("", "users", "", "gauge"),),
    "csv": (),
    "rrdtool": (),
}

#: The daemon's own interval, in seconds, as collectd's default.
INTERVAL = 10.0

#: Nobody sets thresholds here.
_STATE = "unknown"


def installed() -> tuple[Installed, ...]:
    """The plugins of the in-memory package, in order of name."""
    return tuple(_installed(name) for name in sorted(SERIES))


def _installed(name: str) -> Installed:
    reads = bool(SERIES[name])
    return Installed(name, True, kind="read" if reads else "write", live_safe=reads)


def page(host: str, plugins: Mapping[str, RunningPlugin], since: float, now: float, query: Query, values: bool) -> Page:
    """The part of the cache that ``query`` asks for, of reads that began at ``since``.

    :raises BadRequest: its ``match`` is not a regular expression
    """
    return reads.page(_rows(host, plugins, since, now, values), query)


def flushed(plugins: Mapping[str, RunningPlugin], asked: str | None) -> list[dict[str, Any]]:
    """What becomes of a flush of that plugin, or of all that write. Only one of them holds anything back."""
    enabled = {name for name, plugin in plugins.items() if plugin.enabled}
    wanted = [name for name in sorted(enabled) if name in SERIES and not SERIES[name]] if asked is None else [asked]
    return [_flushed(name, name in enabled) for name in wanted]


def _flushed(name: str, enabled: bool) -> dict[str, Any]:
    if enabled and name == "rrdtool":
        return {"plugin": name, "callback": name, "outcome": FLUSHED, "detail": None}
    detail = "It registers nothing that could be asked to flush." if enabled else "It is not loaded."
    return {"plugin": name, "callback": None, "outcome": CANNOT, "detail": detail}


def _rows(
    host: str, plugins: Mapping[str, RunningPlugin], since: float, now: float, values: bool
) -> Iterator[dict[str, Any]]:
    for name, plugin in plugins.items():
        if plugin.enabled:
            interval = plugin.interval or INTERVAL
            read = since + math.floor((now - since) / interval) * interval
            for instance, type_, type_instance, source in SERIES.get(name, ()):
                identifier = Identifier(host, name, instance, type_, type_instance)
                row: dict[str, Any] = {"id": str(identifier), "interval": interval, "last_update": read}
                row["state"] = _STATE
                yield {**row, "values": [_value(source, read)]} if values else row


def _value(source: str, read: float) -> dict[str, Any]:
    """A gauge that swings, or a counter that grows by 100 a second."""
    if source == "gauge":
        value = 50 + 10 * math.sin(read)
        return {"name": "value", "type": source, "value": value, "rate": value}
    return {"name": "value", "type": source, "value": int(read * 100), "rate": 100.0}
