# SPDX-License-Identifier: Apache-2.0
"""A live change whose answer never came: done, not done, or died of, it is what is seen afterwards that counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.silence import LASTING, Silence
from collectd_mgr.domain.spec import Generation, Goal
from collectd_mgr.drivers.base import Applied, DriverSettings, Order
from collectd_mgr.drivers.fake import FakeDaemon
from tests.unit.agent.agents import Agent, Live, spec

TIMEOUT = exception.RequestTimeout("no answer", maybe_executed=True)


class Deaf(Live):
    """Does what it is told, or not, and nobody hears of it."""

    def __init__(self, settings: DriverSettings, daemon: FakeDaemon, does: bool) -> None:
        super().__init__(settings, daemon)
        self.does = does
        self.deaf = True

    def apply(self, order: Order) -> Applied:
        if self.does or not self.deaf:
            applied = super().apply(order)
        if self.deaf:
            self.deaf = False
            raise TIMEOUT
        return applied


@pytest.fixture
def deaf(tmp_path: Path) -> Callable[[bool], Agent]:
    def make(does: bool) -> Agent:
        agent = Agent(tmp_path, live=lambda settings, daemon: Deaf(settings, daemon, does)).recover()
        status = agent.apply(spec(1, memory=True))
        assert status.error is not None
        assert (status.outcome, status.error["code"], status.quarantine) == ("applying", "timeout", None)
        return agent

    return make


@pytest.mark.parametrize("does", [True, False])
def test_it_is_settled_by_what_is_seen(deaf: Callable[[bool], Agent], does: bool) -> None:
    agent = deaf(does)
    assert agent.enabled() == ({"memory"} if does else set())
    agent.service.keeper.look()
    status = agent.status()
    assert (status.outcome, status.error, agent.enabled()) == ("applied", None, {"memory"})
    if does:
        # The way back had taken it off the disk.
        assert agent.collectd.prepared is not None
        assert agent.collectd.prepared.plugins["memory"].enabled


def test_so_it_is_when_it_is_sent_again(deaf: Callable[[bool], Agent]) -> None:
    agent = deaf(False)
    assert agent.apply(spec(1, memory=True)).outcome == "applying"
    agent.service.keeper.look()
    assert agent.status().outcome == "applied"


def test_it_is_refused_where_nothing_may_be_done_any_more(deaf: Callable[[bool], Agent], tmp_path: Path) -> None:
    agent = deaf(False)
    (tmp_path / "mode").write_text("off")
    agent.service.keeper.look()
    with pytest.raises(exception.HostNotManaged):
        agent.apply(spec(1, memory=True))


def test_it_is_not_done_again_in_a_daemon_that_came_after_a_death(deaf: Callable[[bool], Agent]) -> None:
    """Whoever runs collectd has started it again, and the spec is sent again, before anybody looks."""
    agent = deaf(True)
    agent.collectd.die()
    agent.collectd.start(Goal())
    assert agent.apply(spec(1, memory=True)).outcome == "applying"
    assert agent.enabled() == set()
    agent.service.keeper.look()
    status = agent.status()
    assert status.error is not None
    assert (status.outcome, status.error["code"]) == ("failed", "daemon_died")


def test_a_later_spec_overtakes_it(deaf: Callable[[bool], Agent]) -> None:
    agent = deaf(False)
    assert agent.apply(spec(2, cpu=True)).outcome == "applied"
    assert agent.enabled() == {"cpu"}


def test_a_death_meanwhile_is_a_death_of_it(deaf: Callable[[bool], Agent]) -> None:
    agent = deaf(True)
    agent.collectd.die()
    agent.service.keeper.look()
    status = agent.status()
    assert status.error is not None
    assert (status.outcome, status.error["code"]) == ("failed", "daemon_died")
    assert status.quarantine is not None


def test_the_next_agent_settles_it_too(deaf: Callable[[bool], Agent], tmp_path: Path) -> None:
    agent = deaf(True)
    agent.service.keeper.look()
    following = Agent(tmp_path, agent.collectd).recover()
    assert following.status().outcome == "applied"


def test_a_silence_that_lasts_is_a_failure() -> None:
    now = 0.0
    silence = Silence(lambda: now)
    asked = spec(1, memory=True)
    assert silence.may_end(TIMEOUT, "live", asked, "req-1")
    now = LASTING + 1
    assert not silence.may_end(TIMEOUT, "live", asked, "req-1")
    later = replace(asked, generation=Generation("e", 2))
    assert silence.may_end(TIMEOUT, "live", later, "req-2")


def test_a_restart_has_its_own_way_back() -> None:
    assert not Silence().may_end(TIMEOUT, "restart", spec(1, memory=True), "req-1")


def test_one_that_never_answered_is_not_waited_for() -> None:
    never = exception.DaemonUnreachable("no extension", maybe_executed=False)
    assert not Silence().may_end(never, None, spec(1, memory=True), "req-1")
