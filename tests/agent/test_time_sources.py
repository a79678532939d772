# SPDX-License-Identifier: Apache-2.0
"""Real time daemons: chronyd, the ntpd of NTPsec, systemd-timesyncd. None of them can set the machine's clock."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.clock import Clock
from collectd_mgr.agent.time_sources.base import TimeSettings, load
from collectd_mgr.agent.time_sources.chrony import Chrony
from collectd_mgr.domain.clock import TimeReport
from tests.services import place, timekeepers
from tests.services.timekeepers import UNPACKED, Chronyd, NtpServer, near
from tests.unit.agent.agents import Agent
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


def settings(chronyd: Chronyd, allow_step: bool = False) -> TimeSettings:
    program = str(UNPACKED / "usr/bin/chronyc")
    return TimeSettings(("chrony",), allow_step, chronyc=program, chrony_address=chronyd.socket)


def report(chronyd: Chronyd, wanted: Callable[[TimeReport], bool]) -> TimeReport:
    return timekeepers.report(Chrony(settings(chronyd)), wanted)


def _later_than(moment: float) -> Callable[[TimeReport], bool]:
    return lambda report: (report.last_update or 0.0) > moment


@pytest.fixture(scope="module")
def reference() -> Iterator[tuple[str, int]]:
    """A chronyd that serves the machine's own time."""
    address = ("127.0.0.2", place.free_port())
    chronyd = Chronyd(serve=address).start()
    yield address
    chronyd.close()


@pytest.fixture
def follower(reference: tuple[str, int]) -> Iterator[Chronyd]:
    chronyd = Chronyd(source=reference).start()
    yield chronyd
    chronyd.close()


@pytest.fixture
def late() -> Iterator[Chronyd]:
    """A chronyd whose reference is half a second ahead."""
    server = NtpServer(("127.0.0.3", 0), ahead=0.5)
    chronyd = Chronyd(source=server.address).start()
    yield chronyd
    chronyd.close()
    server.close()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path / "agent").recover()
    yield agent
    agent.service.stop()


def clock(agent: Agent, chronyd: Chronyd, allow_step: bool = False) -> Clock:
    told = settings(chronyd, allow_step)
    return Clock(agent.service.state, agent.service._ladder, told, load(told))


class TestChrony:
    def test_it_cannot_set_the_clock(self, follower: Chronyd) -> None:
        assert not follower.may_set_clocks

    def test_one_that_follows_another(self, follower: Chronyd) -> None:
        found = report(follower, lambda report: report.synchronised)
        assert (found.source, found.reference, found.stratum) == ("chrony", "127.0.0.2", 4)
        assert found.offset is not None
        assert found.error is not None
        assert found.last_update is not None
        assert abs(found.offset) < 0.1
        assert 0 < found.error < 10
        assert abs(found.last_update - time.time()) < 600

    def test_one_whose_reference_is_ahead_is_behind(self, late: Chronyd) -> None:
        found = report(late, near(-0.5, 0.1))
        assert found.offset == pytest.approx(-0.5, abs=0.1)

    def test_one_that_follows_nothing(self) -> None:
        alone = Chronyd().start()
        assert Chrony(settings(alone)).read() == TimeReport("chrony", False)
        alone.close()

    def test_one_that_has_ended(self, agent: Agent, follower: Chronyd) -> None:
        follower.close()
        reading = clock(agent, follower).reading()
        assert (reading.service, list(reading.silent)) == (None, ["chrony"])

    def test_a_sync_has_it_measure(self, agent: Agent, follower: Chronyd) -> None:
        report(follower, lambda report: report.synchronised)
        asked = clock(agent, follower).sync(step=False, patience=60.0)
        assert (asked["source"], asked["measured"]) == ("chrony", True)
        assert asked["request"].endswith("burst 4/8")

    def test_a_sync_makes_no_step_whatever_chrony_conf_says(self, agent: Agent) -> None:
        """It has not the right to, and says each time that it could not."""
        server = NtpServer(("127.0.0.4", 0), ahead=0.5)
        chronyd = Chronyd(source=server.address, more="makestep 0.01 -1").start()
        eventually(lambda: chronyd.steps() > 3)
        asked = clock(agent, chronyd).sync(step=False, patience=60.0)
        assert asked["measured"]
        steps, measured = chronyd.steps(), report(chronyd, lambda report: report.synchronised).last_update or 0.0
        for _ in range(5):
            measured = report(chronyd, _later_than(measured)).last_update or 0.0
        assert chronyd.steps() == steps
        chronyd.close()
        server.close()

    def test_where_steps_are_allowed_its_own_policy_stands(self, agent: Agent, follower: Chronyd) -> None:
        report(follower, lambda report: report.synchronised)
        asked = clock(agent, follower, allow_step=True).sync(step=False, patience=60.0)
        assert "makestep" not in asked["request"]

    def test_a_step_is_denied_by_default(self, agent: Agent, late: Chronyd) -> None:
        report(late, lambda report: report.synchronised)
        with pytest.raises(exception.ClockStepDenied):
            clock(agent, late).sync(step=True, patience=0.0)

    def test_a_step_that_chronyd_cannot_make_is_said_in_its_words(self, agent: Agent, late: Chronyd) -> None:
        """It lacks the right; that makestep is asked for at all is what can be tried here."""
        report(late, lambda report: report.synchronised)
        with pytest.raises(exception.ClockSyncFailed, match=r"makestep: 500 Failure"):
            clock(agent, late, allow_step=True).sync(step=True, patience=0.0)


def inside(module: str, directory: Path, *namespaces: str) -> dict[str, TimeReport]:
    """What ``module`` prints in namespaces of its own: reports of a daemon whose reference is 50 ms ahead."""
    run = [sys.executable, "-m", f"tests.agent.{module}", str(directory), "0.05"]
    command = ["unshare", "--user", "--map-root-user", "--net", *namespaces, "--kill-child", "--", *run]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name: TimeReport.from_dict(data) for name, data in json.loads(done.stdout).items()}


class TestNtpd:
    @pytest.fixture(scope="class")
    @classmethod
    def reports(cls, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TimeReport]:
        """At the start of a real ntpd, and when it follows its server."""
        return inside("ntpd_inside", tmp_path_factory.mktemp("ntpd"))

    def test_at_its_start(self, reports: dict[str, TimeReport]) -> None:
        assert reports["first"] == TimeReport("ntpd", False, sync_steps=True)

    def test_one_that_follows_a_server(self, reports: dict[str, TimeReport]) -> None:
        found = reports["synchronised"]
        assert (found.reference, found.stratum) == ("10.99.0.2", 3)
        assert found.offset == pytest.approx(-0.05, abs=0.02)
        assert found.error is not None
        assert 0 < found.error < 10
        assert found.last_update is not None
        assert abs(found.last_update - time.time()) < 600
        # It was restarted for a sync, which might find something else.
        assert found.sync_steps


def test_timesyncd(tmp_path: Path) -> None:
    found = inside("timesyncd_inside", tmp_path, "--mount")["synchronised"]
    assert (found.reference, found.stratum) == ("127.0.0.1", 3)
    assert found.offset == pytest.approx(-0.05, abs=0.02)
    assert found.error is not None
    assert 0 < found.error < 10
    assert found.last_update is not None
    assert abs(found.last_update - time.time()) < 600
    assert found.sync_steps
