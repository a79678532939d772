# SPDX-License-Identifier: Apache-2.0
"""What kept collectd from starting is mended: nothing that was said of it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.drivers.base import Applied, DriverSettings, Order
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver
from tests.unit.agent.agents import Agent, spec
from tests.waiting import eventually

SAID = "collectd ended while it started."


class Broken(FakeDriver):
    """Starts nothing while ``broken``."""

    def __init__(self, settings: DriverSettings, daemon: FakeDaemon) -> None:
        super().__init__(settings, daemon)
        self.broken = False

    def apply(self, order: Order) -> Applied:
        if self.broken:
            raise exception.DaemonNotStarted(SAID, messages=[])
        return super().apply(order)


class Host:
    def __init__(self, directory: Path) -> None:
        self.drivers: list[Broken] = []
        self.agent = Agent(directory, live=self._made, drivers=1)
        self.driver.broken = False
        self.agent.recover()

    def _made(self, settings: DriverSettings, daemon: FakeDaemon) -> Broken:
        self.drivers.append(Broken(settings, daemon))
        return self.driver

    @property
    def driver(self) -> Broken:
        return self.drivers[0]

    def looked(self) -> HostStatus:
        self.agent.service.keeper.look()
        return self.agent.status()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    assert host.agent.apply(spec(1, memory=True)).outcome == "applied"
    return host


def outage(host: Host) -> None:
    host.driver.broken = True
    host.agent.collectd.die(by_somebody=True)
    eventually(lambda: SAID in host.looked().warnings)


def test_a_warning_of_an_outage_ends_with_it(host: Host) -> None:
    outage(host)
    host.driver.broken = False
    eventually(lambda: host.looked().daemon["pid"])
    assert host.looked().warnings == ()


def test_whoever_mends_it(host: Host) -> None:
    outage(host)
    host.agent.collectd.start(host.agent.service.state.goal(spec(1, memory=True)))
    assert host.looked().warnings == ()


def test_what_failed_for_it_is_applied_then(host: Host) -> None:
    outage(host)
    # As after a failure: what ran before is wanted again, by a new number.
    status = host.agent.apply(spec(2, memory=True))
    assert (status.outcome, (status.error or {})["code"]) == ("failed", "daemon_not_started")
    host.driver.broken = False
    eventually(lambda: host.looked().outcome == "applied")
    status = host.agent.status()
    assert (status.error, status.warnings, host.agent.enabled()) == (None, (), {"memory"})
    assert host.agent.service.state.memory.current == spec(2, memory=True)


def test_what_asked_for_more_stays_failed(host: Host) -> None:
    host.driver.broken = True
    assert host.agent.apply(spec(2, memory=True, cpu=True)).outcome == "failed"
    host.driver.broken = False
    assert (host.looked().outcome, host.agent.enabled()) == ("failed", {"memory"})
