# SPDX-License-Identifier: Apache-2.0
"""Ends what a killed agent left half done, by what its journal says: once, and before anything new is begun."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from collectd_mgr import exception
from collectd_mgr.agent.applier import Applier
from collectd_mgr.agent.backoff import Backoff
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.crash import Crash
from collectd_mgr.agent.desired import died, same_daemon
from collectd_mgr.agent.journal import Intent, Journal
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.probation import begun
from collectd_mgr.agent.state import LIVE, State
from collectd_mgr.domain.mode import OFF
from collectd_mgr.domain.operations import APPLIED
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.secrets import mask_text

LOG = logging.getLogger(__name__)


class Recovery:
    """Called under the lock of the state."""

    def __init__(self, state: State, carrier: Carrier, crash: Crash, applier: Applier, journal: Journal) -> None:
        self._state = state
        self._carrier = carrier
        self._crash = crash
        self._applier = applier
        self._journal = journal
        self._backoff = Backoff()
        #: Whether the journal has nothing to say any more.
        self.over = False
        #: Why it is not done, in a sentence; ``None`` when it is, or was not tried.
        self.trouble: str | None = None

    def done(self, clock: Callable[[], float] = time.monotonic) -> bool:
        """Whether nothing is left half done. What is left is ended now, or, where that failed, after a while."""
        if not self.over and self._backoff.due(clock()):
            try:
                self._recover()
            except Exception as error:
                LOG.exception("What an earlier agent left half done could not be ended. It is tried again.")
                said = error.detail if isinstance(error, exception.CollectdMgrError) else f"{error}"
                self.trouble = mask_text(f"What an earlier agent left half done could not be ended yet: {said}")
            else:
                self.over, self.trouble = True, None
        return self.over

    def check(self) -> None:
        """:raises RequestTimeout: it is not done: what is begun now would hide what the journal has to say"""
        if not self.over and self._state.mode().mode != OFF and not self.done():
            raise exception.RequestTimeout(self.trouble or "", maybe_executed=False)

    def _recover(self) -> None:
        found = self._carrier.prepare()
        intent = self._journal.unfinished()
        if intent is not None:
            # What runs now may be what it brought.
            self._state.note(seen=None)
            self._end(intent, found)
        # Shown until the next change; a full disk is no reason not to.
        self._state.note(warnings=tuple(dict.fromkeys((*self._state.memory.warnings, *found))))
        if intent is not None:
            self._state.sync()
            self._carrier.close(str(self._state.memory.outcome))

    def _end(self, intent: Intent, found: tuple[str, ...]) -> None:
        running = self._carrier.ladder.glance()
        taken = self._state.memory.taken
        remembered = not self._is_news(intent)
        if _died_of(intent, running) and not (remembered and self._state.memory.quarantine):
            self._state.note(taken=taken if remembered or not intent.takes_up else intent.spec)
            error = "collectd died while the agent was away, with a live operation under way"
            self._crash.happened(exception.DaemonDied(f"{error}: {', '.join(intent.changes)}."), intent.request_id)
            return
        if not (intent.takes_up and remembered and self._is_watched(running)):
            self._watch(intent, running)
        self._carrier.heard = intent.pid, intent.since_boot
        if intent.takes_up and not remembered:
            LOG.info("Going on with generation %s, which was cut off.", intent.spec.generation)
            self._applier.resume(intent, found)
            self._tell_how(intent, running)

    def _tell_how(self, intent: Intent, running: Running) -> None:
        """Where nothing was left to do it was the cut off change that brought the daemon, which runs by now."""
        memory = self._state.memory
        done = memory.outcome == APPLIED and not (memory.replaced or memory.restarted)
        if done and intent.driver != LIVE and not same_daemon(intent.pid, intent.since_boot, running):
            replaced = self._carrier.found_replaced
            self._state.write(replaced=replaced, restarted=not replaced)

    def _is_news(self, intent: Intent) -> bool:
        """Whether nothing is remembered of its generation, nor of a later one."""
        taken, asked = self._state.memory.taken, intent.spec.generation
        if taken is None:
            return True
        if asked.epoch != taken.generation.epoch:
            return asked.epoch not in self._state.memory.past_epochs
        return asked.n > taken.generation.n

    def _is_watched(self, running: Running) -> bool:
        probation = self._state.memory.probation
        return probation is not None and probation.watches(running, boot_id())

    def _watch(self, intent: Intent, running: Running) -> None:
        """What was cut off may have been done, and nobody has seen a daemon outlive it."""
        if intent.driver == LIVE or intent.spec != self._state.memory.good:
            here = intent.driver == LIVE and intent.boot_id == boot_id()
            live = here and same_daemon(intent.pid, intent.since_boot, running)
            before, now = self._state.memory.probation, time.monotonic()
            probation = begun(running, intent.probation, live, now, boot_id(), before)
            self._state.write(probation=probation.expecting(intent.expects).of(intent.spec.generation))


def _died_of(intent: Intent, running: Running) -> bool:
    """A reboot ends daemons as well: then nothing is to be learned from it."""
    live_here = intent.driver == LIVE and intent.boot_id == boot_id()
    return live_here and died(intent.pid, intent.since_boot, running)
