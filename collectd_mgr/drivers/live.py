# SPDX-License-Identifier: Apache-2.0
"""Changes inside the running collectd: no restart, no lost sample."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import capabilities, plan, safety
from collectd_mgr.domain.capabilities import Installed, Offer
from collectd_mgr.domain.plan import Change, Running
from collectd_mgr.domain.safety import Safety
from collectd_mgr.drivers.base import Applied, DriverSettings, Order, Recovered
from collectd_mgr.drivers.installation import Installations
from collectd_mgr.drivers.observation import SILENCE
from collectd_mgr.drivers.operations import Operations
from collectd_mgr.drivers.real import RealDriver

LOG = logging.getLogger(__name__)

_SECTIONS = frozenset({plan.THRESHOLDS, plan.IGNORELIST, plan.QUEUE})
#: Of which some memory is never given back.
_COSTLY = frozenset({plan.THRESHOLDS, plan.IGNORELIST})
#: What registers anew what was registered before.
_AGAIN = frozenset({plan.ENABLE, plan.INTERVAL, plan.RESTART})
_CHANGES = frozenset({plan.LOAD, plan.ENABLE, plan.DISABLE, plan.INTERVAL, plan.RESTART}) | _SECTIONS

_NEEDS_A_NEW_DAEMON = {
    plan.RECONFIGURE: "A loaded plugin adds a new configuration to the one that it has; it needs a new daemon.",
    plan.RELOAD: "collectd reads the operator's files when it starts.",
    plan.RESTART_DAEMON: "A daemon does not restart inside itself.",
    plan.REPLACE_DAEMON: "A daemon does not replace itself.",
    plan.PROGRAM: "Another program is another process.",
}


class LiveDriver(RealDriver):
    """Talks to the extension; which plugins it may touch, the live-safety table says.

    :param lookup: gives the row of a plugin in that table
    """

    name: ClassVar[str] = "live"

    def __init__(self, settings: DriverSettings, lookup: Callable[[str], Safety] = safety.lookup) -> None:
        super().__init__(settings)
        self._lookup = lookup
        self._installations = Installations(settings)

    def recover(self) -> Recovered:
        self._collectd.prepare()
        self._installations.current().validation.clear()
        return Recovered(self.observe())

    def offer(self) -> Offer:
        reads, off = frozenset(capabilities.READS), dict(_NEEDS_A_NEW_DAEMON)
        try:
            live = self._collectd.just_now()["live"]
        except SILENCE as error:
            return Offer(self.name, missing={**off, **dict.fromkeys(_CHANGES | reads, error.detail)})
        if live["on"]:
            return Offer(self.name, _CHANGES | reads, off)
        return Offer(self.name, reads, {**off, **dict.fromkeys(_CHANGES, "; ".join(live["reasons"]))})

    def installed(self) -> tuple[Installed, ...]:
        return self._installations.current().packages.installed()

    def refusal(self, change: Change, running: Running) -> str | None:
        if change.kind not in _CHANGES:
            return _NEEDS_A_NEW_DAEMON.get(change.kind, "It needs a new daemon.")
        if change.kind in _SECTIONS:
            return self._excess(change)
        return self._row(change).sentence or None

    def _row(self, change: Change) -> Safety:
        """What the table says of this change of its plugin."""
        row, goal = self._lookup(change.plugin), change.goal
        if row.once and change.kind in _AGAIN and not (goal and goal.config):
            return replace(row, verdict=safety.REFUSED, reason="once")
        return row

    def _excess(self, change: Change) -> str | None:
        """Why the daemon has no room for a section; ``None`` where it has, or does not tell: it does when it is set."""
        if change.kind not in _COSTLY or change.settings is None:
            return None
        try:
            self._collectd.wire.call(f"{plan.SECTIONS[change.kind]}_check", {"settings": dict(change.settings)})
        except exception.LiveRefused as error:
            return error.detail
        except exception.CollectdMgrError as error:  # One of an earlier version cannot be asked.
            LOG.debug("%s: what it would cost is not known: %s", change, error.detail)
        return None

    def apply(self, order: Order) -> Applied:
        self._check(order)
        said = [line for change in order.plan for line in self._validate(change)]
        text = self._collectd.render(order.goal, order.generation)
        before = self._collectd.just_now()
        if not before["live"]["on"]:
            raise exception.LiveOff("; ".join(before["live"]["reasons"]), reasons=before["live"]["reasons"])
        more, running = self._transact(order, text, before)
        return Applied(self.name, running, warnings=tuple(dict.fromkeys((*said, *more))))

    def _check(self, order: Order) -> None:
        """:raises LiveRefused, NotCapable: for the first change that is not safe, or not declared"""
        for change in order.plan:
            if change.kind not in _CHANGES:
                refusal = self.refusal(change, Running())
                raise exception.NotCapable(f"{change}: {refusal}", capability=change.kind, driver=self.name)
            row = self._row(change)
            if change.kind not in _SECTIONS and row.sentence:
                raise exception.LiveRefused(f"{change}: {row.sentence}", reason_code=row.reason, plugin=change.plugin)

    def _validate(self, change: Change) -> tuple[str, ...]:
        """The verdict on what this process has not loaded yet, before it is touched."""
        installation = self._installations.current()
        if change.kind in plan.NEEDED:
            installation.packages.check_loadable(plan.NEEDED[change.kind])
        if change.kind != plan.LOAD or change.goal is None:
            return ()
        installation.packages.check_loadable(change.plugin)
        return installation.check(change.plugin, change.goal, self._version)

    def _version(self) -> str:
        return str(self._collectd.just_now()["collectd_version"])

    def _transact(self, order: Order, text: str, before: dict[str, Any]) -> tuple[list[str], Running]:
        """The changes, and the file that repeats them at the next start; or neither.

        :returns: what collectd said, and the daemon as it is then
        """
        old, files = self._collectd.files.read(), self._collectd.files
        operations = Operations(self._collectd.wire, before, old or "", order.request_id, self._settings.grace_timeout)
        files.stage(text)
        try:
            said = [line for change in self._in_order(order.plan) for line in operations.make(change, order.goal)]
            files.put()
            running = self._collectd.remember(order.goal, order.generation)
        except Exception as error:
            try:
                files.discard()
                if files.read() != old:
                    files.restore(old)
            finally:  # A full disk is no reason to leave the daemon half changed.
                self._outlived(before, error)
                operations.undo()
            raise
        return said, running

    def _in_order(self, changes: plan.Plan) -> list[Change]:
        """Last what has no way back: a read that a plugin makes once would not be there again after an enable."""
        return sorted(changes, key=lambda change: change.kind == plan.DISABLE and self._lookup(change.plugin).once)

    def _outlived(self, before: dict[str, Any], error: Exception) -> None:
        """:raises DaemonDied: the daemon did not outlive the operation; there is nothing to undo in the next one"""
        after = self.observe() if isinstance(error, SILENCE) else None
        if after is not None and before["pid"] not in (after.pid, *after.ended_by_somebody):
            raise exception.DaemonDied(f"collectd died in a live operation: {error}") from error

    def sync(self) -> None:
        self._collectd.files.sync()
