# SPDX-License-Identifier: Apache-2.0
"""A disk on which nothing can be written: a daemon that ended is started with what is on it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Applied, Order
from collectd_mgr.drivers.fake import FakeDriver
from tests.full_disk import no_file_above
from tests.unit.agent.agents import Agent, spec
from tests.unit.agent.test_crash import outlived


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    (tmp_path / "collectd.conf").write_text("Interval 0.01\n")
    agent = Agent(tmp_path).recover()
    agent.apply(spec(1, memory=True))
    outlived(agent)
    agent.service.keeper.close()
    return agent


def fill(directory: Path) -> None:
    """As good as a full disk to the agent: neither journal nor memory can be written."""
    for name in ("journal", "memory.lines", ".memory.json.new"):
        (directory / "state" / name).unlink(missing_ok=True)
        (directory / "state" / name).mkdir()


def look(agent: Agent) -> None:
    with pytest.raises(IsADirectoryError):
        agent.service.keeper.look()


def test_a_daemon_that_ended_is_started(agent: Agent, tmp_path: Path) -> None:
    fill(tmp_path)
    agent.collectd.die()
    look(agent)
    assert agent.enabled() == {"memory"}


def test_it_is_where_an_outcome_waits_to_be_remembered(agent: Agent, tmp_path: Path) -> None:
    fill(tmp_path)
    with pytest.raises(IsADirectoryError):
        agent.service.state.write()
    agent.collectd.die()
    look(agent)
    assert agent.enabled() == {"memory"}


@pytest.mark.parametrize("dead", [False, True])
def test_an_agent_begins_on_it(agent: Agent, tmp_path: Path, dead: bool) -> None:
    agent.service.stop()
    if dead:
        agent.collectd.die()
        agent.collectd.prepared = Goal({"memory": PluginGoal(True)})
    with no_file_above(0):
        other = Agent(tmp_path, agent.collectd).recover()
        status = other.status()
        assert (other.enabled(), status.plugins["memory"].enabled) == ({"memory"}, True)
        assert status.boot > agent.status().boot
    assert status.generation == spec(1).generation
    other.apply(spec(2, memory=True, cpu=True))
    assert other.enabled() == {"memory", "cpu"}


class Strict(FakeDriver):
    """Of a release that refuses what an earlier one took, and has on the disk."""

    name: ClassVar[str] = "restart"

    def apply(self, order: Order) -> Applied:
        raise exception.BadSetting("It is no regular expression for collectd.", field="plugin")

    def at_next_start(self, goal: Goal, generation: str) -> None:
        raise exception.BadSetting("It is no regular expression for collectd.", field="plugin")


def test_it_is_where_what_it_is_to_run_is_refused_by_now(agent: Agent, tmp_path: Path) -> None:
    other = Agent(tmp_path, agent.collectd, live=Strict, drivers=1).recover()
    agent.collectd.prepared = Goal({"memory": PluginGoal(True)})
    agent.collectd.die()
    other.service.keeper.look()
    assert other.enabled() == {"memory"}
    assert "no regular expression" in str(other.status().warnings)


def test_one_that_died_of_a_change_is_not_started_with_it(agent: Agent, tmp_path: Path) -> None:
    agent.apply(spec(2, memory=True, cpu=True))
    fill(tmp_path)
    with pytest.raises(IsADirectoryError):
        agent.service.state.write()
    agent.collectd.die()
    look(agent)
    assert agent.collectd.running.pid is None


def test_nor_in_mode_off(agent: Agent, tmp_path: Path) -> None:
    fill(tmp_path)
    with pytest.raises(IsADirectoryError):
        agent.service.state.write()
    agent.collectd.die()
    (tmp_path / "mode").write_text("off")
    look(agent)
    assert agent.collectd.running.pid is None
