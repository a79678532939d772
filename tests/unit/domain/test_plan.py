# SPDX-License-Identifier: Apache-2.0
"""plan() on every pair of what runs and what should run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectd_mgr.domain import plan, sections
from collectd_mgr.domain.plan import Running, RunningPlugin
from collectd_mgr.domain.servants import SERVANTS
from collectd_mgr.domain.spec import Goal, PluginGoal

CONFIG = {"ReportByCpu": False}
DIGEST = PluginGoal(True, config=CONFIG).config_digest()
NO_CONFIG = PluginGoal(True).config_digest()
ON = RunningPlugin(loaded=True, enabled=True, config_digest=NO_CONFIG)
OFF = RunningPlugin(loaded=True, enabled=False, config_digest=NO_CONFIG)


def kinds(now: RunningPlugin | None, goal: PluginGoal | None) -> list[str]:
    running = Running(pid=1, plugins={} if now is None else {"cpu": now})
    wanted = Goal({} if goal is None else {"cpu": goal})
    return [change.kind for change in plan.plan(running, wanted)]


@pytest.mark.parametrize(
    ("now", "goal", "expected"),
    [
        (None, None, []),
        (None, PluginGoal(False), []),
        (None, PluginGoal(True), [plan.LOAD]),
        (ON, PluginGoal(True), []),
        (ON, PluginGoal(False), [plan.DISABLE]),
        (ON, None, [plan.DISABLE]),
        (OFF, None, []),
        (OFF, PluginGoal(False), []),
        (OFF, PluginGoal(True), [plan.ENABLE]),
        (OFF, PluginGoal(True, interval=1), [plan.ENABLE]),
        (ON, PluginGoal(True, interval=1), [plan.INTERVAL]),
        (ON, PluginGoal(True, restarts=1), [plan.RESTART]),
        (ON, PluginGoal(True, interval=1, restarts=1), [plan.RESTART]),
        (ON, PluginGoal(True, config=CONFIG), [plan.RECONFIGURE]),
        (OFF, PluginGoal(True, config=CONFIG), [plan.RECONFIGURE]),
        (RunningPlugin(True, False, config_digest=DIGEST), PluginGoal(True, config=CONFIG), [plan.ENABLE]),
        (RunningPlugin(True, True), PluginGoal(True, origin="host"), []),
        (RunningPlugin(True, False), PluginGoal(True, origin="host"), [plan.ENABLE]),
        (RunningPlugin(True, True), PluginGoal(False, origin="host"), [plan.DISABLE]),
    ],
)
def test_a_plugin(now: RunningPlugin | None, goal: PluginGoal | None, expected: list[str]) -> None:
    assert kinds(now, goal) == expected


@pytest.mark.parametrize("servant", SERVANTS)
@pytest.mark.parametrize("needed", [True, False])
class TestAServant:
    """What comes with a section, by itself or with a setting that an earlier release let in."""

    def kinds(self, servant: str, needed: bool, now: RunningPlugin, wanted: PluginGoal | None = None) -> list[str]:
        section = {SERVANTS[servant]: {"x": {"type": "load"}}} if needed else {}
        given = {name: sections.digest(settings) for name, settings in section.items()}
        running = Running(pid=1, plugins={servant: now}, sections=given)
        plugins = {} if wanted is None else {servant: wanted}
        return [change.kind for change in plan.plan(running, Goal(plugins, sections=section))]

    def test_of_its_section_alone_has_nothing_to_switch_off(self, servant: str, needed: bool) -> None:
        loaded = RunningPlugin(loaded=True, enabled=True)
        assert self.kinds(servant, needed, loaded) == []
        assert self.kinds(servant, needed, loaded, PluginGoal(False)) == []

    def test_that_had_a_setting_is_not_left_with_it(self, servant: str, needed: bool) -> None:
        change = plan.RECONFIGURE if needed else plan.DISABLE
        for digest in (DIGEST, NO_CONFIG):
            given = RunningPlugin(True, True, config_digest=digest)
            assert self.kinds(servant, needed, given) == [change]
            assert self.kinds(servant, needed, given, PluginGoal(False)) == [change]

    def test_goes_on_with_a_setting_that_is_not_taken_away(self, servant: str, needed: bool) -> None:
        given = RunningPlugin(True, True, config_digest=DIGEST)
        assert self.kinds(servant, needed, given, PluginGoal(True, config=CONFIG)) == []


def test_the_daemon_counters() -> None:
    found = plan.plan(Running(pid=1, reloads=1, daemon_restarts=0), Goal({}, reloads=2, daemon_restarts=1))
    assert [change.kind for change in found] == [plan.RESTART_DAEMON, plan.RELOAD]


def test_a_daemon_is_replaced_unless_it_is_started_anyway() -> None:
    goal = Goal({}, daemon_replacements=2)
    for running, wanted, kinds in (
        (Running(pid=1, daemon_replacements=1), goal, [plan.REPLACE_DAEMON]),
        (Running(pid=1, daemon_replacements=2), goal, []),
        (Running(pid=1), replace(goal, daemon_restarts=1), [plan.RESTART_DAEMON]),
        (Running(), goal, []),
    ):
        assert [change.kind for change in plan.plan(running, wanted)] == kinds


def test_what_goes_off_comes_first() -> None:
    goal = Goal({"a": PluginGoal(True), "z": PluginGoal(False)})
    found = plan.plan(Running(pid=1, plugins={"z": ON}), goal)
    assert [str(change) for change in found] == ["plugin.disable z", "plugin.load a"]


def test_running_survives_json() -> None:
    running = Running(7, 1.5, "5.12.0", {"cpu": ON}, 1, 2)
    assert Running.from_dict(running.to_dict()) == running
