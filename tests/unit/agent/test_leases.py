# SPDX-License-Identifier: Apache-2.0
"""The agent ends a lease by itself: without the bus, over its own restart, during a probation."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.journal import Intent
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.domain import drift
from collectd_mgr.domain.leases import Held, granted
from collectd_mgr.domain.spec import HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.fake import FakeDaemon
from tests.unit.agent.agents import Agent, spec


def leased(base: HostSpec, seconds: float, name: str = "lease:1", ago: float = 0.0, **plugins: Any) -> HostSpec:
    settings = {plugin: PluginSetting(True, float(interval)) for plugin, interval in plugins.items()}
    layer = Layer(name, settings, lease=granted(seconds, time.time() - ago))
    return HostSpec(base.generation, (*base.layers, layer), base.mode)


def interval(agent: Agent, plugin: str) -> float | None:
    return agent.collectd.running.plugins[plugin].interval


def let_pass(agent: Agent, seconds: float) -> None:
    """As if it were so much later: what is held ends so much sooner."""
    held = agent.service.state.memory.leases
    agent.service.state.remember(leases={name: replace(item, ends=item.ends - seconds) for name, item in held.items()})


def test_what_is_wanted_is_merged_anew_when_a_lease_has_changed(tmp_path: Path) -> None:
    state, asked = Agent(tmp_path).service.state, leased(spec(1), 60.0, memory=1)
    held = Held(boot_id(), ends=60.0, ends_at=60.0)
    state.note(leases={"lease:1": held})
    before = state.wanted(asked)
    state.note(leases={"lease:1": replace(held)})
    assert state.wanted(asked) is before
    state.note(leases={"lease:1": replace(held, ended=True)})
    assert state.wanted(asked).plugins.keys() == before.plugins.keys() - {"memory"}


def test_it_is_taken_back_without_anybody_asking(tmp_path: Path) -> None:
    agent = Agent(tmp_path, probation=3600).recover()
    status = agent.apply(leased(spec(1, cpu=10.0), 600.0, cpu=1.0, swap=1.0))
    assert status.leases["lease:1"]["state"] == "active"
    assert interval(agent, "cpu") == 1.0
    pid = agent.collectd.running.pid

    let_pass(agent, 600.0)
    agent.service.keeper.look()

    assert (interval(agent, "cpu"), agent.enabled(), agent.collectd.running.pid) == (10.0, {"cpu"}, pid)
    status = agent.status()
    assert status.leases["lease:1"]["state"] == "ended"
    assert status.outcome == "applied"
    assert not status.plugins["swap"].enabled


def test_its_end_is_no_drift_and_comes_where_that_is_left_alone(tmp_path: Path) -> None:
    agent = Agent(tmp_path, probation=3600, on_drift=drift.LEAVE).recover()
    agent.apply(leased(spec(1, cpu=10.0), 600.0, cpu=1.0, swap=1.0))
    let_pass(agent, 600.0)
    agent.service.keeper.look()
    agent.service.keeper.look()
    assert (interval(agent, "cpu"), agent.enabled()) == (10.0, {"cpu"})
    assert agent.status().drift == ()


def test_its_end_is_seen_where_nothing_may_be_looked_at(tmp_path: Path) -> None:
    agent = Agent(tmp_path, probation=3600).recover()
    agent.apply(leased(spec(1, cpu=10.0), 600.0, cpu=1.0))
    (tmp_path / "mode").write_text("off\n")
    let_pass(agent, 600.0)
    agent.service.keeper.look()
    assert agent.status().leases["lease:1"]["state"] == "ended"
    assert interval(agent, "cpu") == 1.0, "and nothing is done about it"
    (tmp_path / "mode").unlink()
    agent.service.keeper.look()
    assert interval(agent, "cpu") == 10.0


def test_its_end_is_no_failure_where_nothing_may_be_changed(tmp_path: Path) -> None:
    """The server takes it out of what is desired; the daemon is brought there when the mode allows it again."""
    agent = Agent(tmp_path, probation=3600).recover()
    agent.apply(leased(spec(1, cpu=10.0), 600.0, cpu=1.0))
    (tmp_path / "mode").write_text("observe\n")
    let_pass(agent, 600.0)
    agent.service.keeper.look()
    status = agent.apply(spec(2, cpu=10.0))
    assert (status.outcome, status.error, interval(agent, "cpu")) == ("applied", None, 1.0)
    agent.service.keeper.look()
    assert [each.kind for each in agent.status().drift] == [drift.DAEMON]
    with pytest.raises(exception.HostNotManaged):
        agent.apply(spec(3, cpu=5.0))
    (tmp_path / "mode").unlink()
    agent.service.keeper.look()
    assert interval(agent, "cpu") == 10.0


def test_it_ends_though_the_agent_is_killed_when_it_has_noticed_that(tmp_path: Path) -> None:
    before = Agent(tmp_path, on_drift=drift.LEAVE).recover()
    before.apply_and_look(leased(spec(1, cpu=10.0), 600.0, cpu=1.0))
    let_pass(before, 600.0)
    assert before.service.state.end_leases()
    agent = Agent(tmp_path, before.collectd, on_drift=drift.LEAVE).recover()
    assert (interval(agent, "cpu"), agent.status().drift) == (10.0, ())


def test_it_ends_while_the_agent_is_away(tmp_path: Path) -> None:
    collectd = FakeDaemon()
    before = Agent(tmp_path, collectd).recover()
    before.apply_and_look(leased(spec(1, cpu=10.0), 600.0, cpu=1.0))
    let_pass(before, 600.0)
    agent = Agent(tmp_path, collectd).recover()
    assert interval(agent, "cpu") == 10.0


def test_a_restart_of_the_agent_does_not_begin_it_anew(tmp_path: Path) -> None:
    collectd, asked = FakeDaemon(), leased(spec(1, cpu=10.0), 600.0, cpu=1.0)
    before = Agent(tmp_path, collectd).recover()
    before.apply_and_look(asked)
    let_pass(before, 300.0)
    agent = Agent(tmp_path, collectd).recover()
    agent.apply(asked)
    assert interval(agent, "cpu") == 1.0
    let_pass(agent, 300.0)
    agent.service.keeper.look()
    assert interval(agent, "cpu") == 10.0


def test_a_spec_that_still_has_it_does_not_bring_it_back(tmp_path: Path) -> None:
    agent = Agent(tmp_path).recover()
    agent.apply(leased(spec(1, cpu=10.0), 600.0, cpu=1.0))
    let_pass(agent, 600.0)
    agent.service.keeper.look()
    again = leased(spec(2, cpu=10.0, df=True), 600.0, cpu=1.0)
    agent.apply(again)
    assert (interval(agent, "cpu"), agent.enabled()) == (10.0, {"cpu", "df"})


@pytest.mark.parametrize("rebooted", [False, True])
def test_what_was_cut_off_by_a_reboot_begins_no_lease(tmp_path: Path, rebooted: bool) -> None:
    agent = Agent(tmp_path)
    boot = "another" if rebooted else boot_id()
    before = agent.service._journal
    before.begin(Intent(leased(spec(1, cpu=10.0), 60.0, cpu=1.0), "restart", ("plugin.load cpu",), 7, 1.0, boot))
    agent = Agent(tmp_path, agent.collectd).recover()
    assert interval(agent, "cpu") == (10.0 if rebooted else 1.0)
    assert agent.status().leases["lease:1"]["state"] == ("ended" if rebooted else "active")


def test_what_is_the_agents_own_business_ends_as_well(tmp_path: Path) -> None:
    agent = Agent(tmp_path).recover()
    base, mute = spec(1, cpu=10.0), {"mutes": {"quiet": {"plugin": "cpu"}}}
    layer = Layer("lease:1", sections=mute, lease=granted(600.0, time.time()))
    agent.apply(HostSpec(base.generation, (*base.layers, layer), base.mode))
    assert agent.service.state.section("mutes") == mute["mutes"]

    let_pass(agent, 600.0)
    agent.service.keeper.look()

    assert agent.service.state.section("mutes") == {}


def test_each_end_is_told_once_by_whoever_notices_it(tmp_path: Path) -> None:
    collectd = FakeDaemon()

    def agent() -> tuple[Agent, list[str]]:
        made, told = Agent(tmp_path, collectd), list[str]()
        made.service.state.ended = lambda layer: told.append(layer.id)
        return made.recover(), told

    first, told = agent()
    first.apply(leased(spec(1, cpu=10.0), 600.0, cpu=1.0))
    let_pass(first, 600.0)
    first.service.keeper.look()
    first.service.keeper.look()
    assert told == ["lease:1"]
    first.apply(leased(spec(2, cpu=10.0), 600.0, "lease:2", swap=1.0))
    let_pass(first, 600.0)
    second, told = agent()
    assert told == ["lease:2"], "it ended while no agent was there"
    second.service.keeper.look()
    second.apply(leased(spec(3, cpu=10.0), 600.0, "lease:3", cpu=1.0))
    let_pass(second, 600.0)
    second.apply(spec(4, cpu=20.0))
    assert told == ["lease:2", "lease:3"], "it was over when the next spec came"
    second.apply(leased(spec(5, cpu=20.0), 3600, "lease:4", cpu=1.0))
    second.apply(spec(6, cpu=20.0))
    assert told == ["lease:2", "lease:3"], "one that somebody took away did not end"


def test_one_that_comes_when_its_time_is_over_does_not_begin_and_that_is_said(tmp_path: Path) -> None:
    """As on a host whose clock is ten minutes ahead."""
    agent, told = Agent(tmp_path).recover(), list[str]()
    agent.service.state.ended = lambda layer: told.append(layer.id)
    asked = leased(spec(1, cpu=10.0), 60.0, ago=600.0, cpu=1.0)
    status = agent.apply(asked)
    assert (status.outcome, interval(agent, "cpu"), status.leases["lease:1"]["state"]) == ("applied", 10.0, "ended")
    (warning,) = status.warnings
    assert "(cpu) did not begin" in warning
    status = agent.apply(leased(spec(2, cpu=20.0), 60.0, ago=600.0, cpu=1.0))
    agent.service.keeper.look()
    assert (status.warnings, told) == ((), []), "it is said once, to who asked for it, and nothing is over"


def test_one_that_was_killed_in_between_tells_it_again(tmp_path: Path) -> None:
    agent = Agent(tmp_path).recover()
    agent.apply_and_look(leased(spec(1, cpu=10.0), 600.0, cpu=1.0))
    let_pass(agent, 600.0)
    told = []

    def killed(layer: Layer) -> None:
        told.append(layer.id)
        raise KeyboardInterrupt

    agent.service.state.ended = killed
    with pytest.raises(KeyboardInterrupt):
        agent.service.keeper.look()
    again = Agent(tmp_path, agent.collectd)
    again.service.state.ended = lambda layer: told.append(layer.id)
    again.recover()
    assert told == ["lease:1", "lease:1"]
