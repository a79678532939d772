# SPDX-License-Identifier: Apache-2.0
"""What the suite needs to know of a driver under test: the driver, its daemon, and plugins to try."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.plan import RunningPlugin, plan
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Applied, Driver, Order

#: Seconds between two reads in the tests: two of them go by quickly.
FAST = 0.2

#: Seconds to wait for what must come, on a machine that is slow and has other things to do.
PATIENCE = 120.0


@dataclass
class Rig:
    """A driver and a daemon that runs, with nothing managed yet.

    The package must have the plugins ``memory`` and ``cpu``, and ``cpu`` take ``ReportByCpu``.

    :param origin: what the operator's own files configure; ``load`` must be among it
    :param rejected: a config of ``cpu`` that the daemon does not take
    :param another: a second driver for the same daemon, as the next agent has it
    :param kill: end the daemon at once, as a crash does
    :param again: end it and start it as the machine does, without the driver
    :param disk: everything that a later start of the daemon depends on
    """

    driver: Driver
    origin: Mapping[str, PluginGoal]
    rejected: Any
    another: Callable[[], Driver]
    kill: Callable[[], None]
    again: Callable[[], None]
    disk: Callable[[], object]
    _orders: int = field(default=0, init=False)

    def goal(self, plugins: Mapping[str, PluginGoal] | None = None, **counters: Any) -> Goal:
        """A goal of the operator's plugins and these."""
        return Goal({**self.origin, **(plugins or {})}, **counters)

    def order(self, goal: Goal) -> Order:
        self._orders += 1
        return Order(goal, plan(self.driver.observe(), goal), f"req-{self._orders}", f"epoch/{self._orders}")

    def reach(self, goal: Goal) -> Applied:
        """Apply it, and see that nothing is left to be done."""
        applied = self.driver.apply(self.order(goal))
        assert applied.driver == self.driver.name
        assert not plan(applied.running, goal)
        assert not plan(self.driver.observe(), goal)
        return applied

    def refuses(self, order: Order, error: type[exception.CollectdMgrError]) -> exception.CollectdMgrError:
        """Apply it, and see that it raises ``error`` and leaves everything as it was."""
        before = self.state()
        with pytest.raises(exception.CollectdMgrError) as raised:
            self.driver.apply(order)
        assert type(raised.value) is error
        assert self.state() == before
        return raised.value

    def state(self) -> object:
        """What runs and what a start would run. The code of a plugin that was loaded in vain stays in the process."""
        plugins = self.driver.observe().plugins
        return {name: item for name, item in plugins.items() if item.enabled}, self.disk()

    def declares(self, kind: str) -> bool:
        return kind in self.driver.offer().capabilities

    def running(self, plugin: str) -> RunningPlugin:
        return self.driver.observe().plugins[plugin]

    def newest(self, plugin: str) -> float:
        """When the plugin's newest value was read, in seconds since 1970; 0 before the first."""
        page = self.driver.metrics(Query(plugin=plugin))
        return max((float(row["last_update"]) for row in page.rows), default=0.0)

    def values(self, plugin: str) -> Page:
        """The plugin's values, as soon as there are any."""
        await_(lambda: self.newest(plugin) > 0)
        return self.driver.values(Query(plugin=plugin))


def await_(happened: Callable[[], bool]) -> None:
    """Fail unless it happens, sooner or later."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"it did not happen within {PATIENCE} s"
        time.sleep(0.05)
