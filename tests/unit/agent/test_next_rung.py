# SPDX-License-Identifier: Apache-2.0
"""What the live driver finds out only inside collectd is done by the next one, if there is one that can."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.drivers.base import Applied, Order
from tests.unit.agent.agents import BUSY, Agent, Live, spec


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path).recover()


def test_a_plugin_that_is_busy_is_changed_by_the_next_driver(agent: Agent) -> None:
    status = agent.apply(spec(1, memory=True, cpu=BUSY))
    assert (status.outcome, status.driver, status.error) == ("applied", "fake", None)
    assert agent.enabled() == {"memory", "cpu"}


def test_that_is_no_reason_to_leave_the_live_driver_afterwards(agent: Agent) -> None:
    agent.apply(spec(1, cpu=BUSY))
    status = agent.apply(spec(2, cpu=BUSY, memory=True))
    assert (status.outcome, status.driver, status.quarantine) == ("applied", "live", None)


def test_without_another_driver_the_error_is_the_first_ones(tmp_path: Path) -> None:
    agent = Agent(tmp_path, drivers=1).recover()
    status = agent.apply(spec(1, cpu=BUSY))
    assert status.error is not None
    assert (status.outcome, status.error["code"]) == ("failed", "busy")


class TooBusy(Live):
    """A second rung, for which everything is too busy."""

    name: ClassVar[str] = "replace"

    def apply(self, order: Order) -> Applied:
        raise exception.Busy("This machine is too slow now.")


class NotAtAll(TooBusy):
    """One that sees only then that it cannot."""

    def apply(self, order: Order) -> Applied:
        raise exception.NotCapable("There cannot be two of network.", capability=plan.LOAD, driver=self.name)


@pytest.mark.parametrize("between", [TooBusy, NotAtAll])
def test_where_the_next_one_finds_out_the_same_the_one_after_it_does_it(tmp_path: Path, between: type[Live]) -> None:
    agent = Agent(tmp_path, between=[between]).recover()
    status = agent.apply(spec(1, cpu=BUSY))
    assert (status.outcome, status.driver, status.error) == ("applied", "fake", None)
