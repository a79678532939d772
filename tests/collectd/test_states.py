# SPDX-License-Identifier: Apache-2.0
"""What thresholds have found goes on in the next process, or it is said that it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collectd_mgr.domain import sections
from collectd_mgr.domain.metrics import STATES
from collectd_mgr.domain.notifications import Position
from collectd_mgr.domain.reads import Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rig import FAST, Rig
from collectd_mgr.testing.suite.rigs import real_host
from tests.collectd import unixsock
from tests.collectd.replacing import replacing
from tests.waiting import eventually

LOW = {"type": "gauge", "failure_max": 5.0}
SLOW = {"type": "gauge", "type_instance": "slow", "failure_max": 5.0, "hits": 3}
NAME = "scratch.example.org/p/gauge-x"

#: Every machine has more memory than this.
FULL = {"plugin": "memory", "type": "memory", "type_instance": "used", "failure_max": 1.0}
MEMORY = PluginGoal(True, FAST)


def collectd() -> ScratchCollectd:
    """One that takes values in the order in which they are put."""
    return ScratchCollectd(("unixsock",), unixsock.CONFIG, interval=0.2, options={"WriteThreads": 1})


def put(daemon: ScratchCollectd, value: object, name: str = NAME) -> None:
    unixsock.putval(daemon, name, value, interval=60)


def said(daemon: ScratchCollectd) -> list[str]:
    return [row["severity"] for row in daemon.call("notifications_read", limit=1000)["rows"]]


def test_they_can_be_read_and_given_to_another_collectd() -> None:
    slow = NAME.replace("-x", "-slow")
    with collectd() as first, collectd() as second:
        first.call("thresholds_set", settings={"low": LOW, "slow": SLOW})
        put(first, 9)
        put(first, 9, slow)
        put(first, 9, slow)
        eventually(lambda: said(first) == ["failure"])
        put(first, 1, "h/p/gauge-ok")
        eventually(lambda: first.call("states_get")["states"].get("h/p/gauge-ok") == [1, 0])
        states = {**first.call("states_get")["states"], slow: [1, 2]}
        assert states[NAME] == [3, 0]
        assert "h/p/gauge-other" not in states
        for name in (NAME, slow):
            put(second, 9, name)
        eventually(lambda: len(second.call("metrics_list", plugin="p")["names"]) == 2)
        assert second.call("states_set", states=states) == {"lost": ["h/p/gauge-ok"]}
        second.call("thresholds_set", settings={"low": LOW, "slow": SLOW})
        assert second.call("states_get")["states"] == {NAME: [3, 0], slow: [1, 2]}
        put(second, 9)
        # Two more hits are counted, and the next one is too many; of another metric it would take five.
        for _ in range(3):
            put(second, 9, slow)
        eventually(lambda: said(second) == ["failure"])
        assert second.call("states_get")["states"][slow] == [3, 0]
        put(second, 1)
        eventually(lambda: said(second) == ["failure", "okay"])


@pytest.mark.parametrize("bad", [{"h/p/t": [3]}, {"h/p/t": [4, 0]}, {"h/p/t": [3, -1]}, {"h/p/t": "3"}])
def test_what_is_no_state_is_refused(bad: object) -> None:
    with collectd() as daemon, pytest.raises(Exception, match="states"):
        daemon.call("states_set", states=bad)


def test_a_name_that_is_none_is_lost() -> None:
    names = ["nothing", "h/p", "h/" + 200 * "p" + "/t", "h/p/t"]
    with collectd() as daemon:
        assert daemon.call("states_set", states={name: [3, 0] for name in names}) == {"lost": names}


@pytest.fixture(params=[replacing, RestartDriver])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with real_host(request.param) as host:
        yield host.rig()


def failures(rig: Rig) -> int:
    rows = rig.driver.notifications(Position("", 0), 1000, 0.0).rows
    return sum(row.severity == "failure" and row.type_instance == "used" for row in rows)


def goal(rig: Rig, cpu: bool) -> Goal:
    given = sections.read({sections.THRESHOLDS: {"full": FULL}})
    return rig.goal({"memory": MEMORY, "cpu": PluginGoal(True, FAST, {"ReportByCpu": cpu})}, sections=given)


def in_failure(rig: Rig) -> list[str]:
    return [row["id"] for row in rig.driver.metrics(Query(plugin="memory", state=STATES[3])).rows]


def test_a_replacement_raises_no_alarm_again_and_a_restart_says_that_it_does(rig: Rig) -> None:
    rig.reach(goal(rig, True))
    eventually(lambda: failures(rig) == 1)
    applied = rig.reach(goal(rig, False))
    lost = [line for line in applied.warnings if "What thresholds had found" in line]
    newest = rig.newest("memory")
    eventually(lambda: rig.newest("memory") > newest + 3 * FAST and in_failure(rig))
    assert in_failure(rig) == ["suite.example.org/memory/memory-used"]
    if applied.replaced:
        assert (lost, failures(rig)) == ([], 1)
    else:
        (line,) = lost
        assert "1 in state failure (suite.example.org/memory/memory-used)" in line
        eventually(lambda: failures(rig) == 2)
