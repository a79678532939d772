# SPDX-License-Identifier: Apache-2.0
"""A managed file that somebody broke: it is said, mended from what is remembered, and collectd starts with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rigs import Host, real_host

SPEC = HostSpec(Generation("e", 1), (Layer(HOST, {"memory": PluginSetting(True, 1.0)}),))

BROKEN = [b"", b"<Plugin never_closed>\n", b"\xff\xfe\0", None]


class Parts:
    """An agent without a bus."""

    def __init__(self, host: Host) -> None:
        settings = host.settings
        self.file = Path(settings.managed_dir) / "collectd_mgr.conf"
        self.mode = Path(settings.state_dir) / "mode"
        self.state = State(
            MemoryFile(settings.state_dir),
            ModeSwitch(str(self.mode), mode.MANAGE),
            lambda last: origin.read(settings.config_file, settings.managed_dir, last),
        )
        ladder = Ladder([LiveDriver(settings), RestartDriver(settings)])
        self.close = ladder.close
        carrier = Carrier(ladder, self.state, Journal(settings.state_dir))
        crash = Crash(self.state, carrier)
        self.applier = Applier(self.state, carrier, crash)
        self.keeper = Keeper(AgentSettings(settings), self.state, carrier, crash)
        self.applier.apply(SPEC)


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(LiveDriver) as host:
        yield host


@pytest.fixture
def parts(host: Host) -> Iterator[Parts]:
    parts = Parts(host)
    yield parts
    parts.close()


def test_it_is_mended_and_said(parts: Parts, host: Host) -> None:
    before = host.collectd.observe().pid
    text = parts.file.read_bytes()
    assert b"memory" in text
    for broken in BROKEN:
        if broken is None:
            parts.file.unlink()
        else:
            parts.file.write_bytes(broken)
        parts.keeper.look()
        assert parts.file.read_bytes() == text
        assert "It was written anew." in parts.state.memory.warnings[0]
    assert "load" in parts.state.origin.layer.plugins
    assert host.collectd.observe().pid == before
    host.again()
    assert host.collectd.observe().plugins["memory"].enabled


def test_where_nothing_is_changed_it_is_only_said(parts: Parts) -> None:
    parts.mode.write_text("observe")
    parts.file.write_text("<Plugin never_closed>\n")
    parts.keeper.look()
    assert "cannot be read" in parts.state.memory.warnings[0]
    assert parts.file.read_text() == "<Plugin never_closed>\n"
