# SPDX-License-Identifier: Apache-2.0
"""What the extension reports of its daemon, in the words of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr.domain import safety
from collectd_mgr.domain.managed import Marker
from collectd_mgr.domain.plan import Running, RunningPlugin

Status = Mapping[str, Any]


def running(status: Status) -> Running:
    """The daemon of this ``status`` (the extension's answer of that name).

    What the process was given is what its marker says; what it does now is what collectd's own lists say.
    """
    marker = Marker.from_text(status["generation"])
    plugins = {name: _plugin(name, state, marker, status["interval"]) for name, state in status["plugins"].items()}
    return Running(
        status["pid"],
        status["started"],
        status["collectd_version"],
        plugins,
        marker.reloads,
        marker.daemon_restarts,
    )


def _plugin(name: str, state: Status, marker: Marker, default: float) -> RunningPlugin:
    mark = marker.plugins.get(name)
    return RunningPlugin(
        loaded=state["loaded"],
        enabled=state["registered"] or _only_off_at_start(name, marker),
        interval=_setting(state["interval"], default) if mark is None else mark.interval,
        config_digest=state["config_digest"] or (mark.config_digest if mark else None),
        restarts=mark.restarts if mark else 0,
        stopping=state["stopping"],
    )


def _only_off_at_start(name: str, marker: Marker) -> bool:
    """Nobody takes the reads from such a plugin while collectd runs; many register none that could be seen."""
    return not safety.live_safe(name) and name not in marker.disabled


def _setting(interval: float | None, default: float) -> float | None:
    """The interval as a setting: the daemon's own is none."""
    return None if interval == default else interval
