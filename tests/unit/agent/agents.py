# SPDX-License-Identifier: Apache-2.0
"""An agent of an in-memory collectd, with a live driver above a disruptive one, driven step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from collectd_mgr import exception
from collectd_mgr.agent import faults
from collectd_mgr.agent.service import AgentService
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.domain import plan
from collectd_mgr.domain.capabilities import READS, Offer
from collectd_mgr.domain.mode import MANAGE, Mode
from collectd_mgr.domain.plan import Change, Running
from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.drivers.base import Applied, DriverSettings, Order
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver
from collectd_mgr.rpc import transport
from tests.unit.rpc.buses import configuration

NAME = "c1.example.org"
PLUGIN_CHANGES = frozenset({plan.LOAD, plan.ENABLE, plan.DISABLE, plan.INTERVAL, plan.RESTART})

#: The config of a plugin that the live driver finds busy, and the other one does not.
BUSY = {"Busy": True}


class Live(FakeDriver):
    """Needs a daemon that runs, and leaves configured plugins to the other one."""

    name: ClassVar[str] = "live"

    def offer(self) -> Offer:
        return Offer(self.name, PLUGIN_CHANGES | frozenset(READS))

    def refusal(self, change: Change, running: Running) -> str | None:
        return "collectd does not run." if running.pid is None else None

    def apply(self, order: Order) -> Applied:
        for change in order.plan:
            if change.goal is not None and change.goal.config == BUSY:
                raise exception.Busy(f"{change.plugin} is still reading.", plugin=change.plugin)
        return super().apply(order)


class Agent:
    """``collectd`` outlives agents that are made on the same directory."""

    bus: Any

    def __init__(self, directory: Path, collectd: FakeDaemon | None = None, **changes: Any) -> None:
        self.collectd = collectd or FakeDaemon()
        directory.mkdir(exist_ok=True)
        conf, kind = str(directory / "collectd.conf"), changes.pop("daemon", "child")
        daemon = DriverSettings(
            NAME, str(directory / "state"), conf, str(directory / "managed"), str(directory / "socket"), daemon=kind
        )
        settings: dict[str, Any] = {"mode": MANAGE, "mode_file": str(directory / "mode"), "probation": 0.05}
        settings |= {"watch_interval": 0.05, "heartbeat_interval": 0.2}
        fault = changes.pop("fault", faults.none)
        other: Agent | None = changes.pop("bus", None)
        bus = other.bus.conf if other else configuration()
        live = changes.pop("live", Live)(daemon, self.collectd)
        between = [each(daemon, self.collectd) for each in changes.pop("between", ())]
        drivers = [live, *between, FakeDriver(daemon, self.collectd)][: changes.pop("drivers", 3)]
        self.bus, self.notifications = transport.rpc(bus), transport.notifications(bus)
        self.service = AgentService(
            AgentSettings(daemon, **{**settings, **changes}),
            drivers,
            self.bus,
            self.notifications,
            fault,
        )

    def recover(self) -> Agent:
        self.service.keeper.recover(self.service.applier, self.service._journal)
        return self

    def apply(self, spec: HostSpec) -> HostStatus:
        self.service.applier.apply(spec, "req-1")
        return self.status()

    def apply_and_look(self, spec: HostSpec) -> None:
        self.service.applier.apply(spec)
        self.service.keeper.look()

    def status(self) -> HostStatus:
        return self.service.reporter.observed()

    def enabled(self) -> set[str]:
        return {name for name, plugin in self.collectd.running.plugins.items() if plugin.enabled}


def spec(n: int, epoch: str = "e", mode: Mode | None = None, clears: int = 0, **plugins: Any) -> HostSpec:
    """``cpu=True``, ``cpu=1.0`` (an interval) or ``cpu={...}`` (a config)."""
    layer = Layer(HOST, {name: _setting(value) for name, value in plugins.items()}, Counters(quarantine_clears=clears))
    return HostSpec(Generation(epoch, n), (layer,), mode)


def _setting(value: Any) -> PluginSetting:
    if isinstance(value, bool):
        return PluginSetting(value)
    return PluginSetting(True, config=value) if isinstance(value, dict) else PluginSetting(True, value)
