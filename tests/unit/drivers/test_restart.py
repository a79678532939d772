# SPDX-License-Identifier: Apache-2.0
"""The restart driver and a collectd that does not come up at all."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.plan import LOAD, Change, Plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.domain.states import UNTOLD
from collectd_mgr.drivers.base import DriverSettings, Order
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.drivers.ending import killed
from collectd_mgr.drivers.files import ManagedFiles
from collectd_mgr.drivers.outage import Outage
from collectd_mgr.drivers.process import Process
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rigs import Kind, settings_in
from tests.unit.drivers.standin import NOBODY, Extension

MEMORY = PluginGoal(True)
ORDER = Order(Goal({"memory": MEMORY}), Plan((Change(LOAD, "memory", MEMORY),)))


@pytest.fixture
def settings() -> Iterator[DriverSettings]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        settings = settings_in(Path(name))
        Path(settings.state_dir).mkdir()
        yield dataclasses.replace(settings, binary="/bin/false")


@pytest.fixture
def driver(settings: DriverSettings) -> Iterator[RestartDriver]:
    driver = RestartDriver(settings)
    yield driver
    driver.close()


def test_the_file_before_it_is_back(driver: RestartDriver, settings: DriverSettings) -> None:
    files = ManagedFiles(settings.managed_dir)
    files.restore("before")
    with pytest.raises(exception.DaemonNotStarted):
        driver.apply(ORDER)
    assert files.read() == "before"


def test_without_a_way_back_both_reasons_are_told(settings: DriverSettings) -> None:
    binary = Path(settings.state_dir) / "collectd"
    binary.write_text(f"#!/bin/sh\ngrep -q memory {settings.managed_dir}/* && echo candidate || echo before\nexit 1\n")
    binary.chmod(0o755)
    ManagedFiles(settings.managed_dir).restore("# nothing")
    driver = RestartDriver(dataclasses.replace(settings, binary=str(binary)))
    with pytest.raises(exception.DaemonNotStarted, match="did not come up either") as raised:
        driver.apply(ORDER)
    assert raised.value.kwargs["messages"] == ["candidate", "before"]
    driver.close()


def test_the_daemon_is_told_before_it_is_stopped(driver: RestartDriver, settings: DriverSettings) -> None:
    """An operation that is under way when collectd frees its lists would use what is freed."""
    extension = Extension(settings.socket, [])
    try:
        with pytest.raises(exception.DaemonNotStarted):
            driver.apply(ORDER)
        assert extension.calls[0] == ("drain", "")
    finally:
        extension.server.stop(1.0)


@pytest.mark.parametrize("kind", [RestartDriver, ReplaceDriver])
def test_either_starts_a_daemon_where_nothing_can_be_written(settings: DriverSettings, kind: Kind) -> None:
    """Whichever is the last of the drivers is asked to: that it was tried shows in what came of it."""
    driver = kind(settings)
    with pytest.raises(exception.DaemonNotStarted):
        driver.start()
    driver.close()


class Stubborn(ChildDaemon):
    """There is one, and it has to be killed."""

    def find(self) -> Process | None:
        return Process(NOBODY, 0)

    def stop(self) -> bool:
        return False

    def start(self) -> Process:
        raise exception.DaemonNotStarted(messages=[])


def test_that_one_was_killed_is_told(driver: RestartDriver, settings: DriverSettings) -> None:
    driver._collectd.daemon, outage = Stubborn(settings), Outage()
    with pytest.raises(exception.DaemonNotStarted):
        driver._replace(outage)
    assert outage.warnings == (killed("collectd"), UNTOLD)


def test_a_start_that_fails_is_a_note_for_the_agent(driver: RestartDriver) -> None:
    recovered = driver.recover()
    assert recovered.running.pid is None
    assert "ended" in recovered.notes[0]
