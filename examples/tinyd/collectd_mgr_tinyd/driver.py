# SPDX-License-Identifier: Apache-2.0
"""The driver of tinyd: it writes a file, tells the daemon to read it, and asks what came of it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, ClassVar

from collectd_mgr import disk, exception
from collectd_mgr.domain import capabilities, managed, plan, reads
from collectd_mgr.domain.capabilities import Installed, Offer
from collectd_mgr.domain.plan import Change, Running, RunningPlugin
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Applied, Driver, DriverSettings, Order, Recovered
from collectd_mgr_tinyd.daemon import PLUGINS

PLUGIN_CHANGES = (plan.LOAD, plan.ENABLE, plan.DISABLE, plan.INTERVAL, plan.RESTART, plan.RECONFIGURE)
CAN = frozenset({*PLUGIN_CHANGES, capabilities.METRICS, capabilities.VALUES})
CANNOT = dict.fromkeys({*plan.CHANGES, *plan.SECTIONS, *capabilities.READS} - CAN, "tinyd has nothing of the kind.")


class TinydDriver(Driver):
    name: ClassVar[str] = "tinyd"

    def __init__(self, settings: DriverSettings) -> None:
        self._socket = settings.socket
        self._file = Path(settings.managed_dir) / "tinyd.json"

    def offer(self) -> Offer:
        return Offer(self.name, CAN, CANNOT)

    def installed(self) -> tuple[Installed, ...]:
        return tuple(Installed(name, True, kind="read", live_safe=True) for name in sorted(PLUGINS))

    def refusal(self, change: Change, running: Running) -> str | None:
        interval = change.goal and change.goal.interval
        return "tinyd reads ten times a second at most." if interval and interval < 0.1 else None

    def recover(self) -> Recovered:
        return Recovered(self.observe())

    def observe(self) -> Running:
        try:
            told = self._ask("status")
        except exception.DaemonUnreachable:
            return Running()
        plugins = {name: _running(plugin) for name, plugin in told["plugins"].items()}
        return Running(told["pid"], told["started"], told["version"], plugins)

    def apply(self, order: Order) -> Applied:
        for change in order.plan:
            self._check(change)
        if rejected := self._ask("check", plugins=_plugins(order.goal)):
            messages = [each["message"] for each in rejected]
            raise exception.ConfigRejected(" ".join(messages), plugin=rejected[0]["plugin"], messages=messages)
        before = self._file.read_text() if self._file.exists() else "{}"
        self.at_next_start(order.goal, order.generation)
        try:
            self._ask("take")
        except exception.DaemonUnreachable:
            disk.replace(self._file, before)
            raise
        return Applied(self.name, self.observe())

    def _check(self, change: Change) -> None:
        if change.kind not in CAN:
            raise exception.NotCapable(CANNOT[change.kind], capability=change.kind, driver=self.name)
        if refusal := self.refusal(change, self.observe()):
            raise exception.LiveRefused(refusal, plugin=change.plugin, reason_code="interval")
        if change.plugin not in PLUGINS:
            raise exception.PluginNotLoadable(plugin=change.plugin, message="tinyd has no such plugin")
        managed.plugin_text(change.plugin, change.goal or PluginGoal(False))

    def at_next_start(self, goal: Goal, generation: str) -> None:
        disk.replace(self._file, json.dumps(_plugins(goal)))

    def metrics(self, query: Query) -> Page:
        return reads.page([_row(told) for told in self._ask("values")], query)

    def values(self, query: Query) -> Page:
        return reads.page([{**_row(told), "values": [_value(told)]} for told in self._ask("values")], query)

    def _ask(self, ask: str, **more: Any) -> Any:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(self._socket)
                client.sendall(json.dumps({"ask": ask, **more}).encode() + b"\n")
                return json.loads(client.makefile().read())
        except (OSError, ValueError) as error:
            raise exception.DaemonUnreachable(f"tinyd: {error}", maybe_executed=ask == "take") from None


def _plugins(goal: Goal) -> dict[str, Any]:
    return {name: plugin.to_dict() for name, plugin in goal.plugins.items() if name in PLUGINS}


def _running(plugin: dict[str, Any]) -> RunningPlugin:
    goal = PluginGoal.from_dict(plugin)
    return RunningPlugin(True, goal.enabled, goal.interval, goal.config_digest(), goal.restarts)


def _row(told: dict[str, Any]) -> dict[str, Any]:
    return {"id": told["id"], "interval": told["interval"], "last_update": told["time"], "state": None}


def _value(told: dict[str, Any]) -> dict[str, Any]:
    return {"name": "value", "type": "gauge", "value": told["value"], "rate": told["value"]}
