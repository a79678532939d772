# SPDX-License-Identifier: Apache-2.0
"""What somebody else has done is told once, and what cannot be told or mended is in nobody's way."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import faults
from collectd_mgr.agent.drift import DriftWatch
from collectd_mgr.domain import drift, plan
from collectd_mgr.domain.difference import Difference
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.plan import RunningPlugin
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Applied, DriverSettings, Order
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver
from tests.unit.agent.agents import Agent, Live, spec
from tests.unit.agent.test_crash import Killed


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path).recover()


def kinds(agent: Agent) -> list[str]:
    return [each.kind for each in agent.status().drift]


def test_a_restart_by_somebody_else_is_told_after_a_live_change_too(agent: Agent) -> None:
    agent.apply_and_look(spec(1, memory=True))
    before = agent.collectd.running.pid
    agent.apply_and_look(spec(2, memory=True, cpu=True))
    assert (agent.status().driver, agent.collectd.running.pid) == ("live", before)
    agent.collectd.start(Goal())
    agent.service.keeper.look()
    assert drift.RESTARTED in kinds(agent)


def test_a_start_by_the_agent_is_not_told(agent: Agent) -> None:
    agent.apply_and_look(spec(1, memory=True))
    agent.collectd.die(by_somebody=True)
    for _ in range(2):
        agent.service.keeper.look()
    assert (agent.enabled(), kinds(agent)) == ({"memory"}, [])


def test_a_restart_while_the_agent_is_away_is_told(agent: Agent, tmp_path: Path) -> None:
    agent.apply_and_look(spec(1, memory=True))
    assert kinds(Agent(tmp_path, agent.collectd).recover()) == []
    agent.collectd.start(Goal())
    assert drift.RESTARTED in kinds(Agent(tmp_path, agent.collectd).recover())


def test_a_start_by_an_agent_that_finds_none_is_not(agent: Agent, tmp_path: Path) -> None:
    """As at a machine where all was stopped, and is started again."""
    agent.apply_and_look(spec(1, memory=True))
    agent.service.stop()
    agent.collectd.die(by_somebody=True)
    assert kinds(Agent(tmp_path, agent.collectd).recover()) == []
    assert agent.collectd.running.pid is not None


class Restarting(FakeDriver):
    """Brings every change by another process."""

    name: ClassVar[str] = "restart"

    def apply(self, order: Order) -> Applied:
        self.daemon.start(order.goal)
        return super().apply(order)


def test_one_by_an_agent_that_was_stopped_before_it_looked_is_not(tmp_path: Path) -> None:
    agent = Agent(tmp_path, drivers=1, live=Restarting).recover()
    agent.apply_and_look(spec(1, memory=True))
    before = agent.collectd.running.pid
    agent.apply(spec(2, memory=True, cpu=True))
    agent.service.stop()
    assert agent.collectd.running.pid != before
    assert kinds(Agent(tmp_path, agent.collectd, drivers=1, live=Restarting).recover()) == []


def test_one_by_an_agent_that_was_killed_is_not(agent: Agent, tmp_path: Path) -> None:
    agent.apply_and_look(spec(1, memory=True))

    def restarted(reached: str) -> None:
        if reached == faults.APPLIED:
            agent.collectd.start(Goal())
            raise Killed

    before = agent.collectd.running.pid
    with pytest.raises(Killed):
        Agent(tmp_path, agent.collectd, fault=restarted).recover().apply(spec(2, memory=True, cpu=True))
    assert agent.collectd.running.pid != before
    assert kinds(Agent(tmp_path, agent.collectd).recover()) == []


def test_files_that_cannot_be_read_any_more_are_told_once(
    agent: Agent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conf, now = tmp_path / "collectd.conf", [0.0]
    conf.write_text("LoadPlugin oracle\n")
    agent.service.state.see_origin(agent.collectd.running, again=True)
    watch = DriftWatch(agent.service.state, agent.service.keeper._carrier, lambda: now[0])
    conf.write_text("LoadPlugin oracle\n<Plugin oracle>\n")
    for now[0] in (10.0, 20.0, 30.0):
        watch.look(agent.collectd.running)
    assert [(each.kind, each.since) for each in watch.found] == [(drift.OPERATOR_FILES, 10.0)]
    assert sum("understood" in line for line in caplog.messages) == 1
    conf.write_text('LoadPlugin oracle\n<Plugin oracle>\nConnectID "orcl/s3cret"\n</Plugin>\n')
    now[0] = 40.0
    watch.look(agent.collectd.running)
    assert "ConnectID" in str(watch.found)
    assert "s3cret" not in str(watch.found) + caplog.text


class Unwritable(FakeDriver):
    """Of a release that refuses what an earlier one took: it cannot even say what the file would be."""

    name: ClassVar[str] = "restart"

    def difference(self, goal: Goal, generation: str) -> Difference:
        raise exception.BadSetting("It is no regular expression for collectd.", field="plugin")


def test_what_cannot_be_compared_keeps_nothing_else_from_its_turn(
    agent: Agent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    agent.apply_and_look(spec(1, memory=True))
    later = Agent(tmp_path, agent.collectd, live=Unwritable, drivers=1).recover()
    agent.collectd.die(by_somebody=True)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            later.service.keeper.look()
    assert later.enabled() == {"memory"}
    assert "no regular expression" in str(later.status().warnings)
    assert sum("no regular expression" in line for line in caplog.messages) <= 1


class Asked(FakeDriver):
    """Finds that everything has been changed."""

    name: ClassVar[str] = "restart"

    def difference(self, goal: Goal, generation: str) -> Difference:
        return Difference(("-LoadPlugin memory",))


def test_who_has_forgotten_what_is_to_run_leaves_the_managed_file(tmp_path: Path) -> None:
    agent = Agent(tmp_path, live=Asked, drivers=1).recover()
    prepared = agent.collectd.prepared = Goal()
    agent.service.keeper.look()
    assert (agent.collectd.prepared is prepared, kinds(agent)) == (True, [])


class Hanging(Live):
    """A read is in flight when it has switched a plugin off, for as long as ``hangs``."""

    applied = 0

    def apply(self, order: Order) -> Applied:
        type(self).applied += 1
        applied = super().apply(order)
        off = {change.plugin for change in order.plan if change.kind == plan.DISABLE}
        self.see({name: replace(item, stopping=name in off) for name, item in applied.running.plugins.items()})
        return replace(applied, running=self.daemon.running)

    def see(self, plugins: dict[str, RunningPlugin]) -> None:
        self.daemon.running = replace(self.daemon.running, plugins=plugins)


@pytest.mark.parametrize("on_drift", [drift.MEND, drift.LEAVE])
def test_a_read_that_hangs_in_what_we_switched_off_is_nobodys_doing(tmp_path: Path, on_drift: str) -> None:
    agent = Agent(tmp_path, live=Hanging, on_drift=on_drift, probation=3600.0).recover()
    agent.apply_and_look(spec(1, df=True))
    agent.apply_and_look(spec(2, df=False))
    applied, probation = Hanging.applied, agent.service.state.memory.probation
    for _ in range(3):
        agent.service.keeper.look()
    assert agent.status().plugins["df"].health == "stopping"
    assert (kinds(agent), Hanging.applied) == ([], applied)
    assert agent.service.state.memory.probation == probation is not None


class Failing(FakeDriver):
    """Ends collectd, and cannot make what it is asked for; back with the one that there was."""

    name: ClassVar[str] = "restart"

    def __init__(self, settings: DriverSettings, daemon: FakeDaemon) -> None:
        super().__init__(settings, daemon)
        self.fails, self.ends, self.tries = False, True, 0

    def apply(self, order: Order) -> Applied:
        self.tries += 1
        if not self.fails:
            return super().apply(order)
        if self.ends:
            self.at_next_start(Goal({"cpu": PluginGoal(True)}), "")
            self.daemon.die()
            self.start()
        raise exception.DaemonNotStarted("collectd runs, but not as asked; it lacks: plugin.load memory", messages=[])


@pytest.fixture
def failing(tmp_path: Path) -> Agent:
    """Somebody has started a collectd that cannot be brought to what is desired."""
    agent = Agent(tmp_path, live=Failing, drivers=1).recover()
    agent.apply_and_look(spec(1, memory=True))
    agent.service.state.remember(probation=None)  # It has outlived that.
    driver(agent).fails = True
    agent.collectd.start(Goal({"cpu": PluginGoal(True)}))
    return agent


def driver(agent: Agent) -> Failing:
    (found,) = agent.service.keeper._carrier.ladder.drivers
    assert isinstance(found, Failing)
    return found


def daemon_drift(agent: Agent) -> Drift:
    (found,) = (each for each in agent.status().drift if each.kind == drift.DAEMON)
    return found


def test_what_could_not_be_mended_is_not_told_as_mended(failing: Agent) -> None:
    failing.service.keeper.look()
    tried = driver(failing).tries
    assert (tried > 1, daemon_drift(failing).mended) == (True, None)


@pytest.fixture
def looks(failing: Agent) -> Callable[[], int]:
    """As many as there are in an hour or so; how often the driver tried."""
    now, keeper = itertools.count(0.0, 300.0), failing.service.keeper
    keeper._clock = lambda: next(now)

    def look() -> int:
        before = driver(failing).tries
        for _ in range(10):
            keeper.look()
        return driver(failing).tries - before

    return look


def test_a_mend_that_ends_collectd_for_nothing_is_tried_once(failing: Agent, looks: Callable[[], int]) -> None:
    assert looks() == 1
    found = daemon_drift(failing)
    assert (found.mended, "it lacks: plugin.load memory" in found.detail) == (None, True)
    assert looks() == 0


def test_so_it_is_after_a_start_by_somebody_else(failing: Agent, looks: Callable[[], int]) -> None:
    looks()
    failing.collectd.start(Goal({"cpu": PluginGoal(True)}))
    assert (looks(), looks()) == (1, 0)


def test_so_it_is_where_something_else_is_to_be_done(failing: Agent, looks: Callable[[], int]) -> None:
    looks()
    running = failing.collectd.running
    failing.collectd.running = replace(running, plugins={**running.plugins, "memory": RunningPlugin(True, True, 5.0)})
    assert (looks(), looks()) == (1, 0)


def test_what_somebody_mended_meanwhile_is_tried_anew(failing: Agent, looks: Callable[[], int]) -> None:
    looks()
    broken, memory = failing.collectd.running, failing.service.state.goal(spec(1, memory=True)).plugins["memory"]
    mended = RunningPlugin(True, True, memory.interval, memory.config_digest())
    failing.collectd.running = replace(broken, plugins={"memory": mended})
    assert (looks(), kinds(failing).count(drift.DAEMON)) == (0, 0)
    failing.collectd.running = broken
    assert looks() == 1


def test_a_new_spec_is_another_matter(failing: Agent, looks: Callable[[], int]) -> None:
    looks()
    driver(failing).fails = False
    assert failing.apply(spec(2, memory=True, load=True)).outcome == "applied"
    looks()
    assert (failing.enabled(), kinds(failing)) == ({"cpu", "memory", "load"}, [])


def test_what_leaves_collectd_alone_is_tried_again(failing: Agent, looks: Callable[[], int]) -> None:
    driver(failing).ends = False
    assert looks() > 1
    driver(failing).fails = False
    looks()
    assert daemon_drift(failing).mended is not None
