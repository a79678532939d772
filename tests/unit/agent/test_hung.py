# SPDX-License-Identifier: Apache-2.0
"""A collectd that runs and does not answer: that is said, nothing is made of it, and the host is heard all the time."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import faults
from collectd_mgr.agent.freshness import Sweep
from collectd_mgr.agent.reporter import Reporter
from collectd_mgr.agent.silence import LASTING, Silence
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.reads import Flush
from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.base import DriverSettings, Recovered
from collectd_mgr.drivers.fake import FakeDaemon
from collectd_mgr.wire.look import PATIENCE as LOOK
from collectd_mgr.wire.look import waiting
from tests.unit.agent.agents import Agent, Live, spec
from tests.unit.agent.test_crash import Killed, killer
from tests.waiting import PATIENCE, eventually


class Hanging(Live):
    """Nobody gets to see what the daemon does, while it hangs."""

    def __init__(self, settings: DriverSettings, daemon: FakeDaemon) -> None:
        super().__init__(settings, daemon)
        self.hangs = False
        self.observed = 0
        #: Seconds for which the daemon may be waited for, in a recovery.
        self.waits: list[float] = []

    def recover(self) -> Recovered:
        with waiting(10.0, ()) as seconds:
            self.waits.append(seconds)
        return super().recover()

    def observe(self) -> Running:
        self.observed += 1
        running = super().observe()
        return replace(running, version=None, plugins={}) if self.hangs else running

    def offer(self) -> Any:
        return replace(super().offer(), capabilities=frozenset()) if self.hangs else super().offer()


class Agents:
    def __init__(self, directory: Path) -> None:
        self.drivers: list[Hanging] = []
        self.agent = Agent(directory, live=self._made, drivers=1).recover()

    def _made(self, settings: DriverSettings, daemon: FakeDaemon) -> Hanging:
        self.drivers.append(Hanging(settings, daemon))
        return self.drivers[0]


@pytest.fixture
def agents(tmp_path: Path) -> Agents:
    agents = Agents(tmp_path)
    agents.agent.collectd.running = replace(agents.agent.collectd.running, pid=77, since_boot=1.0, version="5.12")
    assert agents.agent.apply(spec(1, memory=True, swap=False)).outcome == "applied"
    agents.drivers[0].hangs = True
    return agents


@pytest.fixture
def agent(agents: Agents) -> Agent:
    return agents.agent


def test_nothing_is_off_because_nobody_answers(agent: Agent) -> None:
    status = agent.status()
    assert {name: (item.enabled, item.health) for name, item in status.plugins.items()} == {
        "memory": (True, "unknown"),
        "swap": (False, "unknown"),
    }
    assert status.warnings == ("collectd runs (pid 77) and does not answer.",)
    assert (status.outcome, status.quarantine, status.daemon["version"]) == ("applied", None, None)


def test_nor_is_it_so_for_an_agent_that_never_heard_it(agent: Agent) -> None:
    agent.service.reporter._picture._answered = Running()
    assert agent.status().plugins["memory"].enabled


def test_what_is_asked_of_it_says_so(agent: Agent) -> None:
    reads, said = agent.service.endpoint._reads, Notification("okay", "hello")
    for ask in (lambda: reads.flush(Flush("memory"), "req-1"), lambda: reads.notify(said, "req-1")):
        with pytest.raises(exception.DaemonUnreachable, match=r"runs \(pid 77\) and does not answer"):
            ask()
    with pytest.raises(exception.DaemonUnreachable):
        agent.service.endpoint._preflight.preview(spec(2, cpu=True), 1.0)
    explanation = agent.service.endpoint._explain.explain("c1.example.org/memory/memory-used")
    assert explanation.link == "daemon_silent"


def test_it_is_left_alone(agent: Agent) -> None:
    before = agent.collectd.running
    for _ in range(3):
        agent.service.keeper.look()
    assert agent.collectd.running == before


def test_a_spec_that_met_it_is_not_tried_before_it_answers(agents: Agents) -> None:
    """Each try would wait for it, with everybody else behind that."""
    agent, driver = agents.agent, agents.drivers[0]
    assert agent.apply(spec(2, cpu=True)).outcome == "applying"
    for _ in range(2):
        driver.observed = 0
        agent.service.applier.apply(spec(2, cpu=True))
        agent.service.keeper.look()
        assert driver.observed == 1
    driver.hangs = False
    agent.service.keeper.look()
    assert (agent.status().outcome, agent.enabled()) == ("applied", {"cpu"})


def test_when_it_has_hung_for_long_the_spec_has_failed(agents: Agents) -> None:
    agent, now = agents.agent, 0.0
    agent.service.applier._silence = Silence(lambda: now)
    assert agent.apply(spec(2, cpu=True)).outcome == "applying"
    now = LASTING
    agent.service.keeper.look()
    status = agent.status()
    assert status.error is not None
    assert (status.outcome, status.error["code"]) == ("failed", "timeout")


class Asked(Hanging):
    """Notes how long it may wait for the daemon to say what it can do."""

    def offer(self) -> Any:
        if self.hangs:
            with waiting(10.0, ()) as seconds:
                self.waits.append(seconds)
        return super().offer()


def test_a_restart_that_is_asked_for_is_made_and_waits_for_it_no_more_than_a_look(tmp_path: Path) -> None:
    made: list[Asked] = []

    def make(settings: DriverSettings, daemon: FakeDaemon) -> Asked:
        made.append(Asked(settings, daemon))
        return made[0]

    agent = Agent(tmp_path, live=make, drivers=2).recover()
    agent.collectd.running = replace(agent.collectd.running, pid=77, since_boot=1.0, version="5.12")
    assert agent.apply(spec(1, memory=True)).outcome == "applied"
    made[0].hangs, made[0].waits = True, []
    layer = Layer(HOST, {"memory": PluginSetting(True)}, Counters(daemon_restarts=1))
    applied = agent.service.applier._carrier.take_up(HostSpec(Generation("e", 2), (layer,)))
    assert (applied.driver, applied.restarted, agent.enabled()) == ("fake", True, {"memory"})
    assert set(made[0].waits) == {LOOK}


def following(directory: Path, collectd: FakeDaemon, hangs: bool = True) -> tuple[Agent, Hanging]:
    """The next agent, which finds it so."""
    made: list[Hanging] = []

    def make(settings: DriverSettings, daemon: FakeDaemon) -> Hanging:
        made.append(Hanging(settings, daemon))
        made[0].hangs = hangs
        return made[0]

    return Agent(directory, collectd, live=make, drivers=1).recover(), made[0]


@pytest.mark.parametrize(("hangs", "waits"), [(True, LOOK), (False, 10.0)])
def test_an_agent_that_is_started_meanwhile_waits_for_it_once(
    agents: Agents, tmp_path: Path, hangs: bool, waits: float
) -> None:
    _, driver = following(tmp_path, agents.agent.collectd, hangs)
    assert driver.waits == [waits]


def test_it_goes_on_with_the_patience_of_the_one_before(agents: Agents, tmp_path: Path) -> None:
    assert agents.agent.apply(spec(2, cpu=True)).outcome == "applying"
    agent, driver = following(tmp_path, agents.agent.collectd)
    assert agent.apply(spec(2, cpu=True)).outcome == "applying"
    driver.hangs = False
    agent.service.keeper.look()
    assert (agent.status().outcome, agent.enabled()) == ("applied", {"cpu"})


def test_so_does_what_was_cut_off(tmp_path: Path) -> None:
    agent = Agent(tmp_path).recover()
    agent.collectd.running = replace(agent.collectd.running, pid=77, since_boot=1.0, version="5.12")
    with pytest.raises(Killed):
        Agent(tmp_path, agent.collectd, fault=killer(faults.ACTING)).recover().apply(spec(1, cpu=True))
    agent, driver = following(tmp_path, agent.collectd)
    assert agent.status().outcome == "applying"
    driver.hangs = False
    agent.service.keeper.look()
    assert (agent.status().outcome, agent.enabled()) == ("applied", {"cpu"})


class Told:
    def __init__(self) -> None:
        self.beats: list[Any] = []

    def heartbeat(self, heartbeat: dict[str, Any]) -> None:
        self.beats.append(heartbeat["seq"])

    def status(self, status: object) -> None:
        pass


class Stuck(Sweep):
    """Its second look does not come back before somebody says so."""

    def __init__(self, agent: Agent, directory: Path) -> None:
        super().__init__(agent.service._ladder, lambda: True, str(directory), agent.service.reach)
        self.looks = 0
        self.goes_on = threading.Event()

    def refresh(self) -> None:
        self.looks += 1
        if self.looks > 1:
            self.goes_on.wait(PATIENCE)


def test_heartbeats_wait_for_no_look(agent: Agent, tmp_path: Path) -> None:
    told, stop, sweep = Told(), threading.Event(), Stuck(agent, tmp_path)
    reporter = Reporter(agent.service.reporter._picture, sweep, told, 0.05)
    threads = [threading.Thread(target=job, args=(stop,)) for job in (reporter.run, reporter.live)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: sweep.looks == 2)
        before = len(told.beats)
        eventually(lambda: len(told.beats) > before + 2)
        # Each is later than the one before: the same once more would count as an old one.
        assert told.beats == sorted(set(told.beats))
        assert sweep.looks == 2
    finally:
        stop.set()
        sweep.goes_on.set()
        for thread in threads:
            thread.join(PATIENCE)
