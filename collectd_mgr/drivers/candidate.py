# SPDX-License-Identifier: Apache-2.0
"""What a new process of collectd is to run: judged before anything is touched, and compared with what it runs then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import managed, plan, safety, sections
from collectd_mgr.domain.filesystem import SURE
from collectd_mgr.domain.plan import Change, Running
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers import operators
from collectd_mgr.drivers.base import DriverSettings, Order
from collectd_mgr.drivers.installation import Installation, Installations

#: What needs a new process, or can be had by one.
CHANGES = frozenset((*plan.CHANGES, *plan.SECTIONS))

#: What only who starts collectd can change, by capability, where that is not the agent.
NOT_HERE = {plan.PROGRAM: "Whoever starts collectd on this host says which program that is."}

#: What a new process has to take up; for the others there is nothing that could fail.
_TAKEN_UP = (plan.LOAD, plan.RECONFIGURE, plan.ENABLE)

#: What collectd logs of a plugin that it takes out again; the others go on without it.
_NOT_INITIALISED = re.compile(r"Initialization of plugin `([^']+)' failed")


class Candidates:
    """Judges them."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self.installations = Installations(settings)

    def judge(self, order: Order) -> tuple[str, ...]:
        """What collectd warns of in the order.

        :raises ConfigRejected, PluginNotLoadable, BadConfig, BadGrammar, OwnedByHostConfig, BadSetting: what it is not
        :raises ProgramUnfit: the program that it wants is no collectd that could be run here
        """
        changes = list(order.plan)
        if any(change.kind == plan.THRESHOLDS for change in changes):
            operators.check(self._settings, order.goal)
        if any(change.kind == plan.PROGRAM for change in changes):
            self.installations.check(order.goal.section(sections.PROGRAM))
            # Another collectd may take another view of what this one has taken.
            changes += [Change(plan.LOAD, name, goal) for name, goal in order.goal.plugins.items() if goal.enabled]
        installation = self.installations.of(order.goal.section(sections.PROGRAM))
        return tuple(dict.fromkeys(line for change in changes for line in _validate(installation, change)))

    def check_start(self, order: Order, text: str, since: float) -> None:
        """Whether the next collectd starts, with ``text`` among the operator's own files: some of them may be new.

        What one has started with is not tried: a trial is not quite the real thing, and may refuse what is good.

        :param since: when the one that runs was started, in seconds since 1970
        :raises ConfigRejected: it does not, with collectd's own ``messages``
        :raises BadConfig: they do not include the managed file
        """
        items = operators.beside(self._settings, managed.parse(text))
        installation = self.installations.of(order.goal.section(sections.PROGRAM))
        changed = max(operators.changed(self._settings), installation.changed())
        if changed + SURE >= since or any(change.kind == plan.PROGRAM for change in order.plan):
            installation.check_start(items)


def _validate(installation: Installation, change: Change) -> tuple[str, ...]:
    if change.kind in plan.NEEDED:
        installation.packages.check_loadable(plan.NEEDED[change.kind])
    if change.kind not in _TAKEN_UP or change.goal is None or change.goal.origin == "host":
        return ()
    installation.packages.check_loadable(change.plugin)
    return installation.validation.check(change.plugin, change.goal)


def refusal(change: Change) -> str | None:
    """Why a new process is no way to make the change; ``None`` when it is."""
    row = safety.lookup(change.plugin)
    if change.kind != plan.DISABLE or not _operators(change) or row.only_reads:
        return None
    return f"The operator's own files load it, and only its reads could be taken out. {row.sentence}"


def taken_up(order: Order) -> list[Change]:
    """The changes whose plugin a new process has to take up."""
    return [change for change in order.plan if change.kind in _TAKEN_UP]


def see_initialised(status: Mapping[str, Any], order: Order) -> None:
    """:raises DaemonNotStarted: the process of this status runs without a plugin that the order brings"""
    said = status["start_messages"]
    failed = {found.group(1) for found in map(_NOT_INITIALISED.search, said) if found}
    brought = {change.plugin for change in taken_up(order)}
    if failed & brought:
        names = ", ".join(sorted(failed & brought))
        raise exception.DaemonNotStarted(f"collectd could not initialise {names}.", messages=said)


def lacking(running: Running, goal: Goal) -> list[str]:
    """What of the goal does not run. What runs besides is somebody else's, and so is a failing load of theirs, or what
    no process could be without.
    """
    missing = (change for change in plan.plan(running, goal) if not _theirs(change) and refusal(change) is None)
    return [str(change) for change in missing if change.kind in plan.SECTIONS or change.plugin in goal.plugins]


def _theirs(change: Change) -> bool:
    return change.kind == plan.LOAD and _operators(change)


def _operators(change: Change) -> bool:
    return change.goal is not None and change.goal.origin == "host"
