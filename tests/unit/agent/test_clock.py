# SPDX-License-Identifier: Apache-2.0
"""The clocks of a host, with time services that say what a test wants them to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.clock import Clock
from collectd_mgr.agent.time_sources.base import NAMESPACE, Silent, TimeSettings, TimeSource, load
from collectd_mgr.domain.clock import TimeReport
from tests.unit.agent.agents import Agent, spec


class Service(TimeSource):
    """Follows a reference; each correction is a measurement."""

    name = "service"

    def __init__(self, settings: TimeSettings | None = None, report: TimeReport | None = None) -> None:
        self.report = report
        self.asked: list[bool] = []

    def read(self) -> TimeReport:
        if self.report is None:
            raise Silent("it does not run")
        return self.report

    def correct(self, step: bool) -> str:
        assert self.report is not None
        self.asked.append(step)
        self.report = replace(self.report, last_update=time.time())
        return "correct"


REPORT = TimeReport("service", True, "192.0.2.1", 3, 0.05, 0.01, 1000.0)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path / "agent").recover()
    yield agent
    agent.service.stop()


def clock(agent: Agent, *sources: TimeSource, allow_step: bool = False) -> Clock:
    return Clock(agent.service.state, agent.service._ladder, TimeSettings(allow_step=allow_step), sources)


def test_the_clocks(agent: Agent) -> None:
    before = time.time()
    reading = clock(agent).reading()
    assert before <= reading.received <= reading.answered <= time.time()
    assert reading.monotonic == pytest.approx(time.clock_gettime(time.CLOCK_MONOTONIC), abs=5)
    assert reading.boottime >= reading.monotonic
    assert len(reading.boot_id) == 36
    assert (reading.interval, reading.grid, reading.service) == (10.0, (), None)


def test_the_first_service_that_answers_is_the_hosts(agent: Agent) -> None:
    reading = clock(agent, Service(), Service(report=REPORT)).reading()
    assert (reading.service, dict(reading.silent)) == (REPORT, {"service": "it does not run"})


def test_when_plugins_are_read(agent: Agent) -> None:
    Path(agent.service._settings.daemon.config_file).write_text('Hostname "c1.example.org"\n')
    agent.apply(spec(1, memory=1.0))
    agent.service.state.see_origin(agent.collectd.running, again=True)
    reading = clock(agent).reading()
    while not reading.grid:
        time.sleep(0.1)
        reading = clock(agent).reading()
    (line,) = reading.grid
    assert (line["plugin"], line["interval"], reading.interval) == ("memory", 1.0, 1.0)
    assert 0 <= line["next"] - line["last"] <= 2.0
    assert reading.future == 0


def test_a_sync_waits_for_a_measurement(agent: Agent) -> None:
    service = Service(report=REPORT)
    asked = clock(agent, service).sync(step=False, patience=5.0)
    assert asked == {"source": "service", "request": "correct", "step": False, "measured": True}
    assert service.asked == [False]


@pytest.mark.parametrize(("step", "steps"), [(True, False), (False, True)])
def test_a_step_is_denied_by_default_whoever_would_make_it(agent: Agent, step: bool, steps: bool) -> None:
    service = Service(report=replace(REPORT, sync_steps=steps))
    with pytest.raises(exception.ClockStepDenied) as refused:
        clock(agent, service).sync(step, patience=0.0)
    assert refused.value.kwargs == {"source": "service", "offset": 0.05}
    assert service.asked == []
    assert clock(agent, service, allow_step=True).sync(step, patience=0.0)["step"] is step
    assert service.asked == [step]


def test_nobody_to_ask(agent: Agent) -> None:
    with pytest.raises(exception.NoTimeSource, match="it does not run"):
        clock(agent, Service()).sync(step=False, patience=0.0)
    with pytest.raises(exception.NoTimeSource, match="configured"):
        clock(agent).sync(step=False, patience=0.0)


def test_an_observed_host_is_not_changed(tmp_path: Path) -> None:
    agent, service = Agent(tmp_path / "agent", mode="observe"), Service(report=REPORT)
    with pytest.raises(exception.HostNotManaged):
        clock(agent, service).sync(step=False, patience=0.0)
    assert service.asked == []
    agent.service.stop()


def test_the_shipped_sources_load_in_the_order_of_the_configuration() -> None:
    names = ("timesyncd", "chrony", "ntpd")
    assert tuple(source.name for source in load(TimeSettings(sources=names))) == names


def test_one_that_is_not_there() -> None:
    with pytest.raises(exception.NoTimeSource, match="sundial"):
        load(TimeSettings(sources=("sundial",)))
    assert NAMESPACE == "collectd_mgr.time_sources"
