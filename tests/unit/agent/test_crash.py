# SPDX-License-Identifier: Apache-2.0
"""A crash is not a loop, and an agent that is killed anywhere comes back to what it was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import faults
from collectd_mgr.domain import drift
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.spec import Generation, Goal, PluginGoal
from collectd_mgr.drivers.base import Applied, Order
from collectd_mgr.drivers.fake import FakeDriver
from tests.unit.agent.agents import Agent, spec
from tests.waiting import eventually

CRASH = {"Crash": True}


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """Of a daemon whose interval is so short that a probation lasts as long as it must, and no longer."""
    (tmp_path / "collectd.conf").write_text("Interval 0.01\n")
    agent = Agent(tmp_path).recover()
    agent.apply(spec(1, memory=True))
    outlived(agent)
    return agent


def outlived(agent: Agent) -> None:
    """Wait until what the daemon runs counts as good."""

    def good() -> bool:
        agent.service.keeper.look()
        return agent.service.state.memory.probation is None

    eventually(good)


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


def killer(point: str) -> Callable[[str], None]:
    def fault(reached: str) -> None:
        if reached == point:
            raise Killed

    return fault


class Mortal(FakeDriver):
    """What it starts dies of ``cpu``, and so does what there was before."""

    name: ClassVar[str] = "restart"

    def apply(self, order: Order) -> Applied:
        if order.goal.plugins.get("cpu", PluginGoal(False)).enabled:
            self.daemon.die(by_somebody=True)
            raise exception.DaemonNotStarted("collectd ended while it started.", messages=[])
        return super().apply(order)


def test_what_no_daemon_outlived_is_given_up_where_none_can_be_started_with_it(tmp_path: Path) -> None:
    """It was loaded live, and before that showed, another change had to stop collectd: it never came up again."""
    (tmp_path / "collectd.conf").write_text("Interval 0.01\n")
    agent = Agent(tmp_path, between=(Mortal,), drivers=2).recover()
    agent.apply(spec(1, memory=True))
    outlived(agent)
    agent.apply(spec(2, memory=True, cpu=True))
    assert agent.enabled() == {"memory", "cpu"}
    assert agent.apply(spec(3, memory={"ValuesPercentage": True}, cpu=True)).outcome == "failed"
    assert agent.collectd.running.pid is None
    agent.service.keeper.look()
    assert agent.enabled() == {"memory"}
    error = agent.status().error
    assert error is not None
    assert error["facts"]["good"] == Generation("e", 1).to_dict()


class Slow(Mortal):
    """It does start, but not in time."""

    def apply(self, order: Order) -> Applied:
        applied = FakeDriver.apply(self, order)
        if order.goal.plugins.get("cpu", PluginGoal(False)).enabled:
            raise exception.DaemonNotStarted("collectd was not ready after 30 s.", messages=[])
        return applied


def test_it_is_kept_where_collectd_only_takes_its_time(tmp_path: Path) -> None:
    (tmp_path / "collectd.conf").write_text("Interval 0.01\n")
    agent = Agent(tmp_path, between=(Slow,), drivers=2).recover()
    agent.apply(spec(1, memory=True))
    outlived(agent)
    agent.apply(spec(2, memory=True, cpu=True))
    agent.collectd.die(by_somebody=True)
    agent.service.keeper.look()
    assert agent.enabled() == {"memory", "cpu"}
    agent.service.keeper.look()
    assert (agent.status().outcome, agent.enabled()) == ("applied", {"memory", "cpu"})


class TestDeath:
    def test_before_the_next_change(self, agent: Agent) -> None:
        """What died is not done once more with what somebody asks for in the moment before it is seen."""
        agent.apply(spec(2, memory=True, cpu=True))
        agent.collectd.die()
        with pytest.raises(exception.RequestTimeout):
            agent.apply(spec(3, memory=True, cpu=True, load=True))
        agent.service.keeper.look()
        status = agent.status()
        assert status.error is not None
        assert (status.generation, status.error["code"]) == (Generation("e", 2), "daemon_died")
        assert (status.quarantine is not None, agent.enabled()) == (True, {"memory"})
        assert agent.apply(spec(3, memory=True, load=True)).outcome == "applied"

    def test_a_mode_is_taken_up_all_the_same(self, agent: Agent, tmp_path: Path) -> None:
        """While nothing is looked at, nobody sees the death."""
        agent.apply(spec(2, memory=True, cpu=True))
        agent.apply(spec(3, memory=True, cpu=True, mode=Mode("off")))
        agent.collectd.die()
        agent.service.keeper.look()
        with pytest.raises(exception.RequestTimeout):
            agent.apply(spec(4, memory=True, cpu=True, mode=Mode("manage")))
        agent.service.keeper.look()
        assert (agent.status().quarantine is not None, agent.enabled()) == (True, {"memory"})

    def test_in_a_live_operation(self, agent: Agent) -> None:
        status = agent.apply(spec(2, memory=True, cpu=CRASH))
        assert status.error is not None
        assert (status.outcome, status.error["code"]) == ("failed", "daemon_died")
        assert "plugin.load cpu" in status.error["detail"]
        assert agent.enabled() == {"memory"}
        assert (status.driver, status.daemon["restarted"]) == ("fake", True)
        assert status.quarantine == status.error["detail"]

    def test_soon_after_one(self, agent: Agent) -> None:
        assert agent.apply(spec(2, memory=True, cpu=True)).outcome == "applied"
        agent.collectd.die()
        agent.service.keeper.look()
        status = agent.status()
        assert status.error is not None
        assert (status.outcome, status.error["code"], status.generation) == (
            "failed",
            "daemon_died",
            Generation("e", 2),
        )
        assert agent.enabled() == {"memory"}

    def test_by_somebodys_hand_it_is_only_started_again(self, agent: Agent) -> None:
        agent.apply(spec(2, memory=True, cpu=True))
        agent.collectd.die(by_somebody=True)
        for _ in range(2):
            agent.service.keeper.look()
        status = agent.status()
        assert (status.outcome, status.quarantine) == ("applied", None)
        assert agent.enabled() == {"memory", "cpu"}

    def test_one_that_somebody_restarted_did_not_die_of_it(self, agent: Agent) -> None:
        """systemd, or whoever else runs it, has the next one up before anybody looks."""
        agent.apply(spec(2, memory=True, cpu=True))
        before = agent.collectd.running.pid
        agent.collectd.start(Goal({"memory": PluginGoal(True), "cpu": PluginGoal(True)}))
        assert before is not None
        agent.collectd.running = replace(agent.collectd.running, ended_by_somebody=(before,))
        for _ in range(2):
            agent.service.keeper.look()
        status = agent.status()
        assert (status.outcome, status.quarantine) == ("applied", None)
        assert agent.enabled() == {"memory", "cpu"}

    @pytest.mark.parametrize("snippet", [True, False])
    def test_of_one_that_never_answered_it_is_judged_by_what_it_was_started_with(
        self, agent: Agent, tmp_path: Path, snippet: bool
    ) -> None:
        managed = tmp_path / "managed"
        managed.mkdir(exist_ok=True)
        (managed / "collectd_mgr.conf").touch()
        include = f'Include "{managed}/*.conf"\n' if snippet else ""
        (tmp_path / "collectd.conf").write_text(f"Interval 0.01\n{include}")
        agent.apply(spec(2, memory=True, cpu=True))
        before, both = agent.collectd.running.pid, Goal({"memory": PluginGoal(True), "cpu": PluginGoal(True)})
        assert before is not None
        agent.collectd.start(both)
        there = agent.collectd.running
        agent.collectd.running = replace(there, version=None, plugins={}, ended_by_somebody=(before,))
        agent.service.keeper.look()
        agent.collectd.start(both)
        agent.service.keeper.look()
        error = agent.status().error
        assert (error and error["code"]) == ("daemon_died" if snippet else None)

    def test_one_that_was_started_anew_without_a_word_did(self, agent: Agent) -> None:
        agent.apply(spec(2, memory=True, cpu=True))
        agent.collectd.start(Goal({"memory": PluginGoal(True), "cpu": PluginGoal(True)}))
        agent.service.keeper.look()
        assert agent.status().quarantine is not None

    def test_long_after_one_it_is_only_started_again(self, agent: Agent) -> None:
        agent.collectd.die()
        agent.service.keeper.look()
        status = agent.status()
        assert (status.outcome, status.quarantine) == ("applied", None)
        assert agent.enabled() == {"memory"}

    def test_one_that_hangs_is_not_known_to_outlive_it(self, agent: Agent) -> None:
        agent.apply(spec(2, memory=True, cpu=True))
        answering = agent.collectd.running
        agent.collectd.running = replace(answering, version=None)
        time.sleep(0.2)  # Longer than the probation.
        agent.service.keeper.look()
        good = agent.service.state.memory.good
        assert good is not None
        assert good.generation == Generation("e", 1)
        agent.collectd.running = answering
        outlived(agent)
        assert agent.service.state.memory.good == agent.service.state.memory.current

    def test_whoever_else_starts_it_starts_it_with_what_was_good(self, agent: Agent, tmp_path: Path) -> None:
        other = Agent(tmp_path, agent.collectd, drivers=1)
        other.service.keeper.look()
        other.apply(spec(2, memory=True, cpu=True))
        agent.collectd.die()
        other.service.keeper.look()
        prepared = agent.collectd.prepared
        assert prepared is not None
        assert set(prepared.plugins) == {"memory"}
        assert "not back yet" in str(other.status().warnings)

    @pytest.mark.parametrize("on_drift", [drift.MEND, drift.LEAVE])
    def test_in_mode_observe_the_next_process_is_left_as_it_is(
        self, agent: Agent, tmp_path: Path, on_drift: str
    ) -> None:
        agent = Agent(tmp_path, agent.collectd, on_drift=on_drift).recover()
        agent.apply(spec(2, memory=True, cpu=True))
        (tmp_path / "mode").write_text("observe")
        agent.collectd.start(Goal({"memory": PluginGoal(True), "cpu": PluginGoal(True)}))
        pid = agent.collectd.running.pid
        for _ in range(2):
            agent.service.keeper.look()
        status, prepared = agent.status(), agent.collectd.prepared
        assert (status.outcome, agent.collectd.running.pid, agent.enabled()) == ("failed", pid, {"memory", "cpu"})
        assert "left as it is" in str(status.warnings)
        assert prepared is not None
        assert set(prepared.plugins) == {"memory"}
        (tmp_path / "mode").unlink()
        agent.service.keeper.look()
        assert (agent.enabled(), agent.status().warnings) == ({"memory"}, ())

    def test_in_mode_observe_a_child_is_started_with_what_was_good(self, agent: Agent, tmp_path: Path) -> None:
        agent.apply(spec(2, memory=True, cpu=True))
        (tmp_path / "mode").write_text("observe")
        agent.collectd.die()
        agent.service.keeper.look()
        assert agent.collectd.running.pid is None
        agent.service.keeper.look()
        assert agent.enabled() == {"memory"}

    def test_that_generation_is_not_tried_again(self, agent: Agent) -> None:
        crash = spec(2, memory=True, cpu=CRASH)
        agent.apply(crash)
        survivor = agent.collectd.running.pid
        agent.apply(crash)
        agent.service.keeper.look()
        assert agent.collectd.running.pid == survivor

    def test_live_stays_off_until_somebody_clears_it(self, agent: Agent) -> None:
        agent.apply(spec(2, memory=True, cpu=CRASH))
        assert agent.apply(spec(3, memory=True, df=True)).driver == "fake"
        able = agent.status().capabilities
        assert able is not None
        offer = able["drivers"][0]
        assert offer["driver"] == "live"
        assert "Quarantined: collectd died" in offer["missing"]["plugin.load"]
        status = agent.apply(spec(4, clears=1, memory=True, load=True))
        assert (status.driver, status.quarantine) == ("live", None)

    def test_it_can_be_cleared_in_any_mode(self, agent: Agent, tmp_path: Path) -> None:
        agent.apply(spec(2, memory=True, cpu=CRASH))
        (tmp_path / "mode").write_text("observe")
        status = agent.apply(spec(3, clears=1, memory=True))
        assert (status.generation, status.quarantine) == (Generation("e", 3), None)

    def test_a_quarantine_outlives_the_agent(self, agent: Agent, tmp_path: Path) -> None:
        agent.apply(spec(2, memory=True, cpu=CRASH))
        other = Agent(tmp_path, agent.collectd).recover()
        assert other.status().quarantine is not None
        assert other.enabled() == {"memory"}


class TestKilledAgent:
    @pytest.mark.parametrize("point", [point for point in faults.POINTS if point != faults.QUARANTINED])
    def test_comes_back_to_what_it_was_asked_for(self, agent: Agent, tmp_path: Path, point: str) -> None:
        pid = agent.collectd.running.pid
        killed = Agent(tmp_path, agent.collectd, fault=killer(point)).recover()
        with pytest.raises(Killed):
            killed.apply_and_look(spec(2, memory=True, cpu=True))
        other = Agent(tmp_path, agent.collectd).recover()
        status = other.status()
        assert (status.outcome, status.generation) == ("applied", Generation("e", 2))
        assert (other.enabled(), other.collectd.running.pid) == ({"memory", "cpu"}, pid)

    @pytest.mark.parametrize("point", [faults.APPLIED, faults.QUARANTINED, faults.REMEMBERED])
    def test_a_death_is_not_forgotten_with_the_agent(self, agent: Agent, tmp_path: Path, point: str) -> None:
        with pytest.raises(Killed):
            Agent(tmp_path, agent.collectd, fault=killer(point)).recover().apply(spec(2, memory=True, cpu=CRASH))
        other = Agent(tmp_path, agent.collectd).recover()
        status = other.status()
        assert (status.outcome, status.generation) == ("failed", Generation("e", 2))
        assert status.quarantine is not None
        assert other.enabled() == {"memory"}

    def test_in_mode_observe_it_does_not_go_on(self, agent: Agent, tmp_path: Path) -> None:
        with pytest.raises(Killed):
            Agent(tmp_path, agent.collectd, fault=killer(faults.ACTING)).recover().apply(spec(2, cpu=True))
        (tmp_path / "mode").write_text("observe")
        other = Agent(tmp_path, agent.collectd).recover()
        status = other.status()
        assert status.error is not None
        assert (status.outcome, status.error["code"]) == ("failed", "host_not_managed")
        assert other.enabled() == {"memory"}

    def test_in_mode_off_nothing_is_started_until_the_mode_is_another(self, agent: Agent, tmp_path: Path) -> None:
        with pytest.raises(Killed):
            Agent(tmp_path, agent.collectd, fault=killer(faults.ACTING)).recover().apply(spec(2, cpu=True))
        agent.collectd.die()
        (tmp_path / "mode").write_text("off")
        other = Agent(tmp_path, agent.collectd).recover()
        other.service.keeper.look()
        assert agent.collectd.running.pid is None
        (tmp_path / "mode").unlink()
        other.service.keeper.look()
        assert (other.status().outcome, other.enabled()) == ("failed", {"memory"})

    def test_a_torn_line_of_the_journal_is_no_line(self, agent: Agent, tmp_path: Path) -> None:
        with (tmp_path / "state" / "journal").open("ab") as journal:
            journal.write(b'{"step": "inte')
        other = Agent(tmp_path, agent.collectd).recover()
        assert other.apply(spec(2, cpu=True)).outcome == "applied"
        assert Agent(tmp_path, agent.collectd).recover().enabled() == {"cpu"}


class TestMemory:
    def test_it_is_nobody_elses(self, agent: Agent, tmp_path: Path) -> None:
        state = tmp_path / "state"
        assert state.stat().st_mode & 0o777 == 0o700
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in state.iterdir() if path.is_file())

    def test_an_agent_without_a_bus_comes_back_to_it(self, agent: Agent, tmp_path: Path) -> None:
        agent.collectd.die()
        other = Agent(tmp_path, agent.collectd).recover()
        assert (other.enabled(), other.status().generation) == ({"memory"}, Generation("e", 1))

    def test_one_that_cannot_be_read_is_set_aside_and_nothing_is_switched_off(
        self, agent: Agent, tmp_path: Path
    ) -> None:
        (tmp_path / "state" / "memory.lines").unlink()
        (tmp_path / "state" / "memory.json").write_text("{")
        other = Agent(tmp_path, agent.collectd).recover()
        assert (other.status().generation, other.enabled()) == (None, {"memory"})
        assert (tmp_path / "state" / "memory.unreadable").exists()

    def test_one_that_the_machine_lost_is_made_up_for_by_the_one_before_and_the_journal(
        self, agent: Agent, tmp_path: Path
    ) -> None:
        agent.service.keeper.close()
        agent.apply(spec(2, memory=True, cpu=True))
        (tmp_path / "state" / "memory.lines").write_text("")
        other = Agent(tmp_path, agent.collectd).recover()
        status = other.status()
        assert (status.generation, status.outcome) == (Generation("e", 2), "applied")
        assert other.enabled() == {"memory", "cpu"}
