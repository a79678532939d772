# SPDX-License-Identifier: Apache-2.0
"""A local mode file that is written while a spec is on its way: what the status says is what was done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from collectd_mgr.agent.applier import Applier
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.crash import Crash
from collectd_mgr.agent.journal import Journal
from collectd_mgr.agent.memory import MemoryFile
from collectd_mgr.agent.mode import ModeSwitch
from collectd_mgr.agent.state import State
from collectd_mgr.domain import mode
from collectd_mgr.domain.mode import Mode
from collectd_mgr.drivers.fake import FakeDriver
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.testing.suite.rigs import settings_in
from tests.unit.agent.agents import spec


class Turning(ModeSwitch):
    """The mode at each look, one after the other; the last one stays."""

    def __init__(self, modes: Iterable[str]) -> None:
        self._modes = list(modes)

    def now(self, server: Mode | None) -> Mode:
        return Mode(self._modes.pop(0) if len(self._modes) > 1 else self._modes[0], set_by="file")


def applier(directory: Path, *modes: str) -> tuple[Applier, State, FakeDriver]:
    driver = FakeDriver(settings_in(directory))
    state = State(MemoryFile(str(directory)), Turning(modes), lambda last: last)
    carrier = Carrier(Ladder([driver]), state, Journal(str(directory)))
    return Applier(state, carrier, Crash(state, carrier)), state, driver


def test_a_halt_between_the_check_and_the_act_is_a_failure(tmp_path: Path) -> None:
    applying, state, driver = applier(tmp_path, mode.MANAGE, mode.OBSERVE)
    assert applying.apply(spec(1, memory=True)) is None
    assert state.memory.error is not None
    assert (state.memory.outcome, state.memory.error["code"]) == ("failed", "host_not_managed")
    assert (state.memory.current, driver.daemon.running.plugins) == (None, {})


def test_a_spec_that_asks_for_nothing_is_applied_all_the_same(tmp_path: Path) -> None:
    applying, state, _ = applier(tmp_path, mode.OBSERVE)
    applying.apply(spec(1))
    assert state.memory.outcome == "applied"
