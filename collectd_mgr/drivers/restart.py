# SPDX-License-Identifier: Apache-2.0
"""Carries every change, by a stop and a start of collectd: the last rung of the ladder."""

from __future__ import annotations

import logging
import time
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import capabilities, plan
from collectd_mgr.domain.capabilities import Installed, Offer
from collectd_mgr.domain.plan import Change, Running
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.domain.spec import Goal
from collectd_mgr.domain.states import States
from collectd_mgr.drivers import candidate, instance, operators
from collectd_mgr.drivers.base import Applied, DriverSettings, Order, Recovered
from collectd_mgr.drivers.candidate import Candidates
from collectd_mgr.drivers.outage import Outage
from collectd_mgr.drivers.real import RealDriver
from collectd_mgr.drivers.starting import Start
from collectd_mgr.wire.look import look

LOG = logging.getLogger(__name__)

#: Seconds for a daemon that reads already to show everything that it registers.
_SETTLING = 1.0

#: What is asked for lest there be a gap is not done with one.
_NOT_OURS = {plan.REPLACE_DAEMON: "It ends collectd before it starts it anew: ask for a restart if that will do."}


class RestartDriver(RealDriver):
    """Renders the goal, has it judged, and starts a new process with it; back to the old file if that fails."""

    name: ClassVar[str] = "restart"

    def __init__(self, settings: DriverSettings) -> None:
        super().__init__(settings)
        self._starts = settings.ours
        self._candidates = Candidates(settings)

    def recover(self) -> Recovered:
        """As the contract has it; a ``child`` that does not run is started with the file that there is."""
        notes = self._collectd.prepare()
        self._candidates.installations.current().validation.clear()
        if self._starts:
            try:
                self._find_or_start()
            except exception.DaemonNotStarted as error:
                notes = (*notes, error.detail, *error.kwargs.get("messages", ()))
        return Recovered(self.observe(), notes)

    def _find_or_start(self) -> None:
        """One that has had the time to start is not waited for: if it does not answer, it hangs."""
        found = self._collectd.daemon.find()
        if found is not None and found.age > self._settings.start_timeout:
            self._collectd.daemon.adopt(found)
        else:
            self.start()

    def offer(self) -> Offer:
        reads = frozenset(capabilities.READS)
        hands_off = self._collectd.daemon.hands_off
        if hands_off is not None:
            return Offer(self.name, reads, dict.fromkeys(candidate.CHANGES, hands_off))
        missing = self._missing()
        return Offer(self.name, (candidate.CHANGES - missing.keys()) | reads, missing)

    def installed(self) -> tuple[Installed, ...]:
        return self._candidates.installations.current().packages.installed()

    def refusal(self, change: Change, running: Running) -> str | None:
        return self._missing().get(change.kind) or candidate.refusal(change)

    def _missing(self) -> dict[str, str]:
        return _NOT_OURS if self._collectd.daemon.launcher is not None else {**_NOT_OURS, **candidate.NOT_HERE}

    def apply(self, order: Order) -> Applied:
        """As the contract has it; a daemon that does not run is started, whatever the order says."""
        self._check(order)
        found = self._collectd.daemon.find() if order.plan else None
        if found is not None:
            # One that runs is not ended for files that no other one starts with, be the fault in ours or not.
            operators.check_readable(self._settings)
        said = self._candidates.judge(order)
        text = self._collectd.render(order.goal, order.generation)
        if found is not None and found.sees_our_files:
            self._candidates.check_start(order, text, found.started)
        old = self._collectd.files.read()
        self._collectd.files.stage(text)
        try:
            self._collectd.files.commit()
            if not order.plan and self.observe().pid is not None:
                self._collectd.remember(order.goal, order.generation)
                return Applied(self.name, self.observe())
            self._collectd.daemon.check_alone()
        except Exception:
            self._collectd.files.restore(old)
            raise
        outage = Outage()
        running, more = self._renewed(order, old, outage)
        warnings = tuple(dict.fromkeys((*said, *more, *outage.warnings)))
        return Applied(self.name, running, restarted=True, warnings=warnings, gap=outage.seconds)

    def _check(self, order: Order) -> None:
        """:raises NotCapable: before anything was touched"""
        hands_off = self._collectd.daemon.hands_off
        refusals = [self.refusal(change, Running()) for change in order.plan]
        for refusal in [hands_off, *refusals]:
            if refusal is not None:
                capability = next(iter(order.plan)).kind if order.plan else plan.RESTART_DAEMON
                raise exception.NotCapable(refusal, capability=capability, driver=self.name)

    def _renewed(self, order: Order, old: str | None, outage: Outage) -> tuple[Running, tuple[str, ...]]:
        """As :meth:`_started`, else a process with the file before it, and the error."""
        began = time.monotonic()
        try:
            started = self._started(order, Start(order, old), outage)
        except Exception as error:
            LOG.warning("Back to the configuration before: %s", mask_text(str(error)))
            self._go_back(old, error, outage)
            self._log(order, f"failed: {getattr(error, 'code', type(error).__name__)}", began)
            if isinstance(error, exception.CollectdMgrError):
                error.kwargs.update(outage.facts())
            raise
        self._log(order, "done", began)
        return started

    def _started(self, order: Order, start: Start, outage: Outage) -> tuple[Running, tuple[str, ...]]:
        """A new process that was observed to run the goal, and what it complains of."""
        with start.explained():
            self._replace(outage)
        status = self._collectd.status()
        start.check(status, self._collectd.daemon.messages())
        candidate.see_initialised(status, order)
        running = self._verified(order.goal)
        start.await_words()
        return running, start.warnings(self._collectd.status(), self._collectd.daemon.messages())

    def _log(self, order: Order, outcome: str, began: float) -> None:
        """To the daemon that came up: the one before took the operation's beginning with it."""
        took, changes = 1000 * (time.monotonic() - began), ", ".join(map(str, order.plan)) or "it did not run"
        self._collectd.log(order.request_id, f"restart of collectd: {outcome} in {took:.1f} ms ({changes})")

    def _go_back(self, old: str | None, cause: Exception, outage: Outage) -> None:
        """:raises DaemonNotStarted: what there was before does not come up either; ``cause`` is told as well"""
        try:
            try:
                self._collectd.files.restore(old)
            finally:
                # Whatever the disk says: no daemon at all would be worse.
                self._replace(outage)
        except (exception.CollectdMgrError, OSError) as error:
            detail = f"{cause} The configuration before did not come up either: {error}"
            raise exception.DaemonNotStarted(detail, messages=[*_messages(cause), *_messages(error)]) from cause

    def _replace(self, outage: Outage) -> None:
        self._collectd.drain()
        found = self._collectd.daemon.find()
        if found is not None:
            outage.begin(self._states)
        if not self._collectd.daemon.stop() and found is not None:
            outage.kill(found)
            LOG.warning("collectd did not end when asked, and was killed.")
        self._collectd.start()
        instance.tidy(self._settings, self._collectd.daemon)
        outage.end()

    def _states(self) -> States | None:
        """What thresholds have found, which ends with the process; None where it does not tell. One that hangs is not
        waited for: it is restarted for that, maybe.
        """
        try:
            with look():
                found: States = self._collectd.wire.call("states_get")["states"]
        except exception.CollectdMgrError:
            return None
        return found

    def start(self) -> None:
        self._collectd.daemon.check_alone()
        self._collectd.start()

    def _verified(self, goal: Goal) -> Running:
        """The new process, observed to run the goal.

        :raises DaemonNotStarted: it runs, but not all of the goal
        """
        deadline = time.monotonic() + _SETTLING
        while True:
            running = self.observe()
            lacking = candidate.lacking(running, goal)
            if not lacking:
                return running
            if time.monotonic() > deadline:
                raise self._collectd.not_started(f"collectd runs, but not as asked; it lacks: {', '.join(lacking)}")
            time.sleep(0.02)


def _messages(error: Exception) -> list[str]:
    """collectd's own lines in an error, if there are any."""
    return list(error.kwargs.get("messages", ())) if isinstance(error, exception.CollectdMgrError) else []
