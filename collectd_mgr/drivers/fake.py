# SPDX-License-Identifier: Apache-2.0
"""An in-memory collectd: a driver like the others, for trying the service out and for tests of what is above it.

It fails when its configuration says so: ``Reject "a message"`` is rejected with that message,
``Crash true`` ends the daemon in the operation.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import capabilities, plan, sections
from collectd_mgr.domain.capabilities import Installed, Offer
from collectd_mgr.domain.notifications import Batch, Notification, Position
from collectd_mgr.domain.plan import Change, Running, RunningPlugin
from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers import fake_cache
from collectd_mgr.drivers.base import Applied, Driver, DriverSettings, Order, Recovered
from collectd_mgr.drivers.fake_notifications import Said

VERSION = "5.12.0-fake"

_PIDS = itertools.count(1000)


class FakeDaemon:
    """The daemon of one host; drivers may share it, as several do with a real one."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.running = Running()
        self.began = 0.0
        #: Whether its process took the place of another one without a gap.
        self.replaced = False
        #: What the next process runs, where that was said.
        self.prepared: Goal | None = None
        #: What it says, until somebody has it safe.
        self.said = Said()

    def start(self, goal: Goal) -> None:
        """A new process that runs ``goal``, in place of the one there was."""
        self.began, self.prepared, self.replaced = self.clock(), None, False
        plugins = {name: RunningPlugin.of(item) for name, item in goal.plugins.items() if item.enabled}
        counts = goal.reloads, goal.daemon_restarts
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.running = Running(
            next(_PIDS),
            self.began,
            VERSION,
            plugins,
            *counts,
            sections=_given(goal),
            since_boot=since_boot,
            daemon_replacements=goal.daemon_replacements,
        )

    def die(self, by_somebody: bool = False) -> None:
        pid = self.running.pid
        self.running = Running(ended_by_somebody=(pid,) if by_somebody and pid is not None else ())


#: What takes a new process.
_ANEW = {plan.RESTART_DAEMON, plan.REPLACE_DAEMON, plan.PROGRAM}


class FakeDriver(Driver):
    """See the module; every change and every read is declared, and nothing is refused."""

    name: ClassVar[str] = "fake"

    def __init__(self, settings: DriverSettings, daemon: FakeDaemon | None = None) -> None:
        self._host = settings.host
        self._child = settings.ours
        self.daemon = daemon or FakeDaemon()

    def recover(self) -> Recovered:
        if self._child:
            self.start()
        return Recovered(self.observe(), replaced=self.daemon.replaced)

    def start(self) -> None:
        with self.daemon.lock:
            if self.daemon.running.pid is None:
                self.daemon.start(self.daemon.prepared or Goal())

    def offer(self) -> Offer:
        return Offer(self.name, frozenset((*plan.CHANGES, *plan.SECTIONS)) | frozenset(capabilities.READS))

    def installed(self) -> tuple[Installed, ...]:
        return fake_cache.installed()

    def refusal(self, change: Change, running: Running) -> str | None:
        return None

    def observe(self) -> Running:
        with self.daemon.lock:
            return replace(self.daemon.running, hostname=self._host)

    def apply(self, order: Order) -> Applied:
        self.check(order)
        with self.daemon.lock:
            before = self.daemon.running
            self._check(order)
            self._make(order)
            anew, replaced = self.daemon.running.pid != before.pid, self.daemon.replaced
            return Applied(self.name, self.daemon.running, restarted=anew and not replaced, replaced=anew and replaced)

    def _check(self, order: Order) -> None:
        for change in order.plan:
            if change.plugin and change.kind != plan.DISABLE:
                self._check_plugin(change.plugin, change.goal or PluginGoal(True))

    def _check_plugin(self, plugin: str, goal: PluginGoal) -> None:
        config = goal.config if isinstance(goal.config, dict) else {}
        if "Reject" in config:
            raise exception.ConfigRejected(str(config["Reject"]), plugin=plugin, messages=[config["Reject"]])
        if config.get("Crash"):
            self.daemon.die()
            raise exception.DaemonDied(f"collectd died while it loaded {plugin}.", plugin=plugin)

    def _make(self, order: Order) -> None:
        kinds = {change.kind for change in order.plan}
        if self.daemon.running.pid is None or kinds & _ANEW:
            self.daemon.start(order.goal)
            self.daemon.replaced = plan.REPLACE_DAEMON in kinds
            return
        plugins = dict(self.daemon.running.plugins)
        for change in order.plan:
            if change.kind == plan.DISABLE:
                plugins[change.plugin] = replace(plugins[change.plugin], enabled=False, stopping=False)
            elif change.plugin and change.goal is not None:
                plugins[change.plugin] = RunningPlugin.of(change.goal)
        given = _given(order.goal)
        self.daemon.running = replace(self.daemon.running, plugins=plugins, reloads=order.goal.reloads, sections=given)

    def at_next_start(self, goal: Goal, generation: str) -> None:
        self.daemon.prepared = goal

    def metrics(self, query: Query) -> Page:
        return self._page(query, values=False)

    def values(self, query: Query) -> Page:
        return self._page(query, values=True)

    def _page(self, query: Query, values: bool) -> Page:
        running = self.observe()
        if running.pid is None:
            raise exception.DaemonUnreachable("The in-memory daemon does not run.", maybe_executed=False)
        daemon = self.daemon
        page = fake_cache.page(self._host, running.plugins, daemon.began, daemon.clock(), query, values)
        return replace(page, process=running.pid)

    def notifications(self, position: Position, limit: int, wait: float) -> Batch:
        return self.daemon.said.read(position, limit, wait)

    def notify(self, notification: Notification, request_id: str) -> None:
        self.daemon.said.add(replace(notification, time=self.daemon.clock()))

    def flush(self, flush: Flush, request_id: str) -> dict[str, Any]:
        return {"plugins": fake_cache.flushed(self.observe().plugins, flush.plugin)}

    def close(self) -> None:
        """The daemon is in this process: it goes on for as long as the process does."""


def _given(goal: Goal) -> dict[str, str]:
    return {section: sections.digest(goal.section(section)) for section in plan.SECTIONS.values()}
