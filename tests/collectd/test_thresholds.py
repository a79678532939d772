# SPDX-License-Identifier: Apache-2.0
"""Thresholds in a real collectd, live: raised and cleared, all at once, beside the operator's own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import sections
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.base import Driver
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rigs import real_host
from tests.collectd import unixsock
from tests.waiting import Eventually

OPERATORS = """
LoadPlugin threshold
<Plugin threshold>
  <Host "h">
    <Plugin "theirs">
      Instance "a"
      <Type "gauge">
        Instance "x"
        DataSource "value"
        WarningMin 1.5
        FailureMax 100
        Hits 1
        Hysteresis 2
        Persist true
        PersistOK true
        Invert false
        Interesting false
      </Type>
    </Plugin>
  </Host>
  <Type "if_octets">
    DataSource "rx"
    FailureMax 10
    Invert true
    Percentage true
  </Type>
</Plugin>
"""


def collectd(config: str = "") -> ScratchCollectd:
    """One that takes values in the order in which they are put: of several threads the later one may be faster."""
    return ScratchCollectd(("unixsock",), unixsock.CONFIG + config, interval=0.2, options={"WriteThreads": 1})


def put(daemon: ScratchCollectd, identifier: str, value: object) -> None:
    unixsock.putval(daemon, identifier, value, interval=60)


def said(daemon: ScratchCollectd) -> list[tuple[str, str]]:
    rows = daemon.call("notifications_read", limit=1000)["rows"]
    return [(row["severity"], row["type_instance"]) for row in rows]


def _last_is(daemon: ScratchCollectd, severity: str) -> bool:
    return said(daemon)[-1:] == [(severity, "x")]


def test_it_is_raised_and_cleared(eventually: Eventually) -> None:
    with collectd() as daemon:
        daemon.call("thresholds_set", settings={"a": {"type": "gauge", "warning_max": 5.0, "failure_max": 50}})
        for value, severity in ((1, "okay"), (7, "warning"), (70, "failure"), (2, "okay")):
            put(daemon, "h/p/gauge-x", value)
            eventually(partial(_last_is, daemon, severity))


def test_a_change_of_one_leaves_the_state_and_the_hits_of_the_others(eventually: Eventually) -> None:
    with collectd() as daemon:
        held = {"type": "gauge", "type_instance": "held", "failure_max": 5.0}
        slow = {"type": "gauge", "type_instance": "slow", "failure_max": 5.0, "hits": 2}
        daemon.call("thresholds_set", settings={"held": held, "slow": slow})
        put(daemon, "h/p/gauge-held", 9)
        eventually(lambda: said(daemon) == [("failure", "held")])
        for number in range(3):
            put(daemon, "h/p/gauge-slow", 9)
            put(daemon, "h/p/gauge-held", 9)
            daemon.call("thresholds_set", settings={"held": held, "slow": slow, "other": {"type": f"x{number}"}})
        put(daemon, "h/p/gauge-slow", 9)
        eventually(lambda: ("failure", "slow") in said(daemon))
        assert said(daemon) == [("failure", "held"), ("failure", "slow")], "held was raised once"


def test_one_that_gets_another_name_beside_a_moved_bound_keeps_its_state(eventually: Eventually) -> None:
    with collectd() as daemon:
        held = {"type": "gauge", "type_instance": "held", "failure_max": 5.0}
        moved = {"type": "gauge", "type_instance": "moved", "failure_max": 5.0}
        daemon.call("thresholds_set", settings={"held": held, "moved": moved})
        put(daemon, "h/p/gauge-held", 9)
        eventually(lambda: said(daemon) == [("failure", "held")])
        daemon.call("thresholds_set", settings={"renamed": held, "moved": {**moved, "failure_max": 1.0}})
        put(daemon, "h/p/gauge-held", 9)
        put(daemon, "h/p/gauge-moved", 2)
        eventually(lambda: said(daemon) == [("failure", "held"), ("failure", "moved")])


def test_the_operators_own_stay(eventually: Eventually) -> None:
    with collectd(OPERATORS) as daemon:
        theirs = daemon.call("thresholds_get")["host"]
        assert sorted(theirs) == ["//if_octets rx", "h/theirs-a/gauge-x value"]
        assert theirs["h/theirs-a/gauge-x value"] == {
            "host": "h",
            "plugin": "theirs",
            "plugin_instance": "a",
            "type": "gauge",
            "type_instance": "x",
            "data_source": "value",
            "warning_min": 1.5,
            "failure_max": 100.0,
            "hits": 1,
            "hysteresis": 2.0,
            "persist": True,
            "persist_ok": True,
            "interesting": False,
        }
        rx = {"type": "if_octets", "data_source": "rx", "failure_max": 10.0, "invert": True, "percentage": True}
        assert theirs["//if_octets rx"] == rx
        daemon.call("thresholds_set", settings={"tx": {"type": "if_octets", "data_source": "tx", "failure_max": 5.0}})
        daemon.call("thresholds_set", settings={"tx": {"type": "if_octets", "data_source": "tx", "failure_max": 1e9}})
        assert daemon.call("thresholds_get")["host"] == theirs
        for value in ("0:0", "1000000:0"):  # Theirs is of rx, ours of tx: both are of the same metric.
            put(daemon, "h/p/if_octets-y", value)
        eventually(lambda: ("failure", "y") in said(daemon))
        for _ in range(3):
            put(daemon, "h/theirs-a/gauge-x", 101)
        eventually(lambda: ("failure", "x") in said(daemon))
        daemon.call("thresholds_set", settings={})
        for _ in range(3):
            put(daemon, "h/theirs-a/gauge-x", 50)
        eventually(lambda: said(daemon)[-1:] == [("okay", "x")])


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"a": {"type": "if_octets", "failure_max": 1.0}}, exception.OwnedByHostConfig),
        ({"a": {"type": "x"}, "b": {"type": "x", "data_source": "value"}}, exception.BadSetting),
        ({"a": {"plugin_instance": "x", "type": "x"}}, exception.BadSetting),
    ],
)
def test_two_that_judge_the_same_are_refused(settings: dict[str, Any], error: type[exception.CollectdMgrError]) -> None:
    with collectd(OPERATORS) as daemon:
        before = daemon.call("thresholds_get")
        with pytest.raises(error):
            daemon.call("thresholds_set", settings=settings)
        assert daemon.call("thresholds_get") == before


def test_a_set_of_them_changes_at_once(eventually: Eventually) -> None:
    """Two that exclude each other: at no moment does a value meet both, or none."""
    low = {f"t{number}": {"type": "gauge", "type_instance": f"i{number}", "failure_max": 1.0} for number in range(50)}
    high = {name: {**setting, "failure_max": None, "failure_min": -5.0} for name, setting in low.items()}
    with collectd() as daemon:
        daemon.call("thresholds_set", settings=low)
        bytes_before = daemon.call("status")["sections"]["thresholds"]["bytes"]
        for _ in range(20):
            daemon.call("thresholds_set", settings=high)
            daemon.call("thresholds_set", settings=low)
        assert daemon.call("status")["sections"]["thresholds"]["bytes"] - bytes_before < 400_000
        put(daemon, "h/p/gauge-i49", 9)
        eventually(lambda: said(daemon) == [("failure", "i49")])


@pytest.mark.parametrize("kind", [LiveDriver, RestartDriver])
def test_no_driver_sets_one_for_what_the_operator_judges(kind: type[Driver]) -> None:
    with real_host(kind, OPERATORS) as host:
        rig = host.rig()
        theirs = {"threshold": PluginGoal(True, origin="host")}
        settings = {"a": {"type": "if_octets", "failure_max": 1.0}}
        goal = rig.goal(theirs, sections=sections.read({sections.THRESHOLDS: settings}))
        rig.refuses(rig.order(goal), exception.OwnedByHostConfig)
        broken = rig.goal(theirs, sections=sections.read({sections.IGNORELIST: {"a": {"action": "deny", "type": "("}}}))
        rig.refuses(rig.order(broken), exception.BadSetting)


def test_they_are_not_exchanged_while_one_is_looked_for(compiled: dict[str, Path], eventually: Eventually) -> None:
    """collectd asks the tree up to twelve times for one metric, under one lock: all twelve see the same one."""
    # What it has counted stays in the cache, however late somebody looks for it.
    settings: dict[str, Any] = {"interval": 0.021, "own_plugins": [compiled["judging"]], "options": {"Timeout": 1000}}
    with ScratchCollectd(("judging",), OPERATORS, csv=False, **settings) as daemon:
        eventually(lambda: counted(daemon).get("held", 0) > 1)
        for number in range(20):
            daemon.call("thresholds_set", settings={"t": {"type": "load", "failure_max": float(number)}})
        after = counted(daemon)["held"]
        eventually(lambda: counted(daemon)["held"] > after)
        assert counted(daemon)["changed"] == 0


def counted(daemon: ScratchCollectd) -> dict[str, float]:
    """What the plugin ``judging`` has counted so far."""
    found = daemon.call("values_get", plugin="judging")
    return {name.rpartition("-")[2]: values[0] for name, values in zip(found["names"], found["values"], strict=True)}
