# SPDX-License-Identifier: Apache-2.0
"""Agents for the tests of control: endpoints on the in-memory bus that keep the promises of the bus, no more."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from collectd_mgr import exception
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import HostSpec, merge
from collectd_mgr.domain.status import HostStatus, PluginStatus
from collectd_mgr.rpc import agent

BAD = "rejected"
BAD_CONFIG = {"Rejected": True}

A = TypeVar("A", bound="ScriptedAgent")


class ScriptedAgent:
    """Applies what it gets; a plugin called ``BAD`` is rejected, and so are ``BAD_CONFIG``, limits of the write queue
    and another collectd. Refuses what an agent refuses.
    """

    target = agent.TARGET

    def __init__(self, host: str, boot: int = 1) -> None:
        self.host = host
        self.boot = boot
        self.sequence = itertools.count(1)
        self.taken: HostSpec | None = None
        self.running: HostSpec | None = None
        self.past: set[str] = set()
        self.error: exception.CollectdMgrError | None = None
        self.refuse: exception.CollectdMgrError | None = None
        self.seen: list[HostSpec] = []
        #: A plugin that the host's own allow-list refuses.
        self.denied = ""
        #: Whether a failure says what is run instead; agents of earlier releases do not.
        self.says_good = True

    @agent.expected
    def apply(self, context: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        wanted = HostSpec.from_dict(spec)
        self.seen.append(wanted)
        if self.refuse is not None:
            raise self.refuse
        if self.denied in merge(wanted.layers).plugins:
            raise exception.RefusedByAgent(f"{self.denied} is denied here", plugin=self.denied, **self._good())
        self._check(wanted)
        if self.taken is not None and self.taken.generation.epoch != wanted.generation.epoch:
            self.past.add(self.taken.generation.epoch)
        self.taken, self.error = wanted, None
        goal = merge(wanted.layers)
        configs = (each.config for each in goal.plugins.values())
        if BAD in goal.plugins or BAD_CONFIG in configs or goal.section("queue") or goal.section("program"):
            messages = ['Password "hunter2" is wrong']
            self.error = exception.ConfigRejected("collectd said no", messages=messages, **self._good())
        else:
            self.running = wanted
        return self.status().to_dict()

    def _good(self) -> dict[str, Any]:
        return {"good": self.running.generation.to_dict()} if self.running and self.says_good else {}

    def forget(self) -> None:
        """Its disk was lost."""
        self.taken = self.running = None

    def _check(self, wanted: HostSpec) -> None:
        if self.taken is None:
            return
        ours, theirs = self.taken.generation, wanted.generation
        older = theirs.epoch == ours.epoch and theirs.n < ours.n
        other = theirs == ours and wanted.digest() != self.taken.digest()
        if older or other or theirs.epoch in self.past:
            raise exception.StaleGeneration("older", generation=ours.to_dict())

    def status(self) -> HostStatus:
        plugins = merge(self.running.layers).plugins if self.running else {}
        shown = {
            name: PluginStatus(goal.enabled, "registered" if goal.enabled else "off", goal.origin, config=goal.config)
            for name, goal in plugins.items()
        }
        status = HostStatus(self.host, self.boot, next(self.sequence), mode=Mode("manage"), plugins=shown)
        if self.taken is None:
            return status
        return replace(
            status,
            generation=self.taken.generation,
            digest=self.taken.digest(),
            outcome=FAILED if self.error else APPLIED,
            error=self.error.to_dict() if self.error else None,
            driver="live",
        )


@contextmanager
def served(bus: Any, endpoint: A) -> Iterator[A]:
    """The agent, on the bus until the block ends."""
    server = agent.server(bus, endpoint.host, endpoint)
    server.start()
    yield endpoint
    server.stop()
