# SPDX-License-Identifier: Apache-2.0
"""What is left out, and of what it is not."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import omissions
from collectd_mgr.domain.plan import Running, RunningPlugin
from collectd_mgr.domain.spec import Goal, PluginGoal

LACKING = exception.PluginNotLoadable("It is gone.", plugin="mysql", message="gone")
MYSQL, OFF = Goal({"mysql": PluginGoal(True)}), Goal({"mysql": PluginGoal(False)})
GONE = {"mysql": "It is gone."}
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
    assert omissions.found(error, goal, than, running) == {}


def test_what_is() -> None:
    for running in (Running(1), Running(1, plugins={"mysql": RunningPlugin(True, False)})):
        assert omissions.found(LACKING, MYSQL, MYSQL, running) == GONE
    assert omissions.of(MYSQL, GONE) == GONE
    assert omissions.of(OFF, GONE) == {}
    assert omissions.without(MYSQL, GONE) == OFF
    assert omissions.without(OFF, GONE) is OFF


def test_another_setting_is_tried() -> None:
    assert omissions.left(GONE, MYSQL, MYSQL) == GONE
    assert omissions.left(GONE, Goal({"mysql": PluginGoal(True, restarts=1)}), MYSQL) == {}
