# SPDX-License-Identifier: Apache-2.0
"""Keeps the daemon at what it is to run: after a restart of the agent, after a death, after anybody's doing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from collectd_mgr import exception
from collectd_mgr.agent.applier import Applier
from collectd_mgr.agent.backoff import Backoff
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.crash import Crash
from collectd_mgr.agent.desired import NOTHING, asks_for_more
from collectd_mgr.agent.drift import DriftWatch
from collectd_mgr.agent.gate import GateWatch
from collectd_mgr.agent.journal import Journal
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.probation import Probation
from collectd_mgr.agent.recovery import Recovery
from collectd_mgr.agent.revival import Revival
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.agent.state import LIVE, State
from collectd_mgr.agent.vain import Vain
from collectd_mgr.domain import drift, mode
from collectd_mgr.domain.difference import NONE
from collectd_mgr.domain.operations import APPLIED, APPLYING, FAILED
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.domain.spec import HostSpec

LOG = logging.getLogger(__name__)


class Keeper:
    """:meth:`recover` once, then :meth:`look` again and again, from one thread."""

    def __init__(
        self,
        settings: AgentSettings,
        state: State,
        carrier: Carrier,
        crash: Crash,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._state = state
        self._carrier = carrier
        self._crash = crash
        self._clock = clock
        self._backoff = Backoff()
        self._vain = Vain()
        self._revival = Revival(settings, state, carrier, clock)
        self._applier: Applier | None = None
        self._recovery: Recovery | None = None
        self._trouble: str | None = None
        #: Why the daemon is not what it is to be, after the last try.
        self._lacking: str | None = None
        #: Why the managed file cannot be written, in a sentence; ``None`` when it can.
        self._unwritten: str | None = None
        self._drift = DriftWatch(state, carrier)
        self._gate = GateWatch(state, carrier.ladder, clock)
        state.drift = lambda: self._drift.found

    def recover(self, applier: Applier, journal: Journal) -> None:
        """What a killed agent left half done is ended: now, or when the mode allows it, or when that can be done."""
        self._applier = applier
        self._recovery = recovery = Recovery(self._state, self._carrier, self._crash, applier, journal)
        applier.recovered = recovery.check
        self._try_to_look()

    def sentences(self) -> tuple[str, ...]:
        """What goes wrong here, for the warnings in the status."""
        recovery = self._recovery.trouble if self._recovery else None
        wrong = (self._trouble, self._lacking, self._revival.trouble, self._unwritten)
        return tuple(filter(None, (recovery, *wrong, self._gate.sentence)))

    def look(self) -> None:
        """One look, and what it calls for. :raises OSError: something cannot be written"""
        with self._state.lock:
            try:
                self._look()
            except OSError:
                self._start_as_it_is()
                raise

    def _look(self) -> None:
        self.close()
        if self._state.mode().mode == mode.OFF or not (self._recovery is None or self._recovery.done()):
            # A mute ends when its time is over; what the end of a lease changes in collectd waits until it may be done.
            self._state.end_leases()
            return
        running = self._carrier.ladder.glance()
        self._state.see_origin(running)
        self._drift.look(running)
        self._gate.look(running)
        self._state.bound_rate()
        self._state.end_leases()
        self._see_managed_file()
        if self._settles(running):
            return
        if self._outlives(running):
            self._keep(running)

    def _settles(self, running: Running) -> bool:
        """Whether it was about a spec that met a silent daemon; if that has died since, it is as after any death."""
        memory = self._state.memory
        if self._applier is None or memory.taken is None or memory.outcome != APPLYING:
            return False
        if memory.probation is not None and memory.probation.ended(running):
            return False
        if self._applier.again(running):
            self.close()
        return True

    def _see_managed_file(self) -> None:
        """One that cannot be written (an earlier release took what this one refuses) keeps nothing from its turn."""
        unwritten = None
        try:
            self._mend()
        except exception.CollectdMgrError as error:
            unwritten = mask_text(f"The managed file cannot be written anew: {error.detail}")
        if unwritten is not None and unwritten != self._unwritten:
            LOG.error("%s", unwritten)
        self._unwritten = unwritten

    def _mend(self) -> None:
        """What the next daemon starts with is ours: where somebody has broken it, it is written anew."""
        spec, flaw = self._state.memory.current or NOTHING, self._carrier.flaw()
        diff = self._carrier.difference(spec) if self._state.knows_start() else NONE
        if flaw is None and (not diff or self._state.owes()):
            if diff and self._mends():
                self._carrier.at_next_start(spec)
            self._drift.over(drift.MANAGED_FILE)
            return
        flaw = flaw or "The managed file was changed."
        self._drift.tell(drift.MANAGED_FILE, flaw, diff)
        if self._mends():
            self._carrier.at_next_start(spec)
            self._drift.over(drift.MANAGED_FILE, mended=True)
            flaw = f"{flaw} It was written anew."
        if (flaw,) != self._state.memory.warnings:
            LOG.warning("%s", mask_text(flaw))
            self._state.remember(warnings=(flaw,))

    def _mends(self) -> bool:
        """Whether the daemon is brought back, be it that nobody else has done anything to it."""
        return self._state.mode().mode == mode.MANAGE and (self._settings.on_drift == drift.MEND or self._state.owes())

    def close(self) -> None:
        """Have the outcome of what was done on the disk, and say so in the journal. Safe to repeat.

        What the journal of an earlier agent has left open stays so until the recovery has ended it.
        """
        with self._state.lock:
            self._state.sync()
            if self._recovery is None or self._recovery.over:
                self._carrier.close(str(self._state.memory.outcome))

    def _outlives(self, running: Running) -> bool:
        """Whether what is on probation did not end the daemon; if it did, that is seen to here."""
        probation, boot, now = self._state.memory.probation, boot_id(), self._clock()
        if probation is None:
            return True
        if probation.watches(running, boot):
            # One that does not answer may hang of the change, and reads nothing, as far as anybody knows.
            return running.version is None or self._crash.lives(probation, running, now, self._settings.probation)
        if probation.pid is None or probation.boot_id != boot or probation.pid in running.ended_by_somebody:
            # Somebody ended it: the next process has to outlive the same, if it was started with that. One without the
            # snippet runs nothing of ours, and would say no farewell.
            following = running if self._state.origin.has_ours(running) else Running()
            if probation.pid is not None or following.pid is not None:
                self._state.remember(probation=probation.moved(following, now, boot))
            return True
        self._died(probation, now)
        return False

    def _died(self, probation: Probation, now: float) -> None:
        # If nobody looked meanwhile it need not have died of the change; but to try that again could be a loop.
        change = "a live operation" if probation.live else "a change"
        error = exception.DaemonDied(f"collectd died, at most {now - probation.since:.1f} s after {change}.")
        self._crash.happened(error, live=probation.live)
        self.close()

    def _keep(self, running: Running) -> None:
        spec = self._state.memory.current or NOTHING
        if running.pid is None:
            if self._revival.is_ours() and self._backoff.due(self._clock()):
                LOG.warning("collectd does not run: it is started.")
                self._bring(spec, running)
            return
        self._revival.over()
        if running.version is not None and self._state.knows_start():
            holds, todo = self._state.in_force(spec), self._carrier.differs(spec, running)
            if not todo:
                self._state.has_reached(holds)
                self._reached()
                self._try_omitted(spec, running)
            vain = self._vain.is_again(spec, holds, running, todo)
            self._drift.see_daemon(todo, self._lacking if vain else None)
            mends = todo and not vain and self._mends() and self._backoff.due(self._clock())
            if mends and self._bring(spec, running):
                self._drift.over(drift.DAEMON, mended=True)

    def _try_omitted(self, spec: HostSpec, running: Running) -> None:
        """What is left out may be had by now; another daemon is not spent on it."""
        if self._state.tries_omitted(self._clock()):
            here = self._carrier.driver(spec, running) == LIVE
            self._state.tried_omitted(here and self._bring(spec, running, LIVE))

    def _reached(self) -> None:
        """The daemon is what it is to be, whoever saw to that: what went wrong on the way there is over.

        What was asked last may have failed for what is mended by now; where that is the same, it is reached as well.
        """
        memory, self._lacking = self._state.memory, None
        if memory.outcome != FAILED or memory.taken is None:
            return
        if not asks_for_more(memory.taken, memory.current, memory.leases):
            LOG.info("Generation %s, which had failed, is what collectd runs by now.", memory.taken.generation.n)
            good = memory.good if memory.probation else memory.taken
            self._state.remember(outcome=APPLIED, error=None, warnings=(), current=memory.taken, good=good)
        elif memory.warnings:
            self._state.remember(warnings=())

    def _start_as_it_is(self) -> None:
        """Where it cannot be what it is to be: a daemon is better than none, if it is not dying of a change."""
        running, probation = self._carrier.ladder.glance(), self._state.memory.probation
        off = self._state.mode().mode == mode.OFF or (self._recovery is not None and not self._recovery.over)
        if running.pid is None and not off and (probation is None or not probation.ended(running)):
            self._revival.as_it_is()

    def _bring(self, spec: HostSpec, found: Running, by: str | None = None) -> bool:
        """Whether the daemon, which was found so, is at ``spec`` then, ``by`` one driver alone; if not, why is told."""
        applied = None
        try:
            applied = self._carrier.keep(spec, barred=self._carrier.ladder.others(by))
        except exception.DaemonDied as error:
            self._crash.happened(error)
        except exception.CollectdMgrError as error:
            if not (isinstance(error, exception.DaemonNotStarted) and self._gives_up(error)):
                self._vain.failed(spec, found)
                self._lacks(error)
        else:
            self._lacking = None
            if applied.driver:
                self._state.remember(warnings=applied.warnings)
        self.close()
        return applied is not None

    def _lacks(self, error: exception.CollectdMgrError) -> None:
        LOG.error("collectd is not brought to what it is to run: %s: %s", error.code, mask_text(error.detail))
        self._lacking = error.detail
        self._state.changed()
        if not isinstance(error, exception.DaemonNotStarted):
            self._start_as_it_is()

    def _gives_up(self, error: exception.DaemonNotStarted) -> bool:
        """Whether collectd starts without what is on probation: then that is why it did not, and the last good spec is
        back. Where it does not either, something else is wrong, and what is wanted stays.
        """
        memory = self._state.memory
        if memory.probation is None or memory.good == memory.current:
            return False
        if self._carrier.ladder.glance().pid is not None:
            return False  # It takes longer to start than it has.
        try:
            self._carrier.keep(memory.good or NOTHING)
        except exception.CollectdMgrError:
            return False
        said = f"collectd does not start with what was changed last, and does without: {error.detail}"
        self._crash.happened(exception.DaemonDied(said), live=False)
        self._lacking = None
        return True

    def run(self, stop: threading.Event) -> None:
        """Look until ``stop`` is set."""
        while not stop.wait(self._settings.watch_interval):
            self._try_to_look()

    def _try_to_look(self) -> None:
        """What goes wrong in it (a full disk) keeps the agent neither from its start nor from the next look."""
        try:
            self.look()
            self._trouble = None
        except Exception as error:
            LOG.exception("A look at collectd failed.")
            self._trouble = mask_text(f"The last look at collectd failed: {error}")
