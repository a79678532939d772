# SPDX-License-Identifier: Apache-2.0
"""Changes of plugins inside the running collectd, one by one, each with the way back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import managed, plan
from collectd_mgr.domain.plan import Change
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.observation import Status
from collectd_mgr.wire.client import WireClient

LOG = logging.getLogger(__name__)

#: Seconds beyond the grace period for what collectd itself does: a first load reads libraries from the disk.
_MARGIN = 20.0

_Call = tuple[str, dict[str, Any]]


class Operations:
    """The changes of one order. ``before`` is the extension's status before the first of them."""

    def __init__(self, wire: WireClient, before: Status, request_id: str, grace_timeout: float) -> None:
        self._wire = wire
        self._plugins: Mapping[str, Any] = before["plugins"]
        self._default: float = before["interval"]
        self._request_id = request_id
        self._grace = grace_timeout
        self._way_back: list[_Call] = []

    def make(self, change: Change) -> tuple[str, ...]:
        """One change, observed; what collectd said while it was made.

        :raises CollectdMgrError: the extension's own; nothing of this change is left then, beyond what :meth:`undo`
            takes back
        """
        method, params = self._call(change)
        self._way_back.extend(self._opposite(change))
        state = self._ask(method, params)
        _check(change, state)
        return tuple(state.get("messages") or ())

    def undo(self) -> None:
        """Take back what was made, the last first. What cannot be taken back is logged, and seen when observed."""
        while self._way_back:
            method, params = self._way_back.pop()
            try:
                self._ask(method, params)
            except exception.CollectdMgrError as error:
                LOG.warning("Not taken back: %s of %s: %s", method, params["plugin"], error.detail)

    def _call(self, change: Change) -> _Call:
        goal = change.goal or PluginGoal(False)
        name = {"plugin": change.plugin}
        if change.kind == plan.DISABLE:
            return "plugin_disable", {**name, "grace_timeout": self._grace}
        if change.kind == plan.LOAD:
            return "plugin_enable", {
                **name,
                "interval": goal.interval,
                "config_text": managed.plugin_text(change.plugin, goal),
                "config_digest": goal.config_digest(),
            }
        interval = {**name, "interval": self._interval(goal)}
        if change.kind == plan.ENABLE:
            # The plan has compared the configurations; the process knows it by the name it was given.
            known = self._plugins[change.plugin]["config_digest"]
            return "plugin_enable", {**interval, "config_digest": known, "first_load_allowed": False}
        return {plan.RESTART: "plugin_restart", plan.INTERVAL: "plugin_interval"}[change.kind], interval

    def _interval(self, goal: PluginGoal) -> float | None:
        """A managed plugin without an interval has the daemon's; the operator's own keeps its own."""
        return self._default if goal.interval is None and goal.origin != "host" else goal.interval

    def _opposite(self, change: Change) -> list[_Call]:
        before = self._plugins.get(change.plugin)
        if before is None or not before["registered"]:
            return [("plugin_disable", {"plugin": change.plugin, "grace_timeout": self._grace})]
        known = {"config_digest": before["config_digest"], "first_load_allowed": False}
        return [("plugin_enable", {"plugin": change.plugin, "interval": before["interval"], **known})]

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        timeout = self._grace + _MARGIN
        return dict(self._wire.call(method, params, request_id=self._request_id, timeout=timeout))


def _check(change: Change, state: Status) -> None:
    """What was asked for is what collectd's lists must say now.

    :raises ConfigRejected: the plugin registered nothing, as one does that found nothing to read
    """
    if change.kind == plan.DISABLE:
        if state["registered"]:
            raise exception.Busy(f"{change.plugin} still has reads registered.", plugin=change.plugin)
    elif not state["registered"]:
        messages = list(state.get("messages") or ())
        detail = f"{change.plugin} registered nothing to read: {'; '.join(messages) or 'it gave no reason'}"
        raise exception.ConfigRejected(detail, plugin=change.plugin, messages=messages)
