# SPDX-License-Identifier: Apache-2.0
"""What a daemon has not outlived yet is not good, whatever becomes of agent and daemon meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import faults, series
from collectd_mgr.agent.memory import Memory
from collectd_mgr.agent.probation import Probation, begun, lasting
from collectd_mgr.domain.plan import (
    DISABLE,
    IGNORELIST,
    LOAD,
    RECONFIGURE,
    THRESHOLDS,
    Change,
    Plan,
    Running,
    RunningPlugin,
)
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.spec import Goal, HostSpec, PluginGoal
from collectd_mgr.drivers.base import Applied, Order
from collectd_mgr.drivers.fake import FakeDriver
from tests.unit.agent.agents import BUSY, NAME, Agent, Live, spec
from tests.unit.agent.test_crash import Killed, killer, outlived

FIRST = Running(1, 100.0, "5.12.0")


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """Generation 1 is good; what comes next is on probation for a minute."""
    (tmp_path / "collectd.conf").write_text("Interval 0.01\n")
    agent = Agent(tmp_path).recover()
    agent.apply(spec(1, memory=True))
    outlived(agent)
    (tmp_path / "collectd.conf").write_text("Interval 20\n")
    return Agent(tmp_path, agent.collectd).recover()


def told(agent: Agent) -> tuple[str | None, str | None, bool]:
    """The outcome, the code of the error, and whether live is quarantined."""
    memory = agent.service.state.memory
    return memory.outcome, memory.error["code"] if memory.error else None, memory.quarantine is not None


class TestLength:
    @pytest.mark.parametrize(
        ("change", "now", "seconds"),
        [
            (Change(LOAD, "df", PluginGoal(True, 60.0)), None, 180.0),
            (Change(LOAD, "df", PluginGoal(True)), None, 30.0),
            (Change(LOAD, "df", PluginGoal(True)), RunningPlugin(True, True, slowest=300.0), 900.0),
            (Change(LOAD, "df", PluginGoal(True, 86400.0)), None, 900.0),
            (Change(DISABLE, "df", PluginGoal(False)), RunningPlugin(True, False, 1.0), 3.0),
            (Change(THRESHOLDS), None, 30.0),
        ],
    )
    def test_holds_three_reads_of_what_was_touched_within_a_quarter_of_an_hour(
        self, change: Change, now: RunningPlugin | None, seconds: float
    ) -> None:
        running = Running(plugins={"df": now} if now else {})
        assert lasting(Plan((change,)), running, 10.0) == seconds

    def test_is_that_of_the_slowest(self) -> None:
        changes = (Change(LOAD, "df", PluginGoal(True, 60.0)), Change(LOAD, "cpu", PluginGoal(True, 1.0)))
        assert lasting(Plan(changes), Running(), 10.0) == 180.0

    def test_a_later_change_shortens_nothing(self) -> None:
        before = begun(FIRST, 180.0, True, 1000.0, "b", None)
        assert begun(FIRST, 3.0, True, 1010.0, "b", before).lasts == 170.0
        assert begun(FIRST, 3.0, True, 1179.0, "b", before).lasts == 3.0
        assert begun(FIRST, 3.0, True, 5.0, "another", before).lasts == 180.0

    def test_what_a_process_had_is_that_of_no_other(self) -> None:
        before = replace(begun(FIRST, 180.0, True, 1000.0, "b", None), had={"h/cpu": 5.0})
        places = ((FIRST, "b"), (replace(FIRST, pid=2), "b"), (FIRST, "another"))
        assert [begun(each, 3.0, True, 1010.0, boot, before).had for each, boot in places] == [before.had, {}, {}]

    def test_of_an_agent_that_noted_no_start_is_told_by_the_pid(self) -> None:
        old = Memory().to_dict() | {
            "probation": {"pid": 1, "started": 2.0, "boot_id": "b", "since": 0.0, "lasts": 9.0, "live": True}
        }
        probation = Memory.from_dict(old).probation
        assert probation is not None
        assert probation.watches(replace(FIRST, since_boot=3.0), "b")
        assert not probation.watches(replace(FIRST, pid=2, since_boot=3.0), "b")

    def test_of_an_agent_before_this_one_is_over(self) -> None:
        old = Memory().to_dict() | {"probation": {"pid": 1, "started": 2.0, "at": 1.7e9, "boot_id": "b"}}
        assert Memory.from_dict(old).probation == Probation(1, 2.0, "b", 0.0, 0.0)


def test_the_configured_one_is_the_least(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "collectd.conf").write_text("Interval 0.01\n")
    patient = Agent(tmp_path, agent.collectd, probation=60).recover()
    patient.apply_and_look(spec(2, memory=True, cpu=True))
    assert patient.service.state.memory.good == spec(1, memory=True)


def test_two_changes_are_taken_back_together(agent: Agent) -> None:
    agent.apply_and_look(spec(2, memory=True, cpu=True))
    agent.apply_and_look(spec(3, memory=True, cpu=True, df=1.0))
    agent.service.keeper.look()
    agent.collectd.die()
    agent.service.keeper.look()
    assert told(agent) == ("failed", "daemon_died", True)
    assert agent.enabled() == {"memory"}


def aged(agent: Agent) -> HostSpec | None:
    """What is good before the last change is, as if its time were over."""
    state = agent.service.state
    if state.elder is None:
        return None
    state.elder = replace(state.elder, probation=replace(state.elder.probation, since=-1000.0))
    return state.elder.spec


def test_changes_that_come_again_and_again_keep_nothing_from_being_good(agent: Agent) -> None:
    agent.apply_and_look(spec(2, memory=True, cpu=True))
    agent.apply_and_look(spec(3, memory=True, cpu=True, df=1.0))
    assert aged(agent) == spec(2, memory=True, cpu=True)
    agent.apply_and_look(spec(4, memory=True, cpu=True, df=False))
    memory = agent.service.state.memory
    assert (memory.good, memory.probation is not None) == (spec(2, memory=True, cpu=True), True)
    agent.collectd.die()
    agent.service.keeper.look()
    assert (told(agent), agent.enabled()) == (("failed", "daemon_died", True), {"memory", "cpu"})
    assert (agent.status().error or {})["facts"]["good"]["n"] == 2


@pytest.mark.parametrize("later", [{"cpu": 2.0}, {"cpu": False}], ids=str)
def test_what_later_changes_have_touched_is_not_good_by_that(agent: Agent, later: dict[str, Any]) -> None:
    """The daemon has not run it for so long."""
    agent.apply_and_look(spec(2, memory=True, cpu=1.0))
    agent.apply_and_look(spec(3, memory=True, **later))
    assert aged(agent) is None
    agent.apply_and_look(spec(4, memory=True, df=True, **later))
    assert aged(agent) == spec(3, memory=True, **later)
    agent.collectd.start(Goal({"memory": PluginGoal(True)}))
    agent.service.keeper.look()
    assert agent.service.state.memory.good == spec(1, memory=True), "another process outlives for itself"


def test_where_nothing_was_good_before_the_first_change_is_named(tmp_path: Path) -> None:
    (tmp_path / "collectd.conf").write_text("Interval 20\n")
    agent = Agent(tmp_path).recover()
    agent.apply_and_look(spec(1, memory=True))
    agent.apply_and_look(spec(2, memory=True, cpu=True))
    agent.collectd.die()
    agent.service.keeper.look()
    assert (told(agent), agent.enabled()) == (("failed", "daemon_died", True), set())
    assert (agent.status().error or {})["facts"]["first"] == {"epoch": "e", "n": 1}


class Deadly(Live):
    """Ends collectd with whatever it does."""

    def apply(self, order: Order) -> Applied:
        self.daemon.die()
        raise exception.DaemonDied("collectd died.")


def test_a_death_of_what_nobody_asked_for_takes_back_nothing_that_was_outlived(agent: Agent, tmp_path: Path) -> None:
    """Somebody has switched a plugin off; collectd dies as it is switched on again."""
    other = Agent(tmp_path, agent.collectd, live=Deadly).recover()
    running = other.collectd.running
    other.collectd.running = replace(running, plugins={"memory": replace(running.plugins["memory"], enabled=False)})
    other.service.keeper.look()
    assert (told(other), other.enabled()) == (("applied", None, True), {"memory"})
    assert "plugin.enable memory" in other.status().warnings[0]


def test_an_agent_that_is_killed_forgets_it_nowhere(agent: Agent, tmp_path: Path) -> None:
    """The daemon dies after the next agent has taken it over, of what the one before was about to remember."""
    killed = Agent(tmp_path, agent.collectd, fault=killer(faults.APPLIED)).recover()
    with pytest.raises(Killed):
        killed.apply(spec(2, memory=True, cpu=True))
    other = Agent(tmp_path, agent.collectd).recover()
    assert told(other) == ("applied", None, False)
    agent.collectd.die()
    other.service.keeper.look()
    assert told(other) == ("failed", "daemon_died", True)
    assert other.enabled() == {"memory"}


def test_the_process_after_one_that_somebody_ended_has_to_outlive_it_too(agent: Agent) -> None:
    agent.apply(spec(2, memory=True, cpu=True))
    agent.collectd.die(by_somebody=True)
    for _ in range(2):
        agent.service.keeper.look()
    assert (told(agent), agent.enabled()) == (("applied", None, False), {"memory", "cpu"})
    agent.collectd.die()
    agent.service.keeper.look()
    # It loaded the plugin as it started: that says nothing of live changes.
    assert (told(agent), agent.enabled()) == (("failed", "daemon_died", False), {"memory"})


def test_a_clock_that_is_set_makes_no_other_process(agent: Agent) -> None:
    """collectd may be silent then, and its start be reckoned anew."""
    agent.apply(spec(2, memory=True, cpu=True))
    started = agent.collectd.running.started
    assert started is not None
    agent.collectd.running = replace(agent.collectd.running, started=started - 3600.0, version=None)
    agent.service.keeper.look()
    assert (told(agent), agent.enabled()) == (("applied", None, False), {"memory", "cpu"})


def test_another_process_with_the_same_pid_is_another(agent: Agent) -> None:
    agent.apply(spec(2, memory=True, cpu=True))
    since_boot = agent.collectd.running.since_boot
    assert since_boot is not None
    agent.collectd.running = replace(agent.collectd.running, since_boot=since_boot + 0.01)
    agent.service.keeper.look()
    assert (told(agent), agent.enabled()) == (("failed", "daemon_died", True), {"memory"})


def test_a_change_by_restart_is_no_loop_either(agent: Agent) -> None:
    status = agent.apply(spec(2, memory=True, df=BUSY))
    assert (status.driver, status.outcome) == ("fake", "applied")
    agent.collectd.die()
    agent.service.keeper.look()
    assert (told(agent), agent.enabled()) == (("failed", "daemon_died", False), {"memory"})


def test_what_a_daemon_died_of_is_not_undone_inside_the_next(agent: Agent) -> None:
    """That may die of it any moment, and of a disable as well; live as such is not to blame."""
    agent.apply(spec(2, memory=True, df=BUSY))
    agent.collectd.start(Goal({"memory": PluginGoal(True), "df": PluginGoal(True, config=BUSY)}))
    agent.service.keeper.look()
    assert (told(agent), agent.enabled()) == (("failed", "daemon_died", False), {"memory"})
    assert agent.status().driver == "fake"


class Restarting(FakeDriver):
    """The way back from what collectd rejects is a process that runs what there was before."""

    name: ClassVar[str] = "restart"

    def apply(self, order: Order) -> Applied:
        before = {name: PluginGoal(True) for name in self.observe().plugins}
        try:
            return super().apply(order)
        except exception.ConfigRejected:
            self.daemon.start(Goal(before))
            raise


def test_a_restart_that_fails_ends_none(agent: Agent, tmp_path: Path) -> None:
    other = Agent(tmp_path, agent.collectd, live=Restarting, drivers=1).recover()
    other.apply_and_look(spec(2, memory=True, cpu=True))
    other.apply_and_look(spec(3, memory=True, cpu=True, df={"Reject": "no"}))
    assert (told(other), other.enabled()) == (("failed", "config_rejected", False), {"memory", "cpu"})
    other.service.keeper.look()
    agent.collectd.die()
    other.service.keeper.look()
    assert (told(other), other.enabled()) == (("failed", "daemon_died", False), {"memory"})


def test_what_somebody_changes_meanwhile_is_mended(agent: Agent) -> None:
    agent.apply(spec(2, memory=True, cpu=True))
    agent.collectd.start(Goal({"memory": PluginGoal(True)}))
    pid = agent.collectd.running.pid
    assert pid is not None
    probation = agent.service.state.memory.probation
    assert probation is not None
    agent.service.state.note(probation=probation.moved(agent.collectd.running, probation.since, probation.boot_id))
    agent.service.keeper.look()
    assert agent.enabled() == {"memory", "cpu"}


class Lossy(Live):
    """Its collectd gives nothing of these plugins, or metrics, any more."""

    gone: ClassVar[set[str]] = set()
    #: Seconds between two reads, where they are others than it was told.
    reads: ClassVar[dict[str, float]] = {}
    #: Seconds by which the clock was set back.
    back: ClassVar[float] = 0.0

    def metrics(self, query: Query) -> Page:
        page = super().metrics(query)
        rows = ({**row, "last_update": row["last_update"] - self.back, **self.reads} for row in page.rows)
        return Page(tuple(row for row in rows if not self.gone & {row["id"], row["id"].split("/")[1]}), page.marker)


class Central(Lossy):
    """Other hosts send to its collectd what they have."""

    def observe(self) -> Running:
        return replace(super().observe(), hostname=NAME)

    def metrics(self, query: Query) -> Page:
        page = super().metrics(query)
        return Page((*page.rows, {"id": "other/memory/memory-used", "interval": 1.0, "last_update": time.time()}))


class Replacing(FakeDriver):
    """Does all without a gap."""

    name: ClassVar[str] = "replace"

    def apply(self, order: Order) -> Applied:
        return replace(super().apply(order), replaced=True)


class Slower(Replacing):
    """The new one reads more seldom, for a reason of its own."""

    def apply(self, order: Order) -> Applied:
        Lossy.reads["interval"] = 600.0
        return super().apply(order)


class TestSeries:
    @pytest.fixture
    def lossy(self, agent: Agent, tmp_path: Path) -> Iterator[Agent]:
        yield Agent(tmp_path, agent.collectd, live=Lossy).recover()
        Lossy.gone.clear()
        Lossy.reads.clear()
        Lossy.back = 0.0

    def over(self, agent: Agent) -> None:
        """As if the time were over."""
        probation = agent.service.state.memory.probation
        assert probation is not None
        agent.service.state.note(probation=replace(probation, since=probation.since - 1000.0))
        agent.service.keeper.look()

    def test_a_plugin_that_gives_nothing_any_more_takes_the_change_back(self, lossy: Agent) -> None:
        status = lossy.apply(spec(2, memory=True, df=BUSY))
        assert (status.outcome, status.driver) == ("applied", "fake")
        Lossy.gone.add("memory")
        lossy.service.keeper.look()
        assert told(lossy) == ("applied", None, False)
        self.over(lossy)
        assert (told(lossy), lossy.enabled()) == (("failed", "series_lost", False), {"memory"})
        assert (lossy.status().error or {})["facts"]["plugins"] == ["memory"]

    @pytest.mark.parametrize("config", [{}, BUSY], ids=["live", "another daemon"])
    def test_what_is_changed_meanwhile_hides_nothing(self, lossy: Agent, config: dict[str, Any]) -> None:
        lossy.apply(spec(2, memory=True, df=BUSY))
        Lossy.gone.add("memory")
        lossy.apply(spec(3, memory=True, df=BUSY, cpu=config or True))
        self.over(lossy)
        assert (told(lossy), lossy.enabled()) == (("failed", "series_lost", False), {"memory"})

    def test_nor_does_an_agent_that_is_killed_when_it_has_remembered_that(self, lossy: Agent, tmp_path: Path) -> None:
        killed = Agent(tmp_path, lossy.collectd, live=Lossy, fault=killer(faults.REMEMBERED)).recover()
        with pytest.raises(Killed):
            killed.apply(spec(2, memory=True, df=BUSY))
        Lossy.gone.add("memory")
        back = Agent(tmp_path, lossy.collectd, live=Lossy).recover()
        self.over(back)
        assert (told(back), back.enabled()) == (("failed", "series_lost", False), {"memory"})

    def test_nor_does_what_other_hosts_give(self, lossy: Agent, tmp_path: Path) -> None:
        other = Agent(tmp_path, lossy.collectd, live=Central).recover()
        other.apply(spec(2, memory=True, df=BUSY))
        Lossy.gone.add("memory")
        self.over(other)
        assert (told(other), other.enabled()) == (("failed", "series_lost", False), {"memory"})

    def test_one_that_gives_what_it_gave_is_good(self, lossy: Agent) -> None:
        wanted = spec(2, memory=True, df=BUSY)
        lossy.apply(wanted)
        self.over(lossy)
        assert (told(lossy), lossy.service.state.memory.good) == (("applied", None, False), wanted)

    def test_single_metrics_that_are_missing_are_told(self, lossy: Agent) -> None:
        wanted = spec(2, memory=True, df=BUSY)
        lossy.apply(wanted)
        names = sorted(row["id"] for row in lossy.service._ladder.drivers[0].metrics(Query(plugin="memory")).rows)
        Lossy.gone.add(names[0])
        assert len(names) > 1
        self.over(lossy)
        assert (told(lossy), lossy.service.state.memory.good) == (("applied", None, False), wanted)
        said = f"Since the change collectd gives no values of one metric which it gave before: {names[0]}"
        assert lossy.status().warnings == (said,)
        lossy.apply(spec(3, memory=True, df=BUSY, cpu=True))
        self.over(lossy)
        assert not lossy.status().warnings

    def test_a_clock_that_is_set_back_loses_nothing(self, lossy: Agent) -> None:
        wanted = spec(2, memory=True, df=BUSY)
        lossy.apply(wanted)
        Lossy.back = 3600.0
        self.over(lossy)
        assert (told(lossy), lossy.service.state.memory.good) == (("applied", None, False), wanted)

    def test_what_somebody_else_has_started_may_give_less(self, lossy: Agent) -> None:
        """Who restarts collectd meanwhile may have changed what it reads."""
        wanted = spec(2, memory=True, df=BUSY)
        lossy.apply(wanted)
        running, probation = lossy.collectd.running, lossy.service.state.memory.probation
        assert probation is not None
        assert probation.expects
        lossy.service.state.note(probation=replace(probation, boot_id="another"))
        lossy.collectd.running = replace(running, pid=(running.pid or 0) + 1)
        lossy.service.keeper.look()
        Lossy.gone.add("memory")
        self.over(lossy)
        assert (told(lossy), lossy.service.state.memory.good) == (("applied", None, False), wanted)

    def test_an_agent_that_is_killed_in_a_live_change_expects_what_it_did(self, lossy: Agent, tmp_path: Path) -> None:
        lossy.apply(spec(2, memory=True, df=BUSY))
        killed = Agent(tmp_path, lossy.collectd, live=Lossy, fault=killer(faults.APPLIED)).recover()
        with pytest.raises(Killed):
            killed.apply(spec(3, memory=True, df=BUSY, cpu=True))
        Lossy.gone.add("memory")
        other = Agent(tmp_path, lossy.collectd, live=Lossy).recover()
        self.over(other)
        assert (told(other), other.enabled()) == (("failed", "series_lost", False), {"memory"})

    def test_what_it_gave_before_it_took_over_does_not_count(self, agent: Agent, tmp_path: Path) -> None:
        other = Agent(tmp_path, agent.collectd, live=Lossy, between=(Replacing,)).recover()
        other.apply(spec(2, memory=True, df=BUSY))
        assert other.status().daemon["replaced"]
        assert other.apply(spec(3, memory=True, df=BUSY, cpu=True)).driver == "live"
        self.over(other)
        assert (told(other), other.enabled()) == (("failed", "series_lost", False), {"memory"})

    @pytest.mark.parametrize("between", [Replacing, Slower])
    def test_what_is_seldom_read_from_now_on_is_not_waited_for(
        self, lossy: Agent, tmp_path: Path, between: type[Replacing]
    ) -> None:
        """It need not be read at all as long as the change is on probation."""
        other = Agent(tmp_path, lossy.collectd, live=Lossy, between=(between,)).recover()
        other.apply(wanted := spec(2, memory=600.0 if between is Replacing else True, df=BUSY))
        assert other.status().daemon["replaced"]
        self.over(other)
        assert (told(other), other.service.state.memory.good) == (("applied", None, False), wanted)

    def test_nor_what_is_so_since_a_live_change(self, lossy: Agent, tmp_path: Path) -> None:
        other = Agent(tmp_path, lossy.collectd, live=Lossy, between=(Replacing,)).recover()
        other.apply(spec(2, memory=True, df=BUSY))
        assert other.apply(wanted := spec(3, memory=600.0, df=BUSY)).driver == "live"
        Lossy.gone.add("memory")
        self.over(other)
        assert (told(other), other.service.state.memory.good) == (("applied", None, False), wanted)

    def test_what_it_gives_since_does(self, lossy: Agent, tmp_path: Path) -> None:
        """Also where the clock was set back meanwhile."""
        other = Agent(tmp_path, lossy.collectd, live=Lossy, between=(Replacing,)).recover()
        other.apply(wanted := spec(2, memory=True, df=BUSY))
        Lossy.back = 3600.0
        self.over(other)
        assert (told(other), other.service.state.memory.good) == (("applied", None, False), wanted)

    def test_what_brings_it_back_is_told_as_it_was(self, agent: Agent, tmp_path: Path) -> None:
        other = Agent(tmp_path, agent.collectd, live=Lossy, between=(Replacing,)).recover()
        other.apply(spec(2, memory=True, df=BUSY))
        Lossy.gone.add("memory")
        self.over(other)
        Lossy.gone.clear()
        daemon = other.status().daemon
        assert (other.enabled(), daemon["replaced"], daemon["restarted"]) == ({"memory"}, True, False)

    def test_what_the_operator_has_taken_out_is_not_expected(self, lossy: Agent, tmp_path: Path) -> None:
        """A new process reads his files, whoever asked for it and why."""
        conf = tmp_path / "collectd.conf"
        conf.write_text("LoadPlugin users\nLoadPlugin swap\n")
        others = {name: PluginGoal(True, origin="host") for name in ("swap", "users")}
        lossy.collectd.start(Goal({"memory": PluginGoal(True), **others}))
        other = Agent(tmp_path, lossy.collectd, live=Lossy).recover()
        conf.write_text("LoadPlugin swap\n")
        other.apply(wanted := spec(2, memory=True, df=BUSY))
        probation = other.service.state.memory.probation
        assert probation is not None
        assert set(probation.expects) == {"memory", "swap"}
        Lossy.gone.add("users")
        self.over(other)
        assert (told(other), other.service.state.memory.good) == (("applied", None, False), wanted)

    def test_what_the_change_touches_is_not_expected(self) -> None:
        gave = {"cpu": 1.0, "df": 1.0, "memory": 1.0, "mine": 1.0, "slow": 300.0, "swap": 1.0}
        running = Running(
            plugins=dict.fromkeys(("cpu", "df", "filecount", "memory", "slow"), RunningPlugin(True, True))
        )
        files = PluginGoal(True, config={"Directory": {"args": ["/"], "Plugin": "mine"}})
        given = {name: PluginGoal(True) for name in ("cpu", "df", "memory", "slow", "swap")}
        goal = Goal({**given, "filecount": files, "memory": PluginGoal(False)})
        todo = Plan((Change(DISABLE, "memory"), Change(RECONFIGURE, "df", goal.plugins["df"])))
        assert series.expected(gave, running, goal, todo) == {"cpu": 1.0, "mine": 1.0}
        assert series.expected(gave, running, goal, Plan((Change(IGNORELIST),))) == {}

    def test_nor_is_what_somebody_has_to_send_or_to_start(self) -> None:
        fed = ("dns", "email", "gmond", "ipmi", "pinba", "statsd", "tail_csv", "virt")
        goal = Goal({name: PluginGoal(True, origin="host") for name in ("cpu", *fed)})
        running = Running(plugins=dict.fromkeys(goal.plugins, RunningPlugin(True, True)))
        gave = dict.fromkeys(goal.plugins, 1.0)
        assert series.expected(gave, running, goal, Plan((Change(DISABLE, "df"),))) == {"cpu": 1.0}

    def test_it_is_waited_for(self) -> None:
        probation = begun(FIRST, 3.0, False, 1000.0, "b", None).expecting({"cpu": 10.0})
        assert (probation.lasts, Memory.from_dict(Memory(probation=probation).to_dict()).probation) == (20.0, probation)
