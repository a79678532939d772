# SPDX-License-Identifier: Apache-2.0
"""A disable raises no alarm of our own making."""

from __future__ import annotations

import re
import time
from pathlib import Path

from collectd_mgr.domain import plan
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rig import FAST
from collectd_mgr.testing.suite.rigs import real_host
from tests.collectd import unixsock
from tests.waiting import Eventually

THRESHOLD = "LoadPlugin threshold\n<Plugin threshold>\n  <Type gauge>\n    WarningMax 1000000\n  </Type>\n"
THRESHOLD += "  <Plugin load>\n    <Type load>\n      WarningMax 1000000\n    </Type>\n  </Plugin>\n</Plugin>\n"
THEIRS = PluginGoal(True, origin="host")
OFF = PluginGoal(False, origin="host")
ALARM = "has not been updated"
#: A collectd that is held up for a moment misses nothing yet.
OPTIONS = {"Timeout": 10}


def test_a_live_disable_raises_none_and_others_are_still_missed(eventually: Eventually) -> None:
    with ScratchCollectd(
        ("load", "memory", "unixsock"), THRESHOLD + unixsock.CONFIG, interval=0.2, options=OPTIONS
    ) as collectd:
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        collectd.call("plugin_disable", plugin="load")
        assert_missed(collectd, eventually)
        assert not raised(collectd.log_text, "load/load")
        # Enabled again it is missed like the others: by then nothing of it is silenced.
        collectd.call("plugin_enable", plugin="load")
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        collectd.call("plugin_disable", plugin="load")
        assert_missed(collectd, eventually)
        assert not raised(collectd.log_text, "load/load")


def test_a_plugin_of_metrics_that_are_no_utf_8_is_disabled_without_one(eventually: Eventually) -> None:
    with ScratchCollectd(("load", "unixsock"), THRESHOLD + unixsock.CONFIG, interval=0.2, options=OPTIONS) as collectd:

        def put() -> bool:
            unixsock.putval(collectd, "scratch.example.org/load-caf\udce9/gauge-odd", 1, interval=0.2)
            return bool(collectd.call("metrics_list", type="gauge")["names"])

        eventually(put)
        collectd.call("plugin_disable", plugin="load")
        assert_missed(collectd, eventually)
        assert not raised(collectd.log_text, "gauge-odd")


def test_metrics_with_names_from_the_configuration(eventually: Eventually) -> None:
    """``filecount`` takes the name of the plugin from there."""
    count = (
        '<Plugin filecount>\n  <Directory "/etc">\n    Plugin "mine"\n    Instance "etc"\n  </Directory>\n</Plugin>\n'
    )
    more = "<Plugin threshold>\n  <Type files>\n    WarningMax 1000000\n  </Type>\n</Plugin>\n"
    with ScratchCollectd(
        ("filecount", "unixsock"), count + THRESHOLD + more + unixsock.CONFIG, interval=0.2, options=OPTIONS
    ) as collectd:
        eventually(lambda: collectd.call("metrics_list", plugin="mine")["names"])
        collectd.call("plugin_disable", plugin="filecount", config_text=count)
        assert_missed(collectd, eventually)
        assert not raised(collectd.log_text, "files")


def test_a_threshold_that_comes_after_the_disable_raises_none(eventually: Eventually) -> None:
    with ScratchCollectd(("load", "unixsock"), unixsock.CONFIG, interval=0.3, options=OPTIONS) as collectd:
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        collectd.call("plugin_disable", plugin="load")
        collectd.call("thresholds_set", settings={"a": {"type": "load"}, "b": {"type": "gauge"}})
        assert_missed(collectd, eventually)
        assert not raised(collectd.log_text, "load/load")


def test_the_live_driver_disables_where_thresholds_are_in_force() -> None:
    with real_host(LiveDriver, THRESHOLD) as host:
        rig = host.rig()
        goal = rig.goal({"load": OFF, "threshold": THEIRS})
        assert [step.kind for step in rig.order(goal).plan] == [plan.DISABLE]
        assert not rig.reach(goal).restarted


def test_what_is_ignored_changes_nothing_of_how_others_are_judged(eventually: Eventually) -> None:
    """Under ``h/tail/gauge-errors`` collectd looks for other instances, too, before ``/tail-exim/gauge``."""
    with _judging_tail() as collectd:
        unixsock.putval(collectd, "h/tail-exim/gauge-errors", 1, interval=60)
        unixsock.putval(collectd, "h/tail-other/gauge-errors", 1, interval=0.3)
        unixsock.putval(collectd, "h/tail/gauge-errors", 1, interval=60)
        eventually(lambda: {instance for _, instance in _judged(collectd)} == {"exim", "other", ""})
        collectd.call("ignorelist_set", settings={"tail": {"plugin": "^tail$", "plugin_instance": "^$"}})
        unixsock.putval(collectd, "h/tail-exim/gauge-errors", 10, interval=60)
        eventually(lambda: ("failure", "exim") in _judged(collectd))
        eventually(lambda: f"h/tail-other/gauge-errors {ALARM}" in collectd.log_text)


def test_nor_of_how_those_are_that_come_later(eventually: Eventually) -> None:
    with _judging_tail() as collectd:
        unixsock.putval(collectd, "h/tail/gauge", 1, interval=60)
        eventually(lambda: len(_judged(collectd)) == 1)
        collectd.call("ignorelist_set", settings={"tail": {"plugin": "^tail$", "type_instance": "^$"}})

        def put() -> bool:
            unixsock.putval(collectd, "h/tail-exim/gauge-errors", 10, interval=60)
            return ("failure", "exim") in _judged(collectd)

        eventually(put)


def _judging_tail() -> ScratchCollectd:
    exim = "<Plugin threshold>\n  <Plugin tail>\n    Instance exim\n    <Type gauge>\n      FailureMax 5\n"
    config = f"{THRESHOLD}{exim}    </Type>\n  </Plugin>\n</Plugin>\n{unixsock.CONFIG}"
    return ScratchCollectd(("unixsock",), config, interval=0.2, options={**OPTIONS, "WriteThreads": 1})


def _judged(collectd: ScratchCollectd) -> list[tuple[str, str]]:
    """What was said of the instances of the plugin."""
    rows = collectd.call("notifications_read", limit=1000)["rows"]
    return [(row["severity"], row["plugin_instance"]) for row in rows if row["plugin"] == "tail"]


def raised(log: str, metric: str = "") -> list[str]:
    """The alarms that something is missing, but for those after which collectd says that it was held up itself."""
    lines = log.splitlines()
    return [
        line
        for number, line in enumerate(lines)
        if f"{metric} {ALARM}" in line and not any(map(_held_up, lines[number : number + 20]))
    ]


def _held_up(line: str) -> bool:
    found = re.search(r"the next interval is ([\d.]+) seconds in the past", line)
    return found is not None and float(found[1]) > 0.5


def assert_missed(collectd: ScratchCollectd, eventually: Eventually) -> None:
    """A value that is put in once is missed, as would be any that nobody silenced."""
    before = collectd.log_text.count(f"gauge-once {ALARM}")
    unixsock.putval(collectd, "scratch.example.org/other/gauge-once", 1, interval=0.2)
    eventually(lambda: collectd.log_text.count(f"gauge-once {ALARM}") > before)


def test_a_restart_raises_none() -> None:
    notes = 'LoadPlugin logfile\n<Plugin logfile>\n  File "{file}"\n</Plugin>\nInterval 0.2\nTimeout 10\n'
    file = Path(f"/tmp/cm-alarms-{time.monotonic_ns()}")
    try:
        with real_host(RestartDriver, notes.format(file=file) + THRESHOLD) as host:
            rig = host.rig()
            theirs = {"threshold": THEIRS, "logfile": THEIRS}
            rig.reach(rig.goal({"memory": PluginGoal(True, interval=FAST), **theirs}))
            rig.reach(rig.goal({"load": OFF, **theirs}))
            time.sleep(3.0)  # More than the ten intervals after which a value is missing.
            assert not rig.driver.observe().plugins["load"].enabled
            assert "Initialization complete" in (log := file.read_text())
            assert not raised(log)
    finally:
        file.unlink(missing_ok=True)
