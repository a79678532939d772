# SPDX-License-Identifier: Apache-2.0
"""Clocks that are measured over the bus, and what the records keep of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.control.clocks import Clocks
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db.hosts import Filters
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain import clock
from collectd_mgr.domain.clock import Reading, TimeReport
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import agent
from collectd_mgr.rpc.status import Reports

HOST = "c1.example.org"


class Timekeeper:
    """An agent that has a clock, ``ahead`` seconds before ours, and a service that puts it right when asked."""

    target = agent.TARGET

    def __init__(self) -> None:
        self.ahead, self.refuse = 0.0, False
        self.reading = Reading(0.0, 0.0, 1.0, 2.0, "boot", 10.0)

    @agent.expected
    def clock(self, context: dict[str, Any]) -> dict[str, Any]:
        now = time.time() + self.ahead
        service = TimeReport("chrony", True, offset=self.ahead)
        return replace(self.reading, received=now, answered=now, service=service).to_dict()

    @agent.expected
    def clock_sync(self, context: dict[str, Any], step: bool, patience: float) -> dict[str, Any]:
        if self.refuse:
            raise exception.ClockStepDenied("not here", source="chrony", offset=self.ahead)
        self.ahead = 0.0
        return {"source": "chrony", "request": "burst", "step": step, "measured": True}


@pytest.fixture
def host(bus: Any, control: HostControl) -> Iterator[Timekeeper]:
    control.receive(Reports(statuses=(HostStatus(HOST, 1, 1),)))
    timekeeper = Timekeeper()
    server = agent.server(bus, HOST, timekeeper)
    server.start()
    yield timekeeper
    server.stop()
    server.wait()


@pytest.fixture
def clocks(control: HostControl) -> Clocks:
    return Clocks(control.database, control.agents)


def found(control: HostControl, *states: str) -> list[str]:
    return [row.name for row in control.listed(Filters(clocks=states), Paging(10))]


@pytest.mark.parametrize(("ahead", "state"), [(0.0, clock.GOOD), (60.0, clock.AHEAD), (-60.0, clock.BEHIND)])
def test_a_measurement_is_kept(
    host: Timekeeper, control: HostControl, clocks: Clocks, ahead: float, state: str
) -> None:
    assert found(control, clock.UNKNOWN) == [HOST]
    host.ahead = ahead
    measured = clocks.measure(HOST)
    assert abs(measured.exchange.offset - ahead) <= measured.exchange.error + 0.001
    assert measured.state == state
    assert found(control, state) == found(control, *clock.STATES) == [HOST]
    row = control.get(HOST)
    assert row.clock_offset == pytest.approx(measured.exchange.offset)
    assert row.clock_error == pytest.approx(measured.exchange.error)


def test_a_daemon_that_refuses_is_found(host: Timekeeper, control: HostControl, clocks: Clocks) -> None:
    host.reading = replace(host.reading, future=3, until=time.time() + 60)
    clocks.measure(HOST)
    assert found(control, clock.REFUSING) == [HOST]


def test_a_sync_says_what_was_before_and_after(host: Timekeeper, control: HostControl, clocks: Clocks) -> None:
    host.ahead = 60.0
    before, asked, after = clocks.sync(HOST, step=False, request_id="req-1", timeout=30.0)
    assert (before.state, asked["request"], after.state) == (clock.AHEAD, "burst", clock.GOOD)
    assert found(control, clock.GOOD) == [HOST]


def test_a_step_that_is_denied_is_typed(host: Timekeeper, clocks: Clocks) -> None:
    host.refuse = True
    with pytest.raises(exception.ClockStepDenied) as denied:
        clocks.sync(HOST, step=True, request_id="req-1", timeout=30.0)
    assert (denied.value.status, denied.value.kwargs["source"]) == (403, "chrony")
