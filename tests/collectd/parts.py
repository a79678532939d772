# SPDX-License-Identifier: Apache-2.0
"""The parts of an agent around a real collectd, without a bus."""

from __future__ import annotations

from pathlib import Path

from collectd_mgr.agent import origin
from collectd_mgr.agent.applier import Applier
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.crash import Crash
from collectd_mgr.agent.journal import Journal
from collectd_mgr.agent.keeper import Keeper
from collectd_mgr.agent.memory import MemoryFile
from collectd_mgr.agent.mode import ModeSwitch
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.agent.state import State
from collectd_mgr.domain import mode
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rigs import Host


class Parts:
    """Closed with the host that :func:`.real_host` gives, or by ``close``; ``daemon``: who runs collectd."""

    def __init__(self, host: Host, daemon: Daemon | None = None) -> None:
        settings = host.settings
        self.file = Path(settings.managed_dir) / "collectd_mgr.conf"
        self.mode = Path(settings.state_dir) / "mode"
        self.state = State(
            MemoryFile(settings.state_dir),
            ModeSwitch(str(self.mode), mode.MANAGE),
            lambda last: origin.read(settings.config_file, settings.managed_dir, last),
        )
        drivers = LiveDriver(settings), RestartDriver(settings)
        self._wires = [driver._collectd.wire for driver in drivers]
        for driver in drivers:
            driver._collectd.daemon = daemon or driver._collectd.daemon
        ladder = Ladder(drivers)
        self.close = ladder.close
        host.exits.callback(self.close)
        carrier = Carrier(ladder, self.state, journal := Journal(settings.state_dir))
        crash = Crash(self.state, carrier)
        self.applier = Applier(self.state, carrier, crash)
        self.keeper = Keeper(AgentSettings(settings, revival=30.0 if daemon else 0.0), self.state, carrier, crash)
        self.keeper.recover(self.applier, journal)

    def wait_for(self, seconds: float) -> None:
        """From now on, for an answer of the extension."""
        for wire in self._wires:
            wire._timeout = seconds


def spec(n: int, *plugins: str) -> HostSpec:
    return HostSpec(Generation("e", n), (Layer(HOST, {name: PluginSetting(True, 1.0) for name in plugins}),))
