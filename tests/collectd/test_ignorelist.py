# SPDX-License-Identifier: Apache-2.0
"""The ignorelist in a real collectd: live and lifted live, after a restart, beside the operator's own chains."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import managed, plan, sections
from collectd_mgr.domain.reads import Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Driver
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import real_host
from tests.collectd import unixsock
from tests.collectd.test_alarms import OPTIONS, THRESHOLD, assert_missed, raised
from tests.waiting import Eventually

MEMORY = {"action": "deny", "plugin": "^memory$"}
USED = {"action": "allow", "type_instance": "^(used|free)$"}

#: A chain of the operator's that drops the load and what is called free.
THEIRS = """
LoadPlugin match_regex
<Chain "{name}">
  <Rule "load">
    <Match "regex">
      Plugin "^load$"
    </Match>
    Target "stop"
  </Rule>
  <Rule "free">
    <Match "regex">
      TypeInstance "^free$"
    </Match>
    Target "stop"
  </Rule>
</Chain>
"""


def collected(collectd: ScratchCollectd) -> set[str]:
    """Plugins, and the type instances of memory."""
    names = [name.split("/", 2) for name in collectd.call("metrics_list")["names"]]
    return {plugin for _, plugin, _ in names} | {
        type_.partition("-")[2] for _, plugin, type_ in names if type_[:3] == "mem"
    }


def read_again(collectd: ScratchCollectd, eventually: Eventually) -> None:
    """Wait until what is collected every 0.2 s has been so since now, and passed the chains."""
    now = time.time()
    eventually(lambda: max(collectd.call("values_get", plugin="memory")["times"], default=0.0) > now + 0.5)


def test_it_is_live_and_lifted_live(eventually: Eventually) -> None:
    with ScratchCollectd(("load", "memory"), interval=0.2, options=OPTIONS) as collectd:
        eventually(lambda: {"load", "memory", "used", "cached"} <= collected(collectd))
        answer = collectd.call("ignorelist_set", settings={"memory": MEMORY, "none": {"plugin": "^none$"}})
        assert answer["messages"] == ["The rule none matches no metric that is collected now."]
        eventually(lambda: collected(collectd) == {"load"})
        collectd.call("ignorelist_set", settings={"memory": MEMORY, "used": USED})
        facts = collectd.call("status")["sections"]["ignorelist"]["facts"]
        assert facts["used"] == {"matched": 2}, "of what was seen before it was ignored"
        eventually(lambda: collected(collectd) == {"load", "memory", "used", "free"})
        collectd.call("ignorelist_set", settings={})
        eventually(lambda: "cached" in collected(collectd))
        assert "There is no chain" not in collectd.log_text, "of an operator who has none"


def test_the_operators_chain_still_runs(eventually: Eventually) -> None:
    with ScratchCollectd(("load", "memory", "swap"), THEIRS.format(name="PreCache"), interval=0.2) as collectd:
        eventually(lambda: {"memory", "swap"} <= collected(collectd))
        for settings in ({"swap": {"plugin": "^swap$"}}, {"swap": {"plugin": "^swap$"}, "used": USED}):
            collectd.call("ignorelist_set", settings=settings)
            eventually(lambda: "used" in collected(collectd))
            read_again(collectd, eventually)
            assert "load" not in collected(collectd)
            assert "free" not in collected(collectd), "allow goes on to their chain"
        collectd.call("ignorelist_set", settings={})
        eventually(lambda: "swap" in collected(collectd))
        assert not {"load", "free"} & collected(collectd)
        assert "There is no chain" not in collectd.log_text


@pytest.mark.parametrize(
    "rule",
    [
        {"plugin": "("},
        {"plugin": "[[:nonsense:]]"},
        {"type": "(a)\\1"},
        {"type": "((a{32}){32}){32}"},
        {"type_instance": "^[0-9a-f]*a[0-9a-f-]{30}x"},
        {"type": "x" * 257},
        {"action": "perhaps", "type": "x"},
        {"action": "deny"},
        {"metadata": "x"},
    ],
)
def test_a_bad_rule_changes_nothing(rule: dict[str, Any]) -> None:
    with ScratchCollectd(("memory",)) as collectd:
        with pytest.raises(exception.BadSetting):
            collectd.call("ignorelist_set", settings={"good": MEMORY, "bad": rule})
        assert not collectd.call("status")["sections"]["ignorelist"]["facts"]


def test_what_is_ignored_raises_no_alarm(eventually: Eventually) -> None:
    with ScratchCollectd(("load", "unixsock"), THRESHOLD + unixsock.CONFIG, interval=0.2, options=OPTIONS) as collectd:
        eventually(lambda: collectd.call("metrics_list", plugin="load")["names"])
        collectd.call("ignorelist_set", settings={"load": {"plugin": "^load$"}})
        assert_missed(collectd, eventually)
        collectd.call("ignorelist_set", settings={})
        eventually(lambda: collectd.call("metrics_list", plugin="load")["names"])
        assert not raised(collectd.log_text, "load/load")


def test_of_metrics_that_are_called_oddly_none_is_raised_either(eventually: Eventually) -> None:
    """Whoever puts a value in names it: in Latin-1, or without a plugin."""
    odd = ("disk-caf\udce9/gauge-odd", "-x/gauge-odd")
    with ScratchCollectd(("unixsock",), THRESHOLD + unixsock.CONFIG, interval=0.2, options=OPTIONS) as collectd:

        def put() -> bool:
            for name in odd:
                unixsock.putval(collectd, f"scratch.example.org/{name}", 1, interval=0.2)
            return len(collectd.call("metrics_list", type="gauge")["names"]) == len(odd)

        eventually(put)
        collectd.call("ignorelist_set", settings={"odd": {"type_instance": "^odd$"}})
        assert collectd.call("status")["sections"]["ignorelist"]["facts"] == {"odd": {"matched": len(odd)}}
        collectd.call("thresholds_set", settings={"a": {"type": "memory", "failure_max": 1.0}})
        assert_missed(collectd, eventually)
        assert not raised(collectd.log_text, "gauge-odd")
        assert not put(), "but what is missing"
        assert not collectd.call("metrics_list")["names"]
        collectd.call("ignorelist_set", settings={})


def _of_none(number: int) -> dict[str, Any]:
    """A rule, each unlike the others, that no metric falls under."""
    return {"action": "deny", **dict.fromkeys(("host", "plugin", "type"), f"^x{number}$")}


def _set_until_it_is_refused(collectd: ScratchCollectd, numbers: Iterator[int]) -> None:
    for number in numbers:
        collectd.call("ignorelist_set", settings={"x": _of_none(number)})


def test_the_budget_is_kept() -> None:
    """Past it the change is for a driver that starts a new daemon, and what was there stays in force."""
    with ScratchCollectd(("memory",), interval=0.2) as collectd:
        with pytest.raises(exception.LiveRefused) as refused:
            collectd.call("ignorelist_set", settings={f"y{n}": _of_none(n) for n in range(1000)})
        assert refused.value.kwargs["reason_code"] == "memory_budget"
        assert collectd.call("status")["sections"]["ignorelist"]["bytes"] == 0, "none of them was built"
        numbers = iter(range(400))
        with pytest.raises(exception.LiveRefused) as refused:
            _set_until_it_is_refused(collectd, numbers)
        assert refused.value.kwargs["reason_code"] == "memory_budget"
        assert next(numbers) > 100
        facts = collectd.call("status")["sections"]["ignorelist"]
        assert facts["bytes"] <= facts["budget"]


def test_what_collectd_was_started_with_is_not_built_again(eventually: Eventually) -> None:
    """The budget would not have room for so many; they are lifted, and come again, all the same. Some are not as they
    were written: these are built again.
    """
    rules = {f"x{n}": _of_none(n) for n in range(300)}
    rules |= {"memory": MEMORY, "used": {**USED, "plugin": "^memory$"}, "swap": {"plugin": "^swap$"}}
    text = managed.render(Goal(sections=sections.read({sections.IGNORELIST: rules})), chain="PreCache")
    text = re.sub(r'(<Rule "x[0-9]">.*?)(Target "stop")', r"\1\2\n\2", text, flags=re.DOTALL)
    with ScratchCollectd(("load", "memory", "swap"), THEIRS.format(name="PreCache") + text, interval=0.2) as collectd:
        eventually(lambda: "used" in collected(collectd))
        without = {name: rule for name, rule in rules.items() if name != "x7"}
        collectd.call("ignorelist_set", settings=without)
        read_again(collectd, eventually)
        assert collected(collectd) == {"memory", "used"}, "the operator has dropped the load, and what is free"
        collectd.call("ignorelist_set", settings={"memory": MEMORY})
        eventually(lambda: collected(collectd) == {"swap"})
        collectd.call("ignorelist_set", settings=rules)
        eventually(lambda: collected(collectd) == {"memory", "used"})
        collectd.call("ignorelist_set", settings={})
        eventually(lambda: {"cached", "swap"} <= collected(collectd))
        assert "free" not in collected(collectd), "their chain still runs"
        assert collectd.call("status")["sections"]["ignorelist"]["bytes"] < 1_000_000, "ten were built"


@pytest.mark.parametrize("chain", [None, "PreCache"])
def test_it_is_told_in_which_chain_of_the_operators_ours_ends(chain: str | None) -> None:
    """collectd was started with a managed file that knew of theirs, or did not."""
    text = managed.render(Goal(sections=sections.read({sections.IGNORELIST: {"memory": MEMORY}})), chain=chain)
    with ScratchCollectd(("memory",), THEIRS.format(name="PreCache") + text) as collectd:
        assert collectd.call("status")["sections"]["ignorelist"]["chain"] == chain
    with ScratchCollectd(("memory",), THEIRS.format(name="PreCache")) as collectd:
        assert "chain" not in collectd.call("status")["sections"]["ignorelist"]
        collectd.call("ignorelist_set", settings={"memory": MEMORY})
        assert collectd.call("status")["sections"]["ignorelist"]["chain"] == "PreCache"


def test_the_driver_knows_beforehand_what_there_is_no_room_for() -> None:
    with real_host(LiveDriver, THEIRS.format(name="PreCache")) as host:
        rig = host.rig()
        goal = _goal(rig, {"memory": MEMORY})
        rig.reach(goal)
        running = rig.driver.observe()

        def refusal(rules: dict[str, Any]) -> str | None:
            (change,) = plan.plan(running, replace(goal, sections=sections.read({sections.IGNORELIST: rules})))
            return rig.driver.refusal(change, running)

        assert refusal({}) is None
        assert refusal({"swap": {"plugin": "^swap$"}}) is None
        assert "bytes for ever" in str(refusal({f"x{n}": _of_none(n) for n in range(400)}))
        assert refusal({"bad": {"plugin": "("}}) is None, "that is for others to tell"
        assert rig.driver.observe().facts["ignorelist"] == running.facts["ignorelist"], "nothing was built"


@pytest.mark.parametrize("kind", [LiveDriver, RestartDriver])
@pytest.mark.parametrize("after", [False, True], ids=["before the include", "after it"])
def test_it_outlives_the_daemon_beside_the_operators_chain(kind: type[Driver], after: bool) -> None:
    chain = 'PreCacheChain "Their own"\n' + THEIRS.format(name="Their own")
    with real_host(kind, "" if after else chain) as host:
        rig = host.rig()
        if after:
            with Path(host.settings.config_file).open("a") as file:
                file.write(chain)
            rig.again()
        settings = {"swap": {"action": "deny", "plugin": "^swap$"}, "used": {**USED, "plugin": "^memory$"}}
        rig.reach(_goal(rig, settings))
        _see(rig)
        rig.again()
        _see(rig)
        rig.reach(_goal(rig, {}))
        rig.again()
        rig.values("swap")
        assert not rig.driver.metrics(Query(plugin="load")).rows


def test_a_rule_that_falls_on_nothing_is_said_also_where_others_were_there_before_any_metric() -> None:
    swap = {"swap": {"action": "deny", "plugin": "^swap$"}}
    with real_host(LiveDriver, THEIRS.format(name="Not in use")) as host:
        rig = host.rig()
        rig.reach(_goal(rig, swap))
        rig.again()
        rig.values("memory")
        none = {"action": "deny", "plugin": "^none$"}
        said = rig.reach(_goal(rig, {**swap, "none": none, "used": USED})).warnings
        assert len(said) == 1
        assert said[0].startswith("The rule none matches no metric that is collected now; ")


def _goal(rig: Rig, settings: dict[str, Any]) -> Goal:
    fast = PluginGoal(True, interval=0.2)
    theirs = {"match_regex": PluginGoal(True, origin="host")}
    plugins = {**theirs, "memory": fast, "swap": fast}
    return rig.goal(plugins, sections=sections.read({sections.IGNORELIST: settings}))


def _see(rig: Rig) -> None:
    names = {str(row["id"]).rpartition("-")[2] for row in rig.values("memory").rows}
    assert "used" in names
    assert "free" not in names, "allowed, and dropped by the operator"
    for plugin in ("load", "swap"):
        since = rig.newest("memory") - 0.1
        assert rig.newest(plugin) < since
