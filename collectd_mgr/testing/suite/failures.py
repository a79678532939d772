# SPDX-License-Identifier: Apache-2.0
"""What is refused or fails touches nothing: not the daemon, not what a start of it would run."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.testing.suite.changes import CPU, MEMORY, OFF
from collectd_mgr.testing.suite.rig import Rig

__all__ = [
    "test_a_config_that_cannot_be_written_touches_nothing",
    "test_a_plugin_that_is_not_installed_touches_nothing",
    "test_a_refused_change_touches_nothing",
    "test_a_rejected_config_touches_nothing",
]


def test_a_rejected_config_touches_nothing(rig: Rig) -> None:
    """And the driver goes on."""
    rig.reach(rig.goal({"memory": MEMORY}))
    goal = rig.goal({"memory": OFF, "cpu": PluginGoal(True, config=rig.rejected)})
    error = rig.refuses(rig.order(goal), exception.ConfigRejected)
    assert error.kwargs["messages"]
    rig.reach(rig.goal({"memory": OFF, "cpu": CPU}))


def test_a_plugin_that_is_not_installed_touches_nothing(rig: Rig) -> None:
    goal = rig.goal({"memory": MEMORY, "nosuchplugin": PluginGoal(True)})
    running = rig.driver.observe()
    refusals = [rig.driver.refusal(change, running) for change in rig.order(goal).plan]
    expected = exception.LiveRefused if any(refusals) else exception.PluginNotLoadable
    assert rig.refuses(rig.order(goal), expected).kwargs["plugin"] == "nosuchplugin"


def test_a_config_that_cannot_be_written_touches_nothing(rig: Rig) -> None:
    for config in ({"Two words": 1}, {"ReportByCpu": "\0"}, "<Plugin cpu>", [1]):
        order = rig.order(rig.goal({"memory": MEMORY, "cpu": PluginGoal(True, config=config)}))
        rig.refuses(order, exception.BadGrammar if isinstance(config, str) else exception.BadConfig)


def test_a_refused_change_touches_nothing(rig: Rig) -> None:
    """``csv`` is the operator's, and writes, whatever its reads."""
    order = rig.order(rig.goal({"memory": MEMORY, "csv": PluginGoal(False, origin="host")}))
    refusals = [rig.driver.refusal(change, rig.driver.observe()) for change in order.plan]
    if not any(refusals):
        assert not plan.plan(rig.driver.apply(order).running, order.goal)
        return
    before = rig.state()
    with pytest.raises((exception.LiveRefused, exception.NotCapable)):
        rig.driver.apply(order)
    assert rig.state() == before
