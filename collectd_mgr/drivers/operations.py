# SPDX-License-Identifier: Apache-2.0
"""Changes inside the running collectd, one by one, each with the way back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import complaints, managed, plan
from collectd_mgr.domain.plan import Change
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.observation import SILENCE, Status
from collectd_mgr.drivers.validation import reads_nothing, rejected
from collectd_mgr.wire.client import WireClient

LOG = logging.getLogger(__name__)

#: Seconds beyond the grace period for what collectd itself does: a first load reads libraries from the disk.
_MARGIN = 20.0

_Call = tuple[str, dict[str, Any]]


class Operations:
    """The changes of one order.

    :param before: the extension's status before the first of them
    :param text: the managed file by then: some plugins make their reads from their configuration in it
    """

    def __init__(self, wire: WireClient, before: Status, text: str, request_id: str, grace_timeout: float) -> None:
        self._wire = wire
        self._plugins: Mapping[str, Any] = before["plugins"]
        self._default: float = before["interval"]
        self._file = text
        self._request_id = request_id
        self._grace = grace_timeout
        self._way_back: list[_Call] = []

    def make(self, change: Change, goal: Goal | None = None) -> tuple[str, ...]:
        """One change, observed; what collectd said while it was made.

        :param goal: has the settings of a section that is to be set

        :raises ConfigRejected: collectd goes on without a part of it
        :raises CollectdMgrError: the extension's own; :meth:`undo` takes back what is left of it
        """
        if change.kind in plan.SECTIONS:
            return self._set(plan.SECTIONS[change.kind], goal or Goal())
        self._way_back.append(self._opposite(change))
        said: list[str] = []
        for method, params in self._calls(change):
            state = self._ask(method, params)
            _check(method, change, state)
            said += state.get("messages") or ()
        if change.kind == plan.LOAD:
            _check_taken(change.plugin, said)
        return tuple(said)

    def _set(self, section: str, goal: Goal) -> tuple[str, ...]:
        """A section whole; it is in force, or nothing of it, when this returns or raises."""
        before = self._ask(f"{section}_get", {})["settings"]
        self._way_back.append((f"{section}_set", {"settings": before}))
        state = self._ask(f"{section}_set", {"settings": dict(goal.section(section))})
        return tuple(state.get("messages") or ())

    def undo(self) -> None:
        """Take back what was made, the last first. What cannot be taken back is logged, and seen when observed."""
        while self._way_back:
            method, params = self._way_back.pop()
            try:
                self._ask(method, params)
            except SILENCE as error:
                LOG.warning("No way back, collectd does not answer: %s", error.detail)
                return
            except exception.CollectdMgrError as error:
                LOG.warning("Not taken back: %s of %s: %s", method, params.get("plugin", "all"), error.detail)

    def _calls(self, change: Change) -> Iterator[_Call]:
        goal = change.goal or PluginGoal(False)
        if change.kind == plan.DISABLE:
            yield self._disable(change.plugin, self._text(change.plugin, change.goal))
        elif change.kind == plan.LOAD:
            # One of the operator's own is to this process as if it had been started with it.
            digest = None if goal.origin == "host" else goal.config_digest()
            text = managed.plugin_text(change.plugin, goal)
            yield self._enable(change.plugin, goal.interval, digest, text, first_load_allowed=True)
        else:
            known, text = self._known(change.plugin, goal)
            yield self._enable(change.plugin, self._interval(goal), known, text)
        if change.kind == plan.RESTART:
            yield "plugin_restart", {"plugin": change.plugin, "interval": self._interval(goal)}

    def _known(self, plugin: str, goal: PluginGoal | None) -> tuple[str | None, str]:
        """The configuration that the process has (the plan has compared): its name there, and its text."""
        digest = self._plugins[plugin]["config_digest"]
        return digest, self._text(plugin, goal)

    def _interval(self, goal: PluginGoal) -> float | None:
        """A managed plugin without an interval has the daemon's; the operator's own keeps its own."""
        return self._default if goal.interval is None and goal.origin != "host" else goal.interval

    def _opposite(self, change: Change) -> _Call:
        before = self._plugins.get(change.plugin)
        if before is None or not before["registered"]:
            return self._disable(change.plugin, self._text(change.plugin, change.goal))
        # Earlier extensions know no ``context``.
        interval = before.get("context", before["interval"])
        return self._enable(change.plugin, interval, *self._known(change.plugin, change.goal))

    def _text(self, plugin: str, goal: PluginGoal | None) -> str:
        """The configuration of a plugin, the one that the process has if that is known."""
        before = managed.block(self._file, plugin)
        if before is not None:
            return before
        return managed.plugin_text(plugin, goal) if goal is not None else ""

    def _disable(self, plugin: str, text: str) -> _Call:
        return "plugin_disable", {"plugin": plugin, "grace_timeout": self._grace, "config_text": text}

    def _enable(
        self, plugin: str, interval: float | None, digest: str | None, text: str, first_load_allowed: bool = False
    ) -> _Call:
        return "plugin_enable", {
            "plugin": plugin,
            "interval": interval,
            "config_digest": digest,
            "config_text": text,
            "first_load_allowed": first_load_allowed,
        }

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        timeout = self._grace + _MARGIN
        try:
            return dict(self._wire.call(method, params, request_id=self._request_id, timeout=timeout))
        except exception.ConfigRejected as error:
            error.kwargs.update({"plugin": params["plugin"]} if "plugin" in params else {})
            raise


def _check_taken(plugin: str, said: Sequence[str]) -> None:
    """For a plugin that may not be tried beside the daemon, this is the first that is heard of its configuration.

    :raises ConfigRejected: it goes on without a part of it
    """
    errors = [line for line in said if complaints.rejects(line) and complaints.about(line) == plugin.lower()]
    if errors:
        raise rejected(plugin, errors)


def _check(method: str, change: Change, state: Status) -> None:
    """What was asked for is what collectd's lists must say now.

    :raises ConfigRejected: the plugin registered nothing, as one does that found nothing to read
    :raises LiveRefused: it had something to read until now, and will have it in a new process
    """
    if method == "plugin_disable":
        if state["registered"]:
            raise exception.Busy(f"{change.plugin} still has reads registered.", plugin=change.plugin)
    elif not state["registered"] and not _is_idle(change):
        messages = list(state.get("messages") or ())
        why = "; ".join(messages) or "it gave no reason"
        if change.kind in (plan.INTERVAL, plan.RESTART):
            detail = f"{change.plugin} does not come back in this collectd: {why}"
            raise exception.LiveRefused(detail, reason_code="not_back", plugin=change.plugin)
        detail = f"{change.plugin} registered nothing to read: {why}"
        raise exception.ConfigRejected(detail, plugin=change.plugin, messages=messages)


def _is_idle(change: Change) -> bool:
    """Whether it is one of the operator's own that reads nothing, as at any start of collectd."""
    goal = change.goal
    return goal is not None and goal.origin == "host" and reads_nothing(change.plugin, goal)
