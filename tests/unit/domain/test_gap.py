# SPDX-License-Identifier: Apache-2.0
"""What is said of the time in which nothing is read."""

from __future__ import annotations

from collectd_mgr.domain import gap
from collectd_mgr.domain.plan import Running, RunningPlugin
from collectd_mgr.domain.spec import Goal, PluginGoal

RUNNING = Running(
    1,
    plugins={
        "cpu": RunningPlugin(True, True, 1.0, slowest=4.0),
        "memory": RunningPlugin(True, True),
        "load": RunningPlugin(True, True),
        "df": RunningPlugin(True, False),
        "csv": RunningPlugin(True, True),
    },
)
GOAL = Goal({name: PluginGoal(name != "load") for name in ("cpu", "memory", "load", "df", "csv", "swap")})


def test_it_is_of_what_is_read_before_and_after() -> None:
    assert gap.plugins(RUNNING, GOAL, 10.0) == {"cpu": 4.0, "memory": 10.0}


def test_a_rate_comes_one_interval_later() -> None:
    (row,) = gap.expected(0.5, {"cpu": 4.0})["plugins"]
    assert row == {"plugin": "cpu", "interval": 4.0, "without_rate": 4.5}
    assert gap.expected(None, {"cpu": 4.0})["plugins"][0]["without_rate"] is None


def test_the_answer_names_length_plugins_and_reason() -> None:
    assert gap.told(0.256, ["cpu", "df"], {"live": "Not this one."}) == (
        "collectd was restarted: nothing was read of cpu, df for 0.26 s, and a rate needs one more interval. "
        "live could not do it: Not this one."
    )
    assert "p19 and 5 more for" in gap.told(1.0, [f"p{number}" for number in range(25)], {})
