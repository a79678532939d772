# SPDX-License-Identifier: Apache-2.0
"""A real collectd as a unit of a real systemd, with the settings of Debian's own unit."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import DriverSettings, Order
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.inheritance import join
from collectd_mgr.drivers.process import Process, running
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.drivers.snippet import snippet
from collectd_mgr.drivers.systemd import SystemdDaemon
from collectd_mgr.testing.suite.rigs import Host
from tests.collectd.parts import Parts, spec
from tests.collectd.units import daemon, have_unit, unit_settings
from tests.freezing import held, reader
from tests.systemd import Systemd
from tests.waiting import PATIENCE, eventually, looks

#: Seconds for which a restart that must not come is waited for.
_NO_RESTART = 0.7


@pytest.fixture(scope="module")
def systemd() -> Iterator[Systemd]:
    with Systemd() as systemd:
        yield systemd


@pytest.fixture
def settings(systemd: Systemd) -> DriverSettings:
    return unit_settings(systemd)


@pytest.fixture
def driver(systemd: Systemd, settings: DriverSettings) -> Iterator[RestartDriver]:
    driver = RestartDriver(settings)
    driver._collectd.daemon = daemon(systemd, settings)
    driver.recover()
    yield driver
    driver._collectd.daemon.stop()
    driver.close()


@pytest.fixture
def collectd(driver: RestartDriver) -> Collectd:
    driver._collectd.await_ready(driver._collectd.daemon.start())
    return driver._collectd


def process(settings: DriverSettings) -> list[Process]:
    return list(running(settings.binary, ("-C", settings.config_file)))


def until(collectd: Collectd, pid: int | None) -> Running:
    """The daemon, when it is another one than ``pid`` and answers, or when there is none (the pause before it)."""
    for _ in looks():
        if (seen := collectd.observe()).pid != pid and (seen.pid is None or seen.version is not None):
            return seen
    raise AssertionError(seen)


def back(collectd: Collectd, pid: int | None) -> Running:
    for _ in looks():
        if (seen := collectd.observe()).pid not in (pid, None) and seen.version is not None:
            return seen
    raise AssertionError(seen)


def test_start_and_stop_are_systemds(collectd: Collectd, settings: DriverSettings) -> None:
    (process_,) = process(settings)
    assert collectd.daemon.find() == process_
    assert collectd.daemon.start() == process_
    assert collectd.daemon.stop()
    time.sleep(_NO_RESTART)
    assert process(settings) == []
    assert collectd.daemon.find() is None


def test_one_that_does_not_end_when_asked_is_killed(
    collectd: Collectd, settings: DriverSettings, systemd: Systemd
) -> None:
    (process_,) = process(settings)
    # Of no effect on collectd. To stop the process with SIGSTOP would not do: systemd sends a SIGCONT after its signal.
    have_unit(systemd, settings, "KillSignal=SIGURG\n")
    impatient = dataclasses.replace(settings, stop_timeout=0.5)
    assert not daemon(systemd, impatient).stop()
    assert not process_.alive()
    time.sleep(_NO_RESTART)
    assert process(settings) == []


def test_one_whose_child_has_to_be_killed_ended_by_itself(
    collectd: Collectd, settings: DriverSettings, systemd: Systemd
) -> None:
    (process_,) = process(settings)
    have_unit(systemd, settings, "TimeoutStopSec=2\n")
    stubborn = ["sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done"]
    with subprocess.Popen(stubborn, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        join(Process(child.pid, 0), process_)
        assert collectd.daemon.stop()
        assert child.wait(PATIENCE) == -signal.SIGKILL


@pytest.mark.parametrize("patience", [0.5, PATIENCE])
def test_one_that_the_kernel_holds_is_not_in_the_way_of_the_next(
    driver: RestartDriver, collectd: Collectd, settings: DriverSettings, systemd: Systemd, patience: float
) -> None:
    """Whether we have it killed or systemd does: that waits for its end, and starts no other one before."""
    have_unit(systemd, settings, "TimeoutStopSec=1\n")
    driver._collectd.daemon = daemon(systemd, dataclasses.replace(settings, stop_timeout=patience))
    (old,) = process(settings)
    with held(reader(old.pid)):
        goal = Goal({"load": PluginGoal(True, origin="host"), "memory": PluginGoal(True)})
        applied = driver.apply(Order(goal, plan.plan(driver.observe(), goal), "req-1"))
        assert old.alive()
        assert applied.running.plugins["memory"].enabled
        assert [line for line in applied.warnings if f"collectd {old.pid} was killed, and is there yet" in line]
        assert collectd.wire.listener() == applied.running.pid != old.pid


def test_nor_is_one_that_somebody_else_has_ended(
    collectd: Collectd, settings: DriverSettings, systemd: Systemd
) -> None:
    have_unit(systemd, settings, "TimeoutStopSec=1\n")
    first = collectd.observe().pid
    assert first is not None
    with held(reader(first)):
        systemd.ctl("restart", settings.unit)
        assert back(collectd, first).pid == collectd.wire.listener()


def test_one_that_nobody_can_end_goes_on(collectd: Collectd, settings: DriverSettings, systemd: Systemd) -> None:
    """It is not taken for one that was killed."""
    (process_,) = process(settings)
    deaf = Path(settings.config_file).with_name("systemctl")
    deaf.write_text(
        f'#!/bin/sh\n[ "$1" = show ] || {{ echo "Access denied" >&2; exit 4; }}\nexec {systemd.systemctl} "$@"\n'
    )
    deaf.chmod(0o755)
    with pytest.raises(exception.DaemonNotStarted, match="goes on: Access denied"):
        SystemdDaemon(settings, collectd.wire, str(deaf), systemd.journalctl).stop()
    assert process_.alive()


def test_a_change_is_carried_by_one_restart(
    collectd: Collectd, driver: RestartDriver, settings: DriverSettings
) -> None:
    before = driver.observe()
    goal = Goal({"load": PluginGoal(True, origin="host"), "memory": PluginGoal(True, interval=1.0)})
    applied = driver.apply(Order(goal, plan.plan(before, goal), "req-1"))
    assert applied.restarted
    assert applied.running.plugins["memory"].enabled
    assert [found.pid for found in process(settings)] == [applied.running.pid]


def test_what_does_not_come_up_is_taken_back(
    collectd: Collectd, driver: RestartDriver, settings: DriverSettings
) -> None:
    goal = Goal({"load": PluginGoal(True, origin="host"), "unixsock": PluginGoal(True, config={"NoSuchOption": 1})})
    with pytest.raises(exception.DaemonNotStarted):
        driver.apply(Order(goal, plan.plan(driver.observe(), goal), "req-1"))
    assert "unixsock" not in driver.observe().plugins
    assert len(process(settings)) == 1


def test_a_restart_by_somebody_is_told_from_a_death(
    collectd: Collectd, settings: DriverSettings, systemd: Systemd
) -> None:
    first = collectd.observe()
    systemd.ctl("restart", settings.unit)
    second = back(collectd, first.pid)
    assert first.pid in second.ended_by_somebody
    (process_,) = process(settings)
    process_.signal(signal.SIGSEGV)
    dead = until(collectd, second.pid)
    third = back(collectd, second.pid)
    assert second.pid not in (*dead.ended_by_somebody, *third.ended_by_somebody)


@pytest.fixture
def agent(collectd: Collectd, settings: DriverSettings) -> Iterator[Parts]:
    """With a live change behind it, on probation."""
    agent = Parts(Host(settings, RestartDriver), daemon=collectd.daemon)
    agent.applier.apply(spec(1, "memory"))
    agent.state.remember(good=agent.state.memory.current, probation=None)
    agent.applier.apply(spec(2, "memory", "swap"))
    assert (agent.state.memory.driver, agent.state.memory.probation is not None) == ("live", True)
    yield agent
    agent.close()


def look_until_it_is_settled(agent: Parts) -> None:
    """As the agent does, until it knows what became of the live change: good, or not."""

    def settled() -> bool:
        agent.keeper.look()
        return agent.state.memory.probation is None

    eventually(settled)


def test_a_restart_soon_after_a_live_change_quarantines_nothing(
    agent: Parts, collectd: Collectd, settings: DriverSettings, systemd: Systemd
) -> None:
    systemd.ctl("restart", settings.unit)
    look_until_it_is_settled(agent)
    assert (agent.state.memory.outcome, agent.state.memory.quarantine) == ("applied", None)
    assert collectd.observe().plugins["swap"].enabled


def test_so_it_is_where_one_without_the_snippet_ran_in_between(
    agent: Parts, collectd: Collectd, settings: DriverSettings, systemd: Systemd
) -> None:
    """Which can say no farewell, and has not outlived the change."""
    conf = Path(settings.config_file)
    text = conf.read_text()
    conf.write_text(text.replace(snippet(settings), ""))
    systemd.ctl("restart", settings.unit)
    agent.keeper.look()
    bare = collectd.observe()
    assert (bare.pid is None, bare.version) == (False, None)
    assert agent.state.memory.probation is not None
    conf.write_text(text)
    systemd.ctl("restart", settings.unit)
    mine = back(collectd, bare.pid)
    assert bare.pid not in mine.ended_by_somebody
    agent.keeper.look()
    watched = agent.state.memory.probation
    assert watched is not None
    assert watched.watches(mine, watched.boot_id)
    look_until_it_is_settled(agent)
    memory = agent.state.memory
    assert (memory.outcome, memory.quarantine, memory.good) == ("applied", None, memory.current)
    there = collectd.observe()
    assert (there.pid, there.plugins["swap"].enabled) == (mine.pid, True)


def test_a_crash_soon_after_a_live_change_does(agent: Parts, collectd: Collectd, settings: DriverSettings) -> None:
    (process_,) = process(settings)
    process_.signal(signal.SIGSEGV)
    look_until_it_is_settled(agent)
    assert (agent.state.memory.outcome, agent.state.memory.quarantine is None) == ("failed", False)
    plugins = back(collectd, process_.pid).plugins
    assert (plugins["memory"].enabled, "swap" in plugins) == (True, False)
    assert len(process(settings)) == 1


def test_a_kill_by_somebody_is_seen_until_systemd_starts_it_again(
    collectd: Collectd, settings: DriverSettings, systemd: Systemd
) -> None:
    have_unit(systemd, settings, pause=10 * PATIENCE)
    (process_,) = process(settings)
    process_.signal(signal.SIGKILL)
    assert process_.wait(PATIENCE)
    assert process_.pid in until(collectd, process_.pid).ended_by_somebody


def test_a_unit_that_does_not_start_says_so(collectd: Collectd, settings: DriverSettings) -> None:
    collectd.daemon.stop()
    Path(settings.config_file).write_text("<Plugin never_closed>\n")
    with pytest.raises(exception.DaemonNotStarted, match="failed"):
        collectd.daemon.start()
    collectd.daemon.stop()
