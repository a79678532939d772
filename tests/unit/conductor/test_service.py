# SPDX-License-Identifier: Apache-2.0
"""What conductors do without being asked: enrol, settle, send again, and notice who is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.conductor.service import ConductorService
from collectd_mgr.control import edits
from collectd_mgr.control.hosts import HostControl, status_of
from collectd_mgr.control.requester import Requester
from collectd_mgr.db import operations
from collectd_mgr.db.engine import Database
from collectd_mgr.db.models import Operation
from collectd_mgr.domain.spec import PluginSetting
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.testing import configuration
from tests.unit.agent.agents import NAME, Agent
from tests.unit.conductor.conftest import FAST
from tests.waiting import eventually

ALICE = Requester("alice", "ops", "req-1")


def known(control: HostControl, state: str) -> bool:
    """Whether the host is in this state, and has said all of itself: a heartbeat may come first."""
    try:
        host = control.get(NAME)
    except exception.HostNotFound:
        return False
    return host.state == state and status_of(host) is not None


def enable(control: HostControl, plugin: str) -> Operation:
    return control.change(ALICE, NAME, edits.set_plugin(plugin, PluginSetting(True)), "set", plugin).operation


def state(control: HostControl, row: Operation) -> str:
    with control.database.reader() as session:
        return operations.get(session, row.id).state


def test_a_host_that_is_heard_is_known_and_up(
    agent: Agent, control: HostControl, conductors: list[ConductorService]
) -> None:
    agent.service.start()
    eventually(lambda: known(control, "up"))
    assert enable(control, "memory").state == "succeeded"


def test_what_was_asked_of_a_silent_host_is_done_when_it_is_back(
    tmp_path: Path, agent: Agent, control: HostControl, conductors: list[ConductorService]
) -> None:
    agent.service.start()
    eventually(lambda: known(control, "up"))
    agent.service.stop()
    row = enable(HostControl(control.database, AgentAPI(agent.bus), wait=0.3), "memory")
    assert row.state == "pending"
    back = Agent(tmp_path / "agent", agent.collectd, bus=agent)
    back.service.start()
    eventually(lambda: state(control, row) == "succeeded")
    back.service.stop()
    assert agent.enabled() == {"memory"}


def test_a_host_that_says_nothing_is_down(
    agent: Agent, control: HostControl, conductors: list[ConductorService]
) -> None:
    agent.service.start()
    eventually(lambda: known(control, "up"))
    agent.service.stop()
    eventually(lambda: known(control, "down"))


def test_a_host_that_was_forgotten_comes_back_and_converges(
    agent: Agent, control: HostControl, conductors: list[ConductorService]
) -> None:
    agent.service.start()
    eventually(lambda: known(control, "up"))
    enable(control, "memory")
    control.forget(NAME, force=True)
    eventually(lambda: known(control, "up"))
    eventually(lambda: agent.enabled() == set())
    assert enable(control, "df").state == "succeeded"


@pytest.mark.parametrize("plugin", ["warp"])
def test_a_failure_is_rolled_back_on_the_host_too(
    agent: Agent, control: HostControl, conductors: list[ConductorService], plugin: str
) -> None:
    agent.service.start()
    eventually(lambda: known(control, "up"))
    enable(control, "memory")
    assert enable(control, plugin).state == "failed"
    eventually(lambda: control.get(NAME).settled == control.get(NAME).n)
    status = agent.status()
    assert (status.outcome, agent.enabled()) == ("applied", {"memory"})


def test_a_database_that_is_away_costs_the_log_no_tracebacks(
    tmp_path: Path, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    away = Database(configuration.scratch(f"sqlite:///{tmp_path}/no/such/directory/state.db"))
    conductor = ConductorService(FAST, HostControl(away, AgentAPI(agent.bus)), agent.bus, agent.notifications)
    conductor.start()
    agent.service.start()
    jobs = ("Resend.round is tried", "Lost.look is tried", "Events.round is tried", "What hosts say is dropped")
    eventually(lambda: all(job in caplog.text for job in jobs), tell=lambda: caplog.messages)
    conductor.stop()
    away.close()
    assert [record for record in caplog.records if record.exc_info] == []
