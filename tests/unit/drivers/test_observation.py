# SPDX-License-Identifier: Apache-2.0
"""From what the extension reports to what the plan compares."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr.domain import managed
from collectd_mgr.domain.managed import Marker
from collectd_mgr.domain.plan import Running, RunningPlugin, plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.observation import running, runs

DIGEST = PluginGoal(True).config_digest()


def state(
    registered: bool = True, interval: float | None = 10.0, digest: str | None = None, stopping: bool = False
) -> dict[str, Any]:
    return {
        "loaded": True,
        "registered": registered,
        "interval": interval,
        "config_digest": digest,
        "stopping": stopping,
    }


def observed(goal: Goal | None = None, **plugins: dict[str, Any]) -> Running:
    status = {"pid": 7, "started": 1.5, "collectd_version": "5.12.0", "interval": 10.0, "plugins": plugins}
    return running({**status, "generation": None if goal is None else managed.marker(goal).to_text()})


def plugin(goal: Goal | None = None, name: str = "cpu", **facts: Any) -> RunningPlugin:
    return observed(goal, **{name: state(**facts)}).plugins[name]


def test_a_daemon_that_nobody_marked() -> None:
    assert observed(cpu=state()) == Running(7, 1.5, "5.12.0", {"cpu": RunningPlugin(True, True)})


def test_the_marker_says_what_the_process_was_given() -> None:
    goal = Goal({"cpu": PluginGoal(True, 2.0, {"ReportByCpu": False}, restarts=3)}, reloads=1, daemon_restarts=2)
    seen = observed(goal, cpu=state(interval=2.0))
    assert (seen.reloads, seen.daemon_restarts) == (1, 2)
    assert seen.plugins["cpu"] == RunningPlugin(True, True, 2.0, goal.plugins["cpu"].config_digest(), 3)
    assert not plan(seen, goal)


def test_an_interval_of_the_plugins_own_making_is_no_setting() -> None:
    """snmp reads each host at an interval from its own config: what was set is what the marker has."""
    goal = Goal({"snmp": PluginGoal(True, None)})
    assert plugin(goal, "snmp", interval=60.0).interval is None


def test_what_the_process_has_counts_where_it_was_set_since_it_was_marked() -> None:
    """By an order that failed, say, and could not be taken back."""
    goal = Goal({"tail": PluginGoal(True, 2.0)})
    for context, expected in ((5.0, 5.0), (10.0, 10.0), (2.0, 2.0)):
        tail = {**state(interval=1.0, digest=DIGEST), "context": context}
        seen = observed(goal, tail=tail)
        assert seen.plugins["tail"].interval == expected
        assert bool(plan(seen, goal)) == (context != 2.0)


@pytest.mark.parametrize("asked", [None, 10.0])
def test_the_daemons_own_interval_is_the_setting_that_was_asked_for(asked: float | None) -> None:
    goal = Goal({"tail": PluginGoal(True, asked)})
    seen = observed(goal, tail={**state(interval=1.0, digest=DIGEST), "context": 10.0})
    assert (seen.plugins["tail"].interval, bool(plan(seen, goal))) == (asked, False)


def test_the_operators_own_is_what_is_seen_of_it_though_it_has_a_mark() -> None:
    goal = Goal({"tail": PluginGoal(True, origin="host", restarts=1)})
    assert observed(goal, tail={**state(interval=1.0), "context": 10.0}).plugins["tail"].interval == 1.0


def test_what_was_loaded_live_and_not_marked_yet_is_known_from_the_process() -> None:
    assert plugin(interval=2.0, digest="d") == RunningPlugin(True, True, 2.0, "d")
    assert plugin(interval=10.000000001, digest="d").interval is None
    assert observed(tail={**state(interval=2.0, digest="d"), "context": 10.0}).plugins["tail"].interval is None


@pytest.mark.parametrize(
    ("name", "digest", "expected"),
    [
        ("sensors", None, True),  # the operator's, found nothing to read: nothing is to be done
        ("csv", None, True),
        ("cpu", DIGEST, False),  # ours, switched off live, or failed
        ("csv", DIGEST, True),  # ours, works without a read
        ("df", None, False),  # the operator's, switched off from here
    ],
)
def test_without_a_read(name: str, digest: str | None, expected: bool) -> None:
    goal = Goal({"df": PluginGoal(False, origin="host")})
    assert plugin(goal, name, registered=False, interval=None, digest=digest).enabled is expected


@pytest.mark.parametrize("name", ["procevent", "unixsock", "uuid", "threshold", "acme_write"])
def test_what_goes_on_without_a_read_is_not_said_to_be_off(name: str) -> None:
    """Be it that the process was given that it is to be off, by an earlier release."""
    marker = Marker(disabled=(name,)).to_text()
    status = {"pid": 7, "started": 1.5, "collectd_version": "5.12.0", "interval": 10.0, "generation": marker}
    assert running({**status, "plugins": {name: state(registered=False, interval=None)}}).plugins[name].enabled


def test_one_whose_reads_were_taken_out_and_not_put_back_is_off() -> None:
    assert not plugin(Goal(), "sensors", registered=False, interval=None, stopping=True).enabled


def test_the_same_plugins_as_the_marker_has() -> None:
    goal = Goal({"cpu": PluginGoal(True, 2.0), "df": PluginGoal(True, origin="host", restarts=1)})
    marker = managed.marker(goal)
    same = observed(cpu=state(interval=2.0, digest=DIGEST), load=state())
    assert runs(same, marker)
    assert not runs(observed(cpu=state(digest=DIGEST)), marker)
    assert not runs(observed(cpu=state(interval=2.0, digest=DIGEST), swap=state(digest=DIGEST)), marker)
    assert not runs(observed(), marker)
    assert not runs(Running(), Marker())
