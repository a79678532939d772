# SPDX-License-Identifier: Apache-2.0
"""The driver of tinyd: it writes a file, tells the daemon to read it, and asks what came of it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from collectd_mgr import disk, exception
from collectd_mgr.domain import capabilities, plan, reads, spec
from collectd_mgr.drivers import base
from collectd_mgr_tinyd.daemon import PLUGINS

CAN = frozenset({*plan.PLUGIN_CHANGES, capabilities.METRICS, capabilities.VALUES})
CANNOT = dict.fromkeys({*plan.CHANGES, *plan.SECTIONS, *capabilities.READS} - CAN, "tinyd has nothing of the kind.")


class TinydDriver(base.Driver):
    name = "tinyd"

    def __init__(self, settings: base.DriverSettings) -> None:
        self._socket = settings.socket
        self._file = Path(settings.managed_dir) / "tinyd.json"

    def offer(self) -> capabilities.Offer:
        return capabilities.Offer(self.name, CAN, CANNOT)

    def installed(self) -> tuple[capabilities.Installed, ...]:
        return tuple(capabilities.Installed(name, True, kind="read", live_safe=True) for name in sorted(PLUGINS))

    def refusal(self, change: plan.Change, running: plan.Running) -> str | None:
        interval = change.goal and change.goal.interval
        return "tinyd reads ten times a second at most." if interval and interval < 0.1 else None

    def observe(self) -> plan.Running:
        try:
            told = self._ask("status")
        except exception.DaemonUnreachable:
            return plan.Running()
        plugins = {name: plan.RunningPlugin.of(spec.PluginGoal.from_dict(one)) for name, one in told["plugins"].items()}
        return plan.Running(told["pid"], told["started"], told["version"], plugins)

    def apply(self, order: base.Order) -> base.Applied:
        self.check(order)
        if rejected := self._ask("check", plugins=_plugins(order.goal)):
            raise exception.ConfigRejected(" ".join(rejected), messages=rejected)
        before = self._file.read_text() if self._file.exists() else "{}"
        self.at_next_start(order.goal, order.generation)
        try:
            self._ask("take")
        except exception.DaemonUnreachable:
            disk.replace(self._file, before)
            raise
        return base.Applied(self.name, self.observe())

    def at_next_start(self, goal: spec.Goal, generation: str) -> None:
        disk.replace(self._file, json.dumps(_plugins(goal)))

    def values(self, query: reads.Query) -> reads.Page:
        return reads.page(map(_row, self._ask("values")), query)

    def _ask(self, ask: str, **more: Any) -> Any:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(self._socket)
                client.sendall(json.dumps({"ask": ask, **more}).encode() + b"\n")
                return json.loads(client.makefile().read())
        except (OSError, ValueError) as error:
            raise exception.DaemonUnreachable(f"tinyd: {error}", maybe_executed=ask == "take") from None


def _plugins(goal: spec.Goal) -> dict[str, Any]:
    return {name: plugin.to_dict() for name, plugin in goal.plugins.items() if name in PLUGINS}


def _row(told: dict[str, Any]) -> dict[str, Any]:
    value = told.pop("value")
    return {**told, "state": None, "values": [{"name": "value", "type": "gauge", "value": value, "rate": value}]}
