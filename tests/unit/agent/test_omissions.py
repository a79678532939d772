# SPDX-License-Identifier: Apache-2.0
"""What is left out, and of what it is not."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.omissions import Omissions
from collectd_mgr.domain.plan import Running, RunningPlugin
from collectd_mgr.domain.spec import Goal, PluginGoal

LACKING = exception.PluginNotLoadable("It is gone.", plugin="mysql", message="gone")
MYSQL, OFF = Goal({"mysql": PluginGoal(True)}), Goal({"mysql": PluginGoal(False)})
RUNS = Running(1, plugins={"mysql": RunningPlugin(True, True)})


@pytest.mark.parametrize(
    ("error", "goal", "than", "running"),
    [
        pytest.param(LACKING, MYSQL, Goal(), Running(1), id="news"),
        pytest.param(LACKING, MYSQL, Goal({"mysql": PluginGoal(True, 5.0)}), Running(1), id="another interval"),
        pytest.param(LACKING, OFF, OFF, Running(1), id="not wanted"),
        pytest.param(LACKING, MYSQL, MYSQL, RUNS, id="it runs"),
        pytest.param(exception.Busy("collectd is stopping"), MYSQL, MYSQL, Running(1), id="about no plugin"),
    ],
)
def test_what_is_not_left_out(error: exception.CollectdMgrError, goal: Goal, than: Goal, running: Running) -> None:
    omissions = Omissions()
    assert not omissions.add(error, goal, than, running)
    assert omissions.within(goal) is goal


def test_once_is_enough() -> None:
    omissions = Omissions()
    assert omissions.add(LACKING, MYSQL, MYSQL, Running(1, plugins={"mysql": RunningPlugin(True, False)}))
    assert not omissions.add(LACKING, MYSQL, MYSQL, Running(1))
    assert omissions.of(MYSQL) == {"mysql": "It is gone."}
    assert omissions.within(MYSQL) == OFF
    assert omissions.of(OFF) == {}


def test_another_setting_is_tried() -> None:
    omissions = Omissions()
    omissions.add(LACKING, MYSQL, MYSQL, Running(1))
    omissions.forget(MYSQL, MYSQL)
    assert omissions.of(MYSQL)
    omissions.forget(Goal({"mysql": PluginGoal(True, restarts=1)}), MYSQL)
    assert not omissions.of(MYSQL)


def test_they_are_taken_now_and_then_and_put_back() -> None:
    omissions = Omissions()
    assert not omissions.take(0.0)
    omissions.add(LACKING, MYSQL, MYSQL, Running(1))
    taken = omissions.take(0.0)
    assert (taken, omissions.of(MYSQL)) == ({"mysql": "It is gone."}, {})
    omissions.omit(taken)
    assert not omissions.take(0.5)
    assert omissions.take(1.0) == taken
