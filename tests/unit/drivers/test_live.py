# SPDX-License-Identifier: Apache-2.0
"""The live driver and an extension that is off, silent, or gone in the middle of an operation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import capabilities, managed, plan
from collectd_mgr.domain.capabilities import Offer
from collectd_mgr.domain.plan import Change, Plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import DriverSettings, Order
from collectd_mgr.drivers.files import ManagedFiles
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.suite.rigs import settings_in
from tests.unit.drivers.standin import Extension

GOAL = Goal({"memory": PluginGoal(True), "cpu": PluginGoal(True)})
LOADS = Plan(tuple(Change(plan.LOAD, name, goal) for name, goal in GOAL.plugins.items()))


@pytest.fixture
def settings() -> Iterator[DriverSettings]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        settings = settings_in(Path(name))
        Path(settings.state_dir).mkdir()
        yield settings


@pytest.fixture
def extension(settings: DriverSettings) -> Iterator[Extension]:
    extension = Extension(settings.socket, [])
    yield extension
    extension.server.stop(1.0)


@pytest.fixture
def driver(settings: DriverSettings) -> Iterator[LiveDriver]:
    driver = LiveDriver(settings)
    yield driver
    driver.close()


def test_without_a_daemon_nothing_is_offered_and_why(driver: LiveDriver) -> None:
    offer = driver.offer()
    assert offer.capabilities == frozenset()
    assert "does not answer" in offer.missing[plan.LOAD]
    with pytest.raises(exception.DaemonUnreachable):
        driver.apply(Order(GOAL, LOADS))


def test_where_live_is_off_the_reads_are_left(driver: LiveDriver, extension: Extension) -> None:
    extension.reasons = ["the binary was replaced"]
    offer = driver.offer()
    assert offer.capabilities == set(capabilities.READS)
    assert offer.missing[plan.DISABLE] == "the binary was replaced"
    assert Offer.from_dict(offer.to_dict()) == offer
    with pytest.raises(exception.LiveOff, match="the binary was replaced"):
        driver.apply(Order(GOAL, LOADS))
    assert extension.calls == []


def test_the_last_failure_takes_back_the_first_change(
    driver: LiveDriver, extension: Extension, settings: DriverSettings
) -> None:
    def fails(method: str, plugin: str) -> None:
        if (method, plugin) == ("plugin_enable", "cpu"):
            raise exception.Busy

    extension.fails = fails
    with pytest.raises(exception.Busy):
        driver.apply(Order(GOAL, LOADS))
    assert extension.calls == [
        ("plugin_enable", "memory"),
        ("plugin_enable", "cpu"),
        ("plugin_disable", "cpu"),
        ("plugin_disable", "memory"),
    ]
    assert ManagedFiles(settings.managed_dir).read() is None


def test_a_plugin_that_reads_on_is_not_said_to_be_disabled(driver: LiveDriver, extension: Extension) -> None:
    """Some register their reads under names of their own: what is left is looked at, and not what was asked for."""
    extension.stay = {"cpu"}
    off = Goal({"cpu": PluginGoal(False)})
    with pytest.raises(exception.Busy, match="still has reads"):
        driver.apply(Order(off, Plan((Change(plan.DISABLE, "cpu", off.plugins["cpu"]),))))


def test_a_disk_that_fails_as_well_leaves_no_daemon_half_changed(
    driver: LiveDriver, extension: Extension, settings: DriverSettings
) -> None:
    def fails(method: str, plugin: str) -> None:
        if (method, plugin) == ("plugin_enable", "cpu"):
            # What was staged cannot be taken away.
            (staged,) = Path(settings.managed_dir).glob(".*.staged")
            staged.unlink()
            staged.mkdir()
            raise exception.Busy

    extension.fails = fails
    with pytest.raises(OSError):
        driver.apply(Order(GOAL, LOADS))
    assert extension.calls[-1] == ("plugin_disable", "memory")


def test_a_daemon_that_dies_in_an_operation_is_said_to(
    driver: LiveDriver, extension: Extension, settings: DriverSettings
) -> None:
    """Its process never was there, and from now on nobody answers in its place."""
    files = ManagedFiles(settings.managed_dir)
    files.restore("before")

    def fails(_method: str, _plugin: str) -> None:
        extension.dead = True
        raise exception.DaemonUnreachable(maybe_executed=True)

    extension.fails = fails
    with pytest.raises(exception.DaemonDied):
        driver.apply(Order(GOAL, LOADS))
    assert (files.read(), files.staged()) == ("before", None)


def test_what_was_made_is_on_the_disk(driver: LiveDriver, extension: Extension, settings: DriverSettings) -> None:
    applied = driver.apply(Order(GOAL, LOADS, generation="e/1"))
    assert [name for name, item in applied.running.plugins.items() if item.enabled] == ["memory", "cpu"]
    assert ManagedFiles(settings.managed_dir).read() == managed.render(GOAL, "e/1")
    assert extension.calls == [("plugin_enable", "memory"), ("plugin_enable", "cpu")]
