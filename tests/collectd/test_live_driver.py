# SPDX-License-Identifier: Apache-2.0
"""What the live driver alone promises: the process goes on, and what fails late is taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import grammar, managed, plan, safety, sections
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.operations import Operations
from collectd_mgr.testing.suite.rig import FAST, Rig, await_
from collectd_mgr.testing.suite.rigs import real_host, real_rig

MEMORY = PluginGoal(True, interval=FAST)
OFF = PluginGoal(False)
CPU = PluginGoal(True, config={"ReportByCpu": False})

#: A collectd that says that it is another one.
_OTHER = """#!/bin/sh
[ "$1" != -h ] || { /usr/sbin/collectd -h | sed 's/^collectd [^,]*/collectd 5.11.9/'; exit; }
exec /usr/sbin/collectd "$@"
"""
#: One read has the plugin's interval, the other one of its own.
_MATCH = {"Regex": "x", "DSType": "CounterInc", "Type": "counter"}
TWO_FILES = {"File": [{"args": "/dev/null", "Match": _MATCH}, {"args": "/dev/null", "Interval": 2, "Match": _MATCH}]}

#: Its reads are registered by its configuration.
PAGE = {"Page": {"args": "uptime", "URL": "file:///proc/uptime", "MeasureResponseTime": True}}

#: What nobody tries beside the daemon, with a mistake.
UNTRIED = {"Server": [{"args": "x", "Socket": "/nonexistent/socket"}, {"args": "y", "Nope": 1}]}


@pytest.fixture
def rig() -> Iterator[Rig]:
    with real_rig(LiveDriver) as rig:
        yield rig


def page(**settings: object) -> dict[str, PluginGoal]:
    return {"curl": PluginGoal(**{"enabled": True, "interval": FAST, "config": PAGE, **settings})}  # type: ignore[arg-type]


def test_the_process_stays_the_same_through_every_change(rig: Rig) -> None:
    pid = rig.driver.observe().pid
    for goal in (MEMORY, OFF, MEMORY, PluginGoal(True, interval=FAST, restarts=1), PluginGoal(True)):
        applied = rig.reach(rig.goal({"memory": goal}))
        assert (applied.running.pid, applied.restarted, applied.replaced) == (pid, False, False)


def test_a_trial_with_another_collectd_than_the_one_that_runs_is_told_of(tmp_path: Path) -> None:
    """As on a host whose collectd is that of an image."""
    other = tmp_path / "collectd"
    other.write_text(_OTHER)
    other.chmod(0o755)

    def tried_with_another(settings: DriverSettings) -> LiveDriver:
        return LiveDriver(dataclasses.replace(settings, binary=str(other)))

    # Of those that nobody needs to try there is nothing to tell.
    plugins = {"cpu": CPU, "memory": MEMORY}
    with real_rig(LiveDriver) as rig:
        assert rig.reach(rig.goal(plugins)).warnings == ()
    with real_rig(tried_with_another) as rig:
        runs = rig.driver.observe().version
        said = f"cpu was tried with {other}, collectd 5.11.9; {runs} runs."
        assert rig.reach(rig.goal(plugins)).warnings == (said,)


@pytest.mark.parametrize("name", ["memcached", "redis"])
def test_what_makes_its_read_once_is_not_registered_anew(rig: Rig, name: str) -> None:
    """Its init keeps in mind that it did so: taken out for another interval, the read would be gone."""
    applied = rig.reach(rig.goal({name: PluginGoal(True, interval=FAST)}))
    for wanted in (PluginGoal(True, interval=2.0), PluginGoal(True, interval=FAST, restarts=1)):
        order = rig.order(rig.goal({name: wanted}))
        (change,) = order.plan
        assert rig.driver.refusal(change, applied.running) is not None
        with pytest.raises(exception.LiveRefused) as refused:
            rig.driver.apply(order)
        assert refused.value.kwargs["reason_code"] == "once"
        assert rig.driver.observe().plugins[name].enabled
    assert not rig.reach(rig.goal({name: PluginGoal(False)})).running.plugins[name].enabled
    (change,) = rig.order(rig.goal({name: PluginGoal(True)})).plan
    assert rig.driver.refusal(change, applied.running) is not None


def test_what_does_not_come_back_is_left_to_a_new_collectd() -> None:
    """The table was earned on one package: in another one a plugin may keep in mind what it has done, too."""

    def credulous(settings: DriverSettings) -> LiveDriver:
        return LiveDriver(settings, lambda plugin: dataclasses.replace(safety.lookup(plugin), once=False))

    with real_rig(credulous) as rig:
        rig.reach(rig.goal({"memcached": PluginGoal(True, interval=FAST)}))
        order = rig.order(rig.goal({"memcached": PluginGoal(True, interval=2.0)}))
        with pytest.raises(exception.LiveRefused) as refused:
            rig.driver.apply(order)
    assert refused.value.kwargs["reason_code"] == "not_back"
    assert refused.value.detail == "memcached does not come back in this collectd: it gave no reason"


def test_it_is_switched_off_last(rig: Rig) -> None:
    """For that alone there would be no way back, were something else to fail."""
    rig.reach(rig.goal({"memcached": PluginGoal(True, interval=FAST)}))
    order = rig.order(rig.goal({"memcached": OFF, "powerdns": PluginGoal(True, FAST, UNTRIED)}))
    assert [change.kind for change in order.plan] == [plan.DISABLE, plan.LOAD]
    rig.refuses(order, exception.ConfigRejected)
    assert rig.running("memcached").enabled


def test_nor_is_there_anything_to_fear_where_it_has_a_configuration(rig: Rig) -> None:
    config = {"Instance": {"args": "x", "Host": "127.0.0.1"}}
    for interval in (FAST, 2.0):
        applied = rig.reach(rig.goal({"memcached": PluginGoal(True, interval=interval, config=config)}))
        assert (applied.driver, applied.running.plugins["memcached"].enabled) == ("live", True)


def test_a_configuration_that_was_forgotten_costs_no_new_daemon(rig: Rig) -> None:
    """A plugin that was loaded once takes another configuration from a new process only."""
    goal = rig.goal({"curl": PluginGoal(True)})
    error = rig.refuses(rig.order(goal), exception.ConfigRejected)
    assert error.detail == "curl reads what its configuration names, and it has none."
    assert rig.reach(rig.goal(page())).driver == "live"


def test_what_fails_late_takes_back_what_was_done_before_it(rig: Rig) -> None:
    """``table`` without a table loads well and registers nothing, so it fails after the others were made."""
    off = {"load": PluginGoal(False, origin="host")}
    rig.reach(rig.goal({"memory": MEMORY, "swap": PluginGoal(True, interval=3.0), **off}))
    goal = rig.goal({"memory": OFF, "swap": PluginGoal(True, interval=4.0), "cpu": MEMORY, "table": PluginGoal(True)})
    order = rig.order(goal)
    kinds = [str(change) for change in order.plan]
    assert kinds.index("plugin.load table") > kinds.index("plugin.load cpu") > kinds.index("plugin.disable memory")
    rig.refuses(order, exception.ConfigRejected)
    rig.values("memory")


def test_an_interval_that_was_changed_before_a_failure_is_the_old_one_again(rig: Rig) -> None:
    rig.reach(rig.goal({"swap": PluginGoal(True, interval=3.0)}))
    goal = rig.goal({"swap": PluginGoal(True, interval=4.0), "table": PluginGoal(True)})
    steps = plan.Plan(tuple(reversed(tuple(rig.order(goal).plan))))
    assert [change.kind for change in steps] == [plan.INTERVAL, plan.LOAD]
    order = rig.order(goal)
    rig.refuses(type(order)(goal, steps, "req", "epoch/9"), exception.ConfigRejected)
    assert rig.running("swap").interval == 3.0


@pytest.mark.parametrize("from_disk", [False, True])
def test_a_plugin_that_makes_its_reads_from_its_config_comes_back_with_it(rig: Rig, from_disk: bool) -> None:
    rig.reach(rig.goal(page()))
    if from_disk:
        rig.again()
    for change in (page(interval=0.3), page(interval=0.3, restarts=1), page(enabled=False), page()):
        rig.reach(rig.goal(change))
    newest = rig.newest("curl")
    await_(lambda: rig.newest("curl") > newest)


def test_a_failure_brings_the_configured_plugin_back_as_well(rig: Rig) -> None:
    rig.reach(rig.goal(page()))
    rig.again()
    goal = rig.goal({**page(enabled=False), "curl_json": PluginGoal(True)})
    rig.refuses(rig.order(goal), exception.ConfigRejected)
    newest = rig.newest("curl")
    await_(lambda: rig.newest("curl") > newest)


@pytest.mark.parametrize("origin", ["host", "managed"])
def test_each_read_has_its_own_interval_again(origin: str) -> None:
    def tail(**settings: object) -> dict[str, PluginGoal]:
        return {"tail": PluginGoal(**{"enabled": True, "config": TWO_FILES, "origin": origin, **settings})}  # type: ignore[arg-type]

    theirs = managed.plugin_items("tail", tail()["tail"]) if origin == "host" else ()
    with real_host(LiveDriver, grammar.render(theirs)) as host:
        rig = host.rig()

        def intervals() -> tuple[list[float], float | None]:
            reads = host.collectd.wire.call("reads", {}).values()
            shown = rig.running("tail").interval
            return sorted(read["interval"] for read in reads if read["plugin"] == "tail"), shown

        rig.reach(rig.goal(tail()))
        # That of the operator's is what is seen, that of one of ours what was set.
        at_first = [2.0, 10.0], 2.0 if origin == "host" else None
        assert intervals() == at_first
        rig.reach(rig.goal(tail(restarts=1)))
        assert intervals() == at_first
        rig.reach(rig.goal(tail(restarts=1, enabled=False)))
        rig.again()
        rig.reach(rig.goal(tail(restarts=1)))
        assert intervals() == at_first
        failing = {**tail(restarts=1, enabled=False), "table": PluginGoal(True)}
        rig.refuses(rig.order(rig.goal(failing)), exception.ConfigRejected)
        assert intervals() == at_first
        if origin == "managed":
            rig.reach(rig.goal(tail(restarts=1, interval=5.0)))
            assert intervals() == ([2.0, 5.0], 5.0)


def test_a_plugin_that_the_table_refuses_is_refused_with_its_reason(rig: Rig) -> None:
    order = rig.order(rig.goal({"network": PluginGoal(True, config={"Listen": "127.0.0.1"})}))
    error = rig.refuses(order, exception.LiveRefused)
    assert error.kwargs == {"reason_code": "write_callback", "plugin": "network"}
    assert rig.driver.refusal(next(iter(order.plan)), rig.driver.observe())


def test_what_nobody_may_try_beside_it_is_taken_back_when_collectd_does_not_take_it(rig: Rig) -> None:
    error = rig.refuses(rig.order(rig.goal({"powerdns": PluginGoal(True, FAST, UNTRIED)})), exception.ConfigRejected)
    assert error.kwargs["messages"] == ["powerdns plugin: Option `Nope' not allowed here."]


def test_so_it_does_with_what_is_about_no_plugin_of_ours() -> None:
    """The operator's own that is switched off, and a section."""
    with real_host(LiveDriver) as host:
        rig = host.rig()
        rig.reach(rig.goal({"memory": MEMORY}))
        off = {"memory": MEMORY, "load": PluginGoal(False, origin="host")}
        low = {"plugin": "memory", "type": "memory", "failure_min": 1.0}
        least = sections.read({sections.THRESHOLDS: {"low": low}})
        for goal in (rig.goal(off), rig.goal(off, sections=least)):
            before, order = rig.disk(), rig.order(goal)
            operations = Operations(host.collectd.wire, host.collectd.status(), "", "req", 5.0)
            for made in (False, True):
                host.collectd.files.stage(managed.render(order.goal, order.generation))
                said = [operations.make(change, order.goal) for change in order.plan if made]
                assert len(said) == made
                rig.another().recover()
                assert rig.disk() == (managed.render(order.goal, order.generation) if made else before)


@pytest.mark.parametrize("made", [True, False])
def test_the_next_agent_ends_what_a_killed_one_left_half_done(made: bool) -> None:
    """Killed between the last change and the file, or before the change: the file is what runs, either way."""
    with real_host(LiveDriver) as host:
        rig = host.rig()
        rig.reach(rig.goal({"memory": MEMORY}))
        before = rig.disk()
        order = rig.order(rig.goal({"memory": MEMORY, "cpu": PluginGoal(True)}))
        operations = Operations(host.collectd.wire, host.collectd.status(), "", "req", 5.0)
        host.collectd.files.stage(managed.render(order.goal, order.generation))
        said = [operations.make(change) for change in order.plan if made]
        assert len(said) == made
        rig.another().recover()
        assert rig.disk() == (managed.render(order.goal, order.generation) if made else before)
        assert host.collectd.files.staged() is None
