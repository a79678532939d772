# SPDX-License-Identifier: Apache-2.0
"""Many specs at once that need another daemon have one together; what can be done live waits for nobody."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.line import Line
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.drivers.base import Applied, DriverSettings, Order
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver
from collectd_mgr.drivers.process import look
from tests.unit.agent.agents import Agent, Live, spec
from tests.waiting import PATIENCE, eventually

ONE, OTHER = {"ReportByCpu": True}, {"ReportByCpu": False}


class Restart(FakeDriver):
    """Takes as long as the test wants."""

    name: ClassVar[str] = "restart"

    def __init__(self, settings: DriverSettings, daemon: FakeDaemon | None = None) -> None:
        super().__init__(settings, daemon)
        self.begun, self.go = threading.Event(), threading.Event()
        self.restarts = 0

    def apply(self, order: Order) -> Applied:
        self.restarts += 1
        self.begun.set()
        assert self.go.wait(PATIENCE)
        return super().apply(order)


class Caller(threading.Thread):
    """One who sends a spec, and what he hears."""

    def __init__(self, agent: Agent, wanted: HostSpec) -> None:
        super().__init__()
        self._agent, self._wanted = agent, wanted
        self.stale: exception.StaleGeneration | None = None
        self.start()

    def run(self) -> None:
        try:
            self._agent.service.applier.apply(self._wanted)
        except exception.StaleGeneration as error:
            self.stale = error


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path / "agent", between=[Restart], drivers=2).recover()
    agent.apply(spec(1, cpu=ONE))
    yield agent
    driver(agent).go.set()
    agent.service.stop()


def driver(agent: Agent) -> Any:
    return agent.service._ladder.drivers[1]


def line(agent: Agent, **changes: Any) -> Line:
    agent.service.applier._line = found = Line(**changes)
    return found


def busy(agent: Agent) -> Caller:
    """Somebody whose restart is under way."""
    first = Caller(agent, spec(2, cpu=OTHER))
    assert driver(agent).begun.wait(PATIENCE)
    return first


def taken(agent: Agent) -> Generation:
    found = agent.service.state.memory.taken
    assert found is not None
    return found.generation


def test_those_that_come_in_a_restart_have_the_next_one_together(agent: Agent) -> None:
    waiting = line(agent)._waiting
    first = busy(agent)
    later = [Caller(agent, spec(n, cpu={"ReportByCpu": bool(n % 2), "N": n})) for n in range(3, 21)]
    eventually(lambda: len(waiting) == 19)
    driver(agent).go.set()
    for caller in (first, *later):
        caller.join()
    assert (driver(agent).restarts, taken(agent).n) == (2, 20)
    assert [caller.stale is None for caller in later] == [False] * 17 + [True]
    assert later[0].stale is not None
    assert later[0].stale.kwargs["generation"]["n"] <= 20


def test_one_that_met_a_restart_lets_others_come(agent: Agent) -> None:
    now = [0.0]
    waiting = line(agent, clock=lambda: now[0])._waiting
    first = busy(agent)
    second = Caller(agent, spec(3, cpu=ONE))
    eventually(lambda: len(waiting) == 2)
    driver(agent).go.set()
    first.join()
    # The clock stands still, so it waits for as long as it takes.
    third = Caller(agent, spec(4, cpu=ONE, memory=True))
    second.join()
    now[0] = 10.0
    third.join()
    assert (driver(agent).restarts, taken(agent).n) == (2, 4)
    assert (second.stale is None, third.stale) == (False, None)


def test_what_can_be_done_live_waits_for_nobody(agent: Agent) -> None:
    waiting = line(agent, clock=lambda: 0.0)._waiting
    first = busy(agent)
    live = Caller(agent, spec(3, cpu=OTHER, memory=True))
    eventually(lambda: len(waiting) == 2)
    driver(agent).go.set()
    for caller in (first, live):
        caller.join()
    assert (live.stale, taken(agent).n, agent.status().driver, driver(agent).restarts) == (None, 3, "live", 1)


def test_another_epoch_is_no_later_one(agent: Agent) -> None:
    places = Line()
    with places.joined(Generation("a", 7)), places.joined(Generation("b", 1)) as place:
        place.check()
        with places.joined(Generation("b", 2)), pytest.raises(exception.StaleGeneration, match="Generation 2 waits"):
            place.check()
        place.check()


def test_a_storm_without_an_end_is_bounded() -> None:
    now = [0.0]
    places = Line(lambda: now[0])
    with places.at_work():
        for n in range(8):
            now[0] = 0.4 * n
            with places.joined(Generation("a", n)) as place:
                assert place.gathers() == (now[0] < 2.0), n
    with places.at_work(), places.joined(Generation("a", 9)) as place:
        assert place.gathers()


class Watched(Live):
    """Counts how often its collectd is looked at."""

    looks: ClassVar[list[None]] = []

    def observe(self) -> Running:
        self.looks.append(None)
        return super().observe()


def test_one_live_change_after_the_other_looks_no_more_often_than_one(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "agent", live=Watched).recover()

    def looks(wanted: HostSpec) -> int:
        Watched.looks.clear()
        agent.service.applier.apply(wanted)
        return len(Watched.looks)

    line(agent, clock=lambda: 0.0)
    # A process that is there, whose end nobody has to ask for.
    here = look(os.getpid())
    assert here is not None
    agent.collectd.running = replace(agent.collectd.running, pid=here.pid, since_boot=here.since_boot)
    alone = looks(spec(1, cpu=True))
    assert looks(spec(2, cpu=True, memory=True)) == alone
    assert agent.service.state.memory.probation is not None
