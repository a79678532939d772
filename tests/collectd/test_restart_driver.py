# SPDX-License-Identifier: Apache-2.0
"""What the restart driver alone promises: a new process that runs the goal, or the old configuration again."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.base import Order
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rig import FAST, Rig
from collectd_mgr.testing.suite.rigs import Host, real_host, real_rig
from tests.freezing import held, reader

MEMORY = PluginGoal(True, interval=FAST)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with real_rig(RestartDriver) as rig:
        yield rig


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(RestartDriver) as host:
        yield host


def test_every_change_of_one_order_is_one_restart(rig: Rig) -> None:
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    applied = rig.reach(rig.goal({"cpu": MEMORY, "load": PluginGoal(False, origin="host")}))
    assert applied.restarted
    assert applied.running.pid != before.pid
    assert applied.gap
    assert applied.gap > 0


@pytest.mark.parametrize("thread", [reader, int], ids=["reader", "first"])
def test_one_that_the_kernel_does_not_let_end_is_not_in_the_way_of_the_next(thread: Callable[[int], int]) -> None:
    with real_host(lambda settings: RestartDriver(dataclasses.replace(settings, stop_timeout=1.0))) as host:
        rig = host.rig()
        rig.reach(rig.goal({"memory": MEMORY}))
        old = host.collectd.daemon.find()
        assert old is not None
        with held(thread(old.pid)):
            applied = rig.reach(rig.goal({"memory": MEMORY, "cpu": MEMORY}))
            assert old.alive()
            assert applied.running.plugins["cpu"].enabled
            assert [line for line in applied.warnings if f"collectd {old.pid} was killed, and is there yet" in line]
            assert host.collectd.wire.listener() == applied.running.pid


def test_a_setting_of_a_servant_that_is_taken_back_judges_nothing_any_more(host: Host) -> None:
    """An earlier release let it in. What serves a section is not to be switched off, and not restarted for that."""
    rig = host.rig()
    rig.reach(rig.goal({"threshold": PluginGoal(True, config={"Type": {"args": "load", "WarningMax": 1e-06}})}))
    assert set(host.collectd.wire.call("thresholds_get")["host"]) == {"//load"}
    needed = rig.goal(sections={"thresholds": {"x": {"type": "memory", "failure_max": 9.0}}})
    applied = rig.reach(needed)
    assert (applied.restarted, host.collectd.wire.call("thresholds_get")["host"]) == (True, {})
    off = rig.goal({"threshold": PluginGoal(False)}, sections=needed.sections)
    assert not plan.plan(applied.running, off)

    rig.reach(rig.goal({"threshold": PluginGoal(True, config={"Type": {"args": "load", "WarningMax": 1e-06}})}))
    applied = rig.reach(rig.goal())
    assert "threshold" not in applied.running.plugins
    assert "threshold" not in (host.collectd.files.read() or "")


def test_where_nothing_ran_there_is_no_gap(rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    rig.kill()
    assert rig.driver.apply(rig.order(rig.goal({"cpu": MEMORY}))).gap is None


def test_a_plugin_that_cannot_be_initialised_brings_the_old_configuration_back(rig: Rig) -> None:
    """No second instance may be tried with ``write_prometheus``, so only the start itself can tell."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        rig.reach(rig.goal({"memory": MEMORY}))
        config = {"Host": "127.0.0.1", "Port": str(port)}
        order = rig.order(rig.goal({"memory": MEMORY, "write_prometheus": PluginGoal(True, config=config)}))
        error = rig.refuses(order, exception.DaemonNotStarted)
    assert "write_prometheus" in error.detail
    assert any("write_prometheus" in line for line in error.kwargs["messages"])
    rig.values("memory")


def test_a_plugin_that_then_reads_nothing_brings_the_old_configuration_back(rig: Rig) -> None:
    """``table`` without a table is loaded and initialised without a word."""
    rig.reach(rig.goal({"memory": MEMORY}))
    order = rig.order(rig.goal({"memory": MEMORY, "table": PluginGoal(True)}))
    error = rig.refuses(order, exception.DaemonNotStarted)
    assert "plugin.enable table" in error.detail
    # From the first stop to the second start.
    assert error.kwargs["gap"] > 0
    rig.values("memory")


def test_files_of_the_operator_that_no_collectd_starts_with_end_none(host: Host) -> None:
    rig = host.rig()
    before = rig.reach(rig.goal({"memory": MEMORY})).running.pid
    conf = Path(host.settings.config_file)
    conf.write_text(f"{conf.read_text()}<Plugin never_closed>\n")
    error = rig.refuses(rig.order(rig.goal({})), exception.ConfigRejected)
    assert "The operator's files cannot be understood" in error.detail
    # It can be understood, and collectd makes nothing of it.
    conf.write_text(conf.read_text().replace("<Plugin never_closed>", "LoadPlugin nosuch"))
    error = rig.refuses(rig.order(rig.goal({})), exception.ConfigRejected)
    assert "nosuch" in error.detail
    assert rig.driver.observe().pid == before
    rig.values("memory")


def test_a_configuration_that_collectd_does_not_start_with_brings_the_old_one_back(rig: Rig) -> None:
    """``unixsock`` takes no such option; a second instance would disturb the first, so it was not tried before."""
    rig.reach(rig.goal({"memory": MEMORY}))
    order = rig.order(rig.goal({"memory": MEMORY, "unixsock": PluginGoal(True, config={"NoSuchOption": 1})}))
    error = rig.refuses(order, exception.ConfigRejected)
    assert any("NoSuchOption" in line for line in error.kwargs["messages"])
    rig.values("memory")


def test_a_daemon_that_does_not_run_is_started_with_the_goal(rig: Rig) -> None:
    goal = rig.goal({"memory": MEMORY})
    rig.reach(goal)
    rig.kill()
    applied = rig.driver.apply(Order(goal, plan.Plan()))
    assert applied.restarted
    assert not plan.plan(applied.running, goal)


def test_the_next_agent_starts_a_daemon_that_has_ended(rig: Rig) -> None:
    goal = rig.goal({"memory": MEMORY})
    rig.reach(goal)
    rig.kill()
    assert not plan.plan(rig.another().recover().running, goal)


def test_nothing_that_the_operator_has_without_reads_is_switched_off(rig: Rig) -> None:
    order = rig.order(rig.goal({"csv": PluginGoal(False, origin="host")}))
    rig.refuses(order, exception.NotCapable)


def test_the_daemon_that_comes_up_has_the_request_in_its_own_log(tmp_path: Path) -> None:
    """Also where it came up with the configuration of before."""
    log = tmp_path / "log"
    with real_host(RestartDriver, f'LoadPlugin logfile\n<Plugin logfile>\n  File "{log}"\n</Plugin>') as host:
        rig, wanted = host.rig(), {"logfile": PluginGoal(True, origin="host"), "memory": MEMORY}
        rig.driver.apply(dataclasses.replace(rig.order(rig.goal(wanted)), request_id="req-1"))
        bad = rig.order(rig.goal({**wanted, "table": PluginGoal(True)}))
        rig.refuses(dataclasses.replace(bad, request_id="req-2"), exception.DaemonNotStarted)
        done, failed = (line.partition("collectd_mgr: ")[2] for line in log.read_text().splitlines() if "[req-" in line)
    assert done.startswith("[req-1] restart of collectd: done in ")
    assert done.endswith("(plugin.load memory)")
    assert failed.startswith("[req-2] restart of collectd: failed: daemon_not_started in ")
