# SPDX-License-Identifier: Apache-2.0
"""The daemon and the driver come and go, each without the other."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import capabilities
from collectd_mgr.domain.plan import plan
from collectd_mgr.domain.reads import Query
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.testing.suite.changes import CPU, MEMORY
from collectd_mgr.testing.suite.rig import Rig

__all__ = [
    "test_a_closed_driver_leaves_the_daemon_to_the_next_agent",
    "test_a_dead_daemon_is_seen",
    "test_the_installed_plugins_and_every_read_are_named",
    "test_the_state_of_the_next_daemon_can_be_prepared",
    "test_the_state_outlives_the_daemon",
]


def test_the_state_outlives_the_daemon(rig: Rig) -> None:
    goal = rig.goal(
        {
            "memory": PluginGoal(True, interval=2.0, restarts=3),
            "cpu": CPU,
            "load": PluginGoal(False, origin="host"),
            "swap": PluginGoal(False),
        }
    )
    before = rig.reach(goal).running
    rig.again()
    after = rig.driver.observe()
    assert (after.pid, after.started) != (before.pid, before.started)  # The first in a container is always 1.
    assert not plan(after, goal)


def test_the_state_of_the_next_daemon_can_be_prepared(rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    before, goal = rig.driver.observe(), rig.goal({"cpu": CPU})
    rig.driver.at_next_start(goal, "epoch/9")
    rig.driver.at_next_start(goal, "epoch/9")
    assert rig.driver.observe() == before
    rig.again()
    assert not plan(rig.driver.observe(), goal)


def test_a_dead_daemon_is_seen(rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    rig.kill()
    assert rig.driver.observe().pid is None
    assert not rig.driver.observe().plugins
    with pytest.raises(exception.DaemonUnreachable):
        rig.driver.values(Query())


def test_a_closed_driver_leaves_the_daemon_to_the_next_agent(rig: Rig) -> None:
    goal = rig.goal({"memory": MEMORY, "cpu": CPU})
    before = rig.reach(goal).running
    rig.driver.close()
    rig.driver.close()
    assert rig.driver.observe().pid == before.pid
    following = rig.another()
    assert following.recover().running == before
    assert following.recover().running == before
    assert not plan(following.observe(), goal)
    following.close()


def test_the_installed_plugins_and_every_read_are_named(rig: Rig) -> None:
    installed = rig.driver.installed()
    names = [row.plugin for row in installed]
    assert names == sorted(names)
    assert {"cpu", "memory", "load"} <= {row.plugin for row in installed if row.loadable}
    assert all(row.why_not for row in installed if not row.loadable)
    assert rig.driver.installed() == installed
    offer = rig.driver.offer()
    assert offer.driver == rig.driver.name
    assert set(capabilities.READS) <= offer.capabilities | set(offer.missing)
    assert not offer.capabilities & set(offer.missing)
