# SPDX-License-Identifier: Apache-2.0
"""Every kind of change: it works where it is declared, and raises ``not_capable`` where it is not."""

from __future__ import annotations

import time

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.testing.suite.rig import FAST, Rig, await_

__all__ = [
    "test_a_new_interval_is_kept_to",
    "test_a_plugin_gives_values_while_it_is_enabled",
    "test_each_change_is_made_or_not_declared",
    "test_many_changes_in_one_order",
    "test_the_same_again_changes_nothing",
]

CPU = PluginGoal(True, config={"ReportByCpu": False})
MEMORY = PluginGoal(True, interval=FAST)
OFF = PluginGoal(False)

#: A change: what runs before it, and the goal that needs it.
_CASES = {
    plan.LOAD: ({}, {"memory": MEMORY}, {}),
    plan.DISABLE: ({"memory": MEMORY}, {"memory": OFF}, {}),
    plan.ENABLE: ({"load": PluginGoal(False, origin="host")}, {"load": PluginGoal(True, origin="host")}, {}),
    plan.INTERVAL: ({"memory": MEMORY}, {"memory": PluginGoal(True, interval=5.0)}, {}),
    plan.RESTART: ({"memory": MEMORY}, {"memory": PluginGoal(True, interval=FAST, restarts=1)}, {}),
    plan.RECONFIGURE: ({"cpu": CPU}, {"cpu": PluginGoal(True, config={"ReportByCpu": True})}, {}),
    plan.RELOAD: ({"cpu": CPU}, {"cpu": CPU}, {"reloads": 1}),
    plan.RESTART_DAEMON: ({"cpu": CPU}, {"cpu": CPU}, {"daemon_restarts": 1}),
    plan.REPLACE_DAEMON: ({"cpu": CPU}, {"cpu": CPU}, {"daemon_replacements": 1}),
}


@pytest.mark.parametrize("kind", plan.CHANGES)
def test_each_change_is_made_or_not_declared(rig: Rig, kind: str) -> None:
    before, after, counters = _CASES[kind]
    rig.reach(rig.goal(before))
    order = rig.order(rig.goal(after, **counters))
    assert [change.kind for change in order.plan] == [kind]
    if rig.declares(kind):
        assert not plan.plan(rig.driver.apply(order).running, order.goal)
    else:
        assert rig.driver.offer().missing[kind]
        assert rig.refuses(order, exception.NotCapable).kwargs["capability"] == kind


def test_a_plugin_gives_values_while_it_is_enabled(rig: Rig) -> None:
    """At its interval; and when it is enabled again."""
    rig.reach(rig.goal({"memory": MEMORY}))
    running = rig.running("memory")
    assert (running.enabled, running.interval, running.config_digest) == (True, FAST, MEMORY.config_digest())
    assert {row["interval"] for row in rig.values("memory").rows} == {FAST}
    rig.reach(rig.goal({"memory": OFF}))
    disabled = time.time()
    time.sleep(3 * FAST)
    assert rig.newest("memory") <= disabled
    enabled = time.time()
    rig.reach(rig.goal({"memory": MEMORY}))
    assert_newer(rig, enabled)


def test_a_new_interval_is_kept_to(rig: Rig) -> None:
    rig.reach(rig.goal({"memory": PluginGoal(True)}))
    assert rig.running("memory").interval is None
    changed = time.time()
    rig.reach(rig.goal({"memory": MEMORY}))
    assert_newer(rig, changed)
    rig.reach(rig.goal({"memory": PluginGoal(True)}))
    assert rig.running("memory").interval is None


def test_many_changes_in_one_order(rig: Rig) -> None:
    off, on = PluginGoal(False, origin="host"), PluginGoal(True, origin="host")
    rig.reach(rig.goal({"memory": MEMORY, "load": off}))
    rig.reach(rig.goal({"memory": OFF, "cpu": CPU, "load": on}))
    assert {name for name in ("memory", "cpu", "load") if is_on(rig, name)} == {"cpu", "load"}


def test_the_same_again_changes_nothing(rig: Rig) -> None:
    """Be it the same order, or another generation that wants nothing else."""
    order = rig.order(rig.goal({"memory": MEMORY, "cpu": CPU}))
    rig.driver.apply(order)
    before = rig.state()
    running = rig.driver.apply(order).running
    assert rig.state() == before
    applied = rig.reach(order.goal)
    assert (applied.running.pid, applied.restarted) == (running.pid, False)


def assert_newer(rig: Rig, moment: float) -> None:
    await_(lambda: rig.newest("memory") > moment)


def is_on(rig: Rig, plugin: str) -> bool:
    found = rig.driver.observe().plugins.get(plugin)
    return found is not None and found.enabled
