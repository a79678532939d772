# SPDX-License-Identifier: Apache-2.0
"""A disable raises no alarm of our own making: the live driver leaves it to a restart where thresholds are in force."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.plan import Change
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rig import FAST
from collectd_mgr.testing.suite.rigs import real_host
from tests.waiting import Eventually

THRESHOLD = "LoadPlugin threshold\n<Plugin threshold>\n  <Type gauge>\n    WarningMax 1000000\n  </Type>\n"
THRESHOLD += "  <Plugin load>\n    <Type load>\n      WarningMax 1000000\n    </Type>\n  </Plugin>\n</Plugin>\n"
THEIRS = PluginGoal(True, origin="host")
OFF = PluginGoal(False, origin="host")
ALARM = "has not been updated"


def test_what_would_happen(eventually: Eventually) -> None:
    """The trap is real: this is the extension alone, without the driver that refuses."""
    with ScratchCollectd(("load",), THRESHOLD, interval=0.2) as collectd:
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        collectd.call("plugin_disable", plugin="load")
        eventually(lambda: ALARM in collectd.log_text)


def test_the_live_driver_refuses_and_changes_nothing() -> None:
    with real_host(LiveDriver, THRESHOLD) as host:
        rig = host.rig()
        change = Change(plan.DISABLE, "load", OFF)
        assert "alarm" in (rig.driver.refusal(change, rig.driver.observe()) or "")
        order = rig.order(rig.goal({"load": OFF, "threshold": THEIRS}))
        assert [step.kind for step in order.plan] == [plan.DISABLE]
        with pytest.raises(exception.LiveRefused) as refused:
            rig.driver.apply(order)
        assert refused.value.kwargs["reason_code"] == "alarms"
        assert rig.driver.observe().plugins["load"].enabled


def test_a_restart_raises_none() -> None:
    notes = 'LoadPlugin logfile\n<Plugin logfile>\n  File "{file}"\n</Plugin>\nInterval 0.2\n'
    file = Path(f"/tmp/cm-alarms-{time.monotonic_ns()}")
    try:
        with real_host(RestartDriver, notes.format(file=file) + THRESHOLD) as host:
            rig = host.rig()
            theirs = {"threshold": THEIRS, "logfile": THEIRS}
            rig.reach(rig.goal({"memory": PluginGoal(True, interval=FAST), **theirs}))
            rig.reach(rig.goal({"load": OFF, **theirs}))
            time.sleep(1.5)
            assert not rig.driver.observe().plugins["load"].enabled
            assert ALARM not in file.read_text()
    finally:
        file.unlink(missing_ok=True)
