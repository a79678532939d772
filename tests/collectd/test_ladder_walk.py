# SPDX-License-Identifier: Apache-2.0
"""A random walk over goals, by whichever driver can: each is reached, and outlives the daemon.

``CM_LONG=1`` walks further, and another way as well.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.plan import plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Driver
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import Host, real_host

STEPS, SEEDS = (400, (1, 2)) if os.environ.get("CM_LONG") else (25, (1,))

PAGE = {"Page": {"args": "uptime", "URL": "file:///proc/uptime", "MeasureResponseTime": True}}

#: plugin -> the configurations to choose from
CONFIGS: dict[str, list[object]] = {
    "memory": [None],
    "swap": [None, {"ReportBytes": True}],
    "cpu": [{"ReportByCpu": False}, {"ReportByCpu": True}],
    "curl": [PAGE],
    "users": [None],
    "uuid": [None],
}

#: What is never taken: each step tries one of these now and then.
BAD = {
    "cpu": PluginGoal(True, config={"NoSuchOption": 1}),
    "turbostat": PluginGoal(True),
    "curl_json": PluginGoal(True),
    "nosuchplugin": PluginGoal(True),
}


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(LiveDriver) as host:
        yield host


class Walk:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.restarts = dict.fromkeys(CONFIGS, 0)
        self.daemon_restarts = 0

    def goal(self, rig: Rig) -> Goal:
        plugins = {name: self._plugin(name) for name in CONFIGS if self.random.random() < 0.8}
        load = PluginGoal(self.random.random() < 0.5, origin="host")
        self.daemon_restarts += self.random.random() < 0.05
        return Goal({**rig.origin, **plugins, "load": load}, daemon_restarts=self.daemon_restarts)

    def _plugin(self, name: str) -> PluginGoal:
        self.restarts[name] += self.random.random() < 0.1
        enabled, interval = self.random.random() < 0.7, self.random.choice([None, 0.5, 5.0])
        return PluginGoal(enabled, interval, self.random.choice(CONFIGS[name]), restarts=self.restarts[name])

    def spoiled(self, goal: Goal) -> Goal:
        name = self.random.choice(sorted(BAD))
        return Goal({**goal.plugins, name: BAD[name]}, daemon_restarts=goal.daemon_restarts)


def bring(ladder: Ladder, rig: Rig, goal: Goal) -> Driver:
    running = ladder.observe()
    driver = ladder.pick(plan(running, goal), running, {})
    rig.driver = driver
    rig.reach(goal)
    return driver


@pytest.mark.parametrize("seed", SEEDS)
def test_every_goal_is_reached_and_outlives_the_daemon(host: Host, seed: int) -> None:
    rig, walk = host.rig(), Walk(seed)
    restart = RestartDriver(host.settings)
    host.drivers.append(restart)
    ladder = Ladder([rig.driver, restart])
    used = set()
    for step in range(STEPS):
        goal = walk.goal(rig)
        used.add(bring(ladder, rig, goal).name)
        if step % 5 == 0:
            refuse(ladder, rig, walk.spoiled(goal))
        if step % 7 == 0:
            host.again()
            assert not plan(rig.driver.observe(), goal)
    assert used == {"live", "restart"}


def refuse(ladder: Ladder, rig: Rig, goal: Goal) -> None:
    before = rig.state()
    running = ladder.observe()
    with pytest.raises(exception.CollectdMgrError):
        ladder.pick(plan(running, goal), running, {}).apply(rig.order(goal))
    assert rig.state() == before
