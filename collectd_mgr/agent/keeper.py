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
from collectd_mgr.agent.crash import NOTHING, Crash
from collectd_mgr.agent.desired import died, same_daemon
from collectd_mgr.agent.journal import Intent, Journal
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.agent.state import LIVE, State
from collectd_mgr.domain import mode
from collectd_mgr.domain.operations import APPLYING
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._state = state
        self._carrier = carrier
        self._crash = crash
        self._clock = clock
        self._backoff = Backoff()
        self._dead_since: float | None = None
        self._applier: Applier | None = None
        self._leftover: Callable[[], None] = _nothing

    def recover(self, applier: Applier, journal: Journal) -> None:
        """What a killed agent left half done is ended, by what the journal says: now, or when the mode allows it."""
        self._applier = applier
        self._leftover = lambda: self._recover(applier, journal)
        self.look()

    def _recover(self, applier: Applier, journal: Journal) -> None:
        self._carrier.prepare()
        intent = journal.unfinished()
        if intent is not None:
            self._end(intent, applier)
            self.close()

    def _end(self, intent: Intent, applier: Applier) -> None:
        running = self._carrier.ladder.observe()
        taken = self._state.memory.taken
        remembered = taken is not None and taken.generation == intent.spec.generation
        if _died_of(intent, running) and not (remembered and self._state.memory.quarantine):
            self._state.note(taken=intent.spec if intent.takes_up else taken)
            error = "collectd died while the agent was away, with a live operation under way"
            self._crash.happened(exception.DaemonDied(f"{error}: {', '.join(intent.changes)}."), intent.request_id)
        elif intent.takes_up and not remembered:
            LOG.info("Going on with generation %s, which was cut off.", intent.spec.generation)
            applier.resume(intent)

    def look(self) -> None:
        """One look, and what it calls for."""
        with self._state.lock:
            self.close()
            if self._state.mode().mode == mode.OFF:
                return
            leftover, self._leftover = self._leftover, _nothing
            leftover()
            running = self._carrier.ladder.observe()
            self._state.see_origin(running)
            self._mend()
            self._state.bound_rate()
            if self._settles(running):
                return
            ended = self._state.end_leases()
            probation = self._state.memory.probation
            if probation is None:
                self._keep(running)
                return
            self._probation(running)
            # The end of a lease does not wait for the end of a probation.
            if ended and same_daemon(probation.pid, probation.started, running):
                self._keep(running)

    def _settles(self, running: Running) -> bool:
        """Whether it was about a spec that met a silent daemon; if that has died since, it is as after any death."""
        memory = self._state.memory
        if self._applier is None or memory.taken is None or memory.outcome != APPLYING:
            return False
        if memory.probation is not None and died(memory.probation.pid, memory.probation.started, running):
            return False
        self._applier.again()
        self.close()
        return True

    def _mend(self) -> None:
        """What the next daemon starts with is ours: where somebody has broken it, it is written anew."""
        flaw = self._carrier.flaw()
        if flaw is None:
            return
        if self._state.mode().mode == mode.MANAGE:
            self._carrier.at_next_start(self._state.memory.current or NOTHING)
            flaw = f"{flaw} It was written anew."
        if (flaw,) != self._state.memory.warnings:
            LOG.warning("%s", mask_text(flaw))
            self._state.remember(warnings=(flaw,))

    def close(self) -> None:
        """Have the outcome of what was done on the disk, and say so in the journal. Safe to repeat."""
        with self._state.lock:
            self._state.sync()
            self._carrier.close(str(self._state.memory.outcome))

    def _probation(self, running: Running) -> None:
        probation = self._state.memory.probation
        assert probation is not None
        age = self._clock() - probation.at
        alive = same_daemon(probation.pid, probation.started, running)
        if alive and age <= self._settings.probation:
            return
        if alive or probation.pid in running.ended_by_somebody or probation.boot_id != boot_id():
            self._state.remember(good=self._state.memory.current, probation=None)
            return
        # If nobody looked meanwhile it need not have died of the operation; but to try that again could be a loop.
        self._crash.happened(exception.DaemonDied(f"collectd died, at most {age:.1f} s after a live operation."))
        self.close()

    def _keep(self, running: Running) -> None:
        spec = self._state.memory.current or NOTHING
        if running.pid is None:
            if self._is_ours_to_start() and self._backoff.due(self._clock()):
                LOG.warning("collectd does not run: it is started.")
                self._bring(spec)
            return
        self._dead_since = None
        managed = self._state.mode().mode == mode.MANAGE and running.version is not None
        # Who never took up anything (or forgot it) does not know what is to run.
        if managed and (self._state.memory.current or self._state.memory.taken):
            todo = self._carrier.differs(spec, running)
            if todo and self._backoff.due(self._clock()):
                LOG.info("collectd differs from what it is to run: %s", ", ".join(map(str, todo)))
                self._bring(spec)

    def _is_ours_to_start(self) -> bool:
        """A dead daemon that somebody else restarts as well is left to them: for a while, or where we only observe."""
        daemon = self._settings.daemon.daemon
        if daemon == "attached" or (daemon == "systemd" and self._state.mode().mode != mode.MANAGE):
            return False
        self._dead_since = self._dead_since or self._clock()
        return self._clock() - self._dead_since >= self._settings.revival

    def _bring(self, spec: HostSpec) -> None:
        try:
            self._carrier.keep(spec)
        except exception.DaemonDied as error:
            self._crash.happened(error)
        except exception.CollectdMgrError as error:
            LOG.error("collectd is not brought to what it is to run: %s: %s", error.code, mask_text(error.detail))
            self._state.note(warnings=(error.detail,))
        else:
            self._state.remember()
        self.close()

    def run(self, stop: threading.Event) -> None:
        """Look until ``stop`` is set; an error of ours does not end it."""
        while not stop.wait(self._settings.watch_interval):
            try:
                self.look()
            except Exception:
                LOG.exception("A look at collectd failed.")


def _nothing() -> None:
    """No agent before this one has left anything."""


def _died_of(intent: Intent, running: Running) -> bool:
    """A reboot ends daemons as well: then nothing is to be learned from it."""
    live_here = intent.driver == LIVE and intent.boot_id == boot_id()
    return live_here and died(intent.pid, intent.started, running)
