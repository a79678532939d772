# SPDX-License-Identifier: Apache-2.0
"""What is special about the in-memory collectd; the rest is the conformance suite's."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.plan import Plan, plan
from collectd_mgr.domain.reads import Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Applied, DriverSettings, Order
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver

SETTINGS = DriverSettings("h.example.org", "/nowhere", "/nowhere", "/nowhere", "/nowhere")


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
def driver(now: list[float]) -> FakeDriver:
    driver = FakeDriver(SETTINGS, FakeDaemon(lambda: now[0]))
    driver.recover()
    return driver


def bring(driver: FakeDriver, **plugins: PluginGoal) -> Applied:
    goal = Goal(plugins)
    return driver.apply(Order(goal, plan(driver.observe(), goal)))


def test_values_tick_with_the_interval(driver: FakeDriver, now: list[float]) -> None:
    bring(driver, uptime=PluginGoal(True, 2.0))
    now[0] = 1005.0
    (row,) = driver.values(Query("uptime")).rows
    assert (row["id"], row["interval"], row["last_update"]) == ("h.example.org/uptime/uptime", 2.0, 1004.0)


def test_pages_add_up(driver: FakeDriver) -> None:
    bring(driver, cpu=PluginGoal(True), memory=PluginGoal(True))
    first = driver.metrics(Query(limit=5))
    second = driver.metrics(Query(limit=5, marker=first.marker))
    ids = [row["id"] for page in (first, second) for row in page.rows]
    assert (len(ids), ids, second.marker) == (9, sorted(set(ids)), None)


def test_it_rejects_what_its_configuration_says(driver: FakeDriver) -> None:
    before = driver.observe()
    with pytest.raises(exception.ConfigRejected) as caught:
        bring(driver, cpu=PluginGoal(True, config={"Reject": "no such option"}))
    assert caught.value.kwargs["messages"] == ["no such option"]
    assert driver.observe() == before


def test_it_dies_when_its_configuration_says(driver: FakeDriver) -> None:
    with pytest.raises(exception.DaemonDied):
        bring(driver, cpu=PluginGoal(True, config={"Crash": True}))
    assert driver.observe().pid is None
    with pytest.raises(exception.DaemonUnreachable):
        driver.values(Query())


def test_an_unknown_plugin_is_not_loadable(driver: FakeDriver) -> None:
    with pytest.raises(exception.PluginNotLoadable):
        bring(driver, warp=PluginGoal(True))


def test_an_empty_order_changes_nothing(driver: FakeDriver) -> None:
    before = driver.observe()
    assert driver.apply(Order(Goal(), Plan())).running == before
