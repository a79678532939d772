# SPDX-License-Identifier: Apache-2.0
"""What a change that failed could not take back is ours to mend, also where what others have done is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import drift, plan
from collectd_mgr.drivers.base import Applied, DriverSettings, Order
from collectd_mgr.drivers.fake import FakeDaemon
from tests.unit.agent.agents import BUSY, Agent, Live, spec
from tests.waiting import eventually


class Hanging(Live):
    """While ``hangs`` a read is in flight: what registers a plugin anew takes its reads out, and gets no further."""

    hangs = False
    #: Whether it takes up nothing any more, and says so.
    deaf = False

    def __init__(self, settings: DriverSettings, daemon: FakeDaemon) -> None:
        super().__init__(settings, daemon)
        type(self).hangs = type(self).deaf = False

    def apply(self, order: Order) -> Applied:
        if self.deaf:
            raise exception.RequestTimeout("Nobody waits for it any more.", maybe_executed=False)
        for change in order.plan:
            if self.hangs and change.kind in (plan.ENABLE, plan.INTERVAL):
                switch_off(self.daemon, change.plugin)
                raise exception.Busy(f"A read of {change.plugin} is still in flight.", plugin=change.plugin)
        return super().apply(order)


def switch_off(daemon: FakeDaemon, plugin: str) -> None:
    plugins = {**daemon.running.plugins, plugin: replace(daemon.running.plugins[plugin], enabled=False)}
    daemon.running = replace(daemon.running, plugins=plugins)


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """It leaves what somebody else does, and changes nothing but live."""
    return Agent(tmp_path, live=Hanging, drivers=1, on_drift=drift.LEAVE).recover()


def looked(agent: Agent) -> set[str]:
    """What is on after a look."""
    agent.service.keeper.look()
    return agent.enabled()


def kinds(agent: Agent) -> list[str]:
    return [each.kind for each in agent.status().drift]


def test_it_is_mended_as_soon_as_that_can_be_and_is_nobodys_doing(agent: Agent) -> None:
    agent.apply_and_look(spec(1, df=10.0))
    Hanging.hangs = True
    status = agent.apply(spec(2, df=5.0))
    assert (status.outcome, (status.error or {})["code"], agent.enabled()) == ("failed", "busy", set())
    agent.service.keeper.look()
    assert kinds(agent) == []
    assert any("in flight" in warning for warning in agent.status().warnings)
    Hanging.hangs = False
    eventually(lambda: looked(agent) == {"df"})
    assert agent.collectd.running.plugins["df"].interval == 10.0


def test_by_the_next_agent_as_well(agent: Agent, tmp_path: Path) -> None:
    agent.apply_and_look(spec(1, df=10.0))
    Hanging.hangs = True
    agent.apply_and_look(spec(2, df=5.0))
    later = Agent(tmp_path, agent.collectd, live=Hanging, drivers=1, on_drift=drift.LEAVE).recover()
    Hanging.hangs = False
    eventually(lambda: looked(later) == {"df"})
    assert kinds(later) == []


def test_one_that_was_not_begun_leaves_nothing_to_mend(agent: Agent) -> None:
    agent.apply_and_look(spec(1, df=10.0))
    Hanging.deaf = True
    status = agent.apply(spec(2, df=5.0))
    assert ((status.error or {})["code"], agent.service.state.owes()) == ("timeout", False)


def test_a_change_that_did_nothing_makes_nothing_of_somebody_elses_ours(agent: Agent) -> None:
    agent.apply_and_look(spec(1, df=10.0))
    switch_off(agent.collectd, "df")
    agent.apply(spec(2, df=10.0, memory=BUSY))
    for _ in range(2):
        agent.service.keeper.look()
    assert (kinds(agent), agent.enabled()) == ([drift.DAEMON], set())
