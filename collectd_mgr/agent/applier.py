# SPDX-License-Identifier: Apache-2.0
"""Takes up specs: one at a time, in the order of their generations, each once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from collectd_mgr import exception
from collectd_mgr.agent import faults, moment
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.crash import Crash
from collectd_mgr.agent.desired import asks_for_more, check_known, check_restarts, check_sections, check_servants
from collectd_mgr.agent.journal import Intent
from collectd_mgr.agent.line import Line, Place
from collectd_mgr.agent.mode import check_managed
from collectd_mgr.agent.probation import Probation
from collectd_mgr.agent.silence import Silence
from collectd_mgr.agent.state import LIVE, State
from collectd_mgr.domain import leases, mode
from collectd_mgr.domain.operations import APPLIED, APPLYING, FAILED
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.domain.spec import HostSpec
from collectd_mgr.drivers.base import Applied
from collectd_mgr.drivers.process import look

LOG = logging.getLogger(__name__)

#: Seconds that a spec waits for its turn. It is sent again; a thread that waits answers nobody else.
_PATIENCE = 15.0

#: Seconds for which what was seen of the daemon will do for who may be wrong about it.
_LATELY = 2.0


class Applier:
    """The way of a spec, from the bus to the memory; see :meth:`apply`."""

    def __init__(self, state: State, carrier: Carrier, crash: Crash, fault: faults.Fault = faults.none) -> None:
        self._state = state
        self._carrier = carrier
        self._crash = crash
        self._fault = fault
        self._silence = Silence()
        self._line = Line()
        #: When the daemon was observed last by who had changed it, and how it was then.
        self._seen: tuple[float, Running] = (float("-inf"), Running())
        #: Raises while what an earlier agent left half done is not ended.
        self.recovered: Callable[[], None] = lambda: None

    def apply(self, spec: HostSpec, request_id: str = "") -> Running | None:
        """Take up ``spec``; the outcome is in the memory then, a failure of the daemon included. Safe to repeat.

        The generation that was taken up last is not done again, whatever became of it: with one that met a silent
        daemon the keeper goes on. The mode of a spec that is refused stays: it is no setting, which the daemon is
        brought to, but says what may be done here, and the server keeps it as well. A halt must hold though the rest of
        its spec is refused.

        Many that come at once and need another daemon each have one together: the latest has what all of them ask for.
        What can be done live waits for nobody.

        :returns: the daemon as a driver observed it after it had changed it; ``None`` when nothing was changed
        :raises StaleGeneration: an older generation, another spec under the same one, or an epoch that is past; or a
            later generation waits for its turn
        :raises AgentOutdated: when it says anything that this release does not know; nothing was done
        :raises HostNotManaged: when it asks for something and the mode allows no changes
        :raises PluginNotEnabled: when it restarts a plugin that is off; nothing was done
        :raises PluginOfSection, BadSetting: when it sets what the API would not have let in; nothing was done
        :raises RefusedByAgent: when it asks for something that the host's own allow-list refuses; nothing was done
        :raises RequestTimeout: when it did not come to its turn, or a death or what an earlier agent left half done
            has to be seen to first; nothing was done
        """
        with self._line.joined(spec.generation) as place:
            while True:
                with self._state.turn(_PATIENCE):
                    self.recovered()
                    is_news = self._is_news(spec)
                    if not is_news or not self._gathers(place, spec):
                        with self._line.at_work():
                            return self._see(self._admit(spec, request_id, is_news))
                place.wait()

    def _gathers(self, place: Place, spec: HostSpec) -> bool:
        """Whether others may come yet, and it would cost a daemon more not to wait for them.

        :raises StaleGeneration: a later one waits
        """
        place.check()
        return place.gathers() and self._carrier.driver(spec, self._lately()) not in (None, LIVE)

    def _lately(self) -> Running:
        """The daemon, maybe as it was a moment ago: one change after the other comes by here."""
        seen, running = self._seen
        return running if time.monotonic() - seen < _LATELY else self._carrier.ladder.observe()

    def _see(self, running: Running | None) -> Running | None:
        if running is not None:
            self._seen = time.monotonic(), running
        return running

    def _admit(self, spec: HostSpec, request_id: str, is_news: bool) -> Running | None:
        if is_news or self._state.memory.outcome == APPLYING:
            try:
                self._let_in(spec)
            except exception.CollectdMgrError as error:
                self._name_good(error)
                raise
        if not is_news:
            return None
        self._check_outlived()
        return self._take_up(spec, request_id)

    def _check_outlived(self) -> None:
        """A change that is made before a death is seen would hide it, and could be made of what it died of.

        :raises RequestTimeout: the daemon has died of the change before; the keeper sees to that first
        """
        probation = self._state.memory.probation
        if probation is None or self._state.mode().mode != mode.MANAGE or _is_there(probation):
            return
        if probation.ended(self._carrier.ladder.glance()):
            raise exception.RequestTimeout("collectd has died since the last change.", maybe_executed=False)

    def _let_in(self, spec: HostSpec) -> None:
        check_restarts(self._state.wanted(spec), spec, self._state.memory.taken)
        if spec.mode != self._state.memory.mode:
            self._state.remember(mode=spec.mode)
        check_known(spec.unknown)
        for check in (check_servants, check_sections):
            check(spec, self._state.memory.current)
        if self._asks_for_more(spec):
            check_managed(self._state.mode())
            self._state.check_allowed(spec)

    def _name_good(self, error: exception.CollectdMgrError) -> None:
        """Have every failure say what the daemon runs instead: whoever asked may not have heard that it was applied."""
        if self._state.memory.current is not None:
            error.kwargs.setdefault("good", self._state.memory.current.generation.to_dict())

    def _is_news(self, spec: HostSpec) -> bool:
        taken = self._state.memory.taken
        if taken is None:
            return True
        ours, theirs = taken.generation, spec.generation
        if theirs == ours and spec.digest() == taken.digest():
            return False
        past = theirs.epoch in self._state.memory.past_epochs
        if past or (theirs.epoch == ours.epoch and theirs.n <= ours.n):
            raise exception.StaleGeneration(
                f"The host has taken up generation {ours.n} of epoch {ours.epoch}.", generation=ours.to_dict()
            )
        return True

    def _take_up(
        self,
        spec: HostSpec,
        request_id: str,
        boot_id: str = "",
        driver: str | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Running | None:
        """``driver`` has been at it before, and ``warnings`` came of that."""
        memory, now = self._state.memory.with_epoch_of(spec), moment.now()
        taken = leases.taken_up(memory.leases, spec.layers, replace(now, boot_id=boot_id or now.boot_id))
        late = leases.ending(spec.layers, memory.leases, taken)
        held = leases.ended(taken, now)
        # What never began is no news when it is over.
        self._state.tell_ends(taken, held, spec)
        warnings = (*warnings, *map(leases.not_begun, late))
        memory = replace(memory, leases=held)
        clears = self._state.goal(spec).quarantine_clears
        if memory.quarantine is not None and clears > memory.quarantine.clears:
            memory = replace(memory, quarantine=None)
        self._state.memory = replace(memory, taken=spec, outcome=APPLYING, error=None, warnings=warnings, driver=driver)
        self._state.try_news(spec)
        return self._carry(spec, request_id)

    def resume(self, intent: Intent, found: tuple[str, ...] = ()) -> None:
        """Go on with a spec whose taking up was cut off; or say that it cannot be done any more.

        :param found: what had to be done about that, in sentences
        """
        with self._state.lock:
            try:
                check_managed(self._state.mode())
            except exception.HostNotManaged as error:
                self._state.note(taken=intent.spec, warnings=found)
                self._failed(error)
            else:
                # What was taken up in another boot has leases of that boot.
                self._take_up(intent.spec, intent.request_id, intent.boot_id, intent.driver, found)

    def _carry(self, spec: HostSpec, request_id: str) -> Running | None:
        """The journal stays open until the keeper has the outcome on the disk: nobody waits for that."""
        applied, reached = Applied("", Running()), self._state.memory.reached
        try:
            if self._may_change(spec):
                reached = self._state.in_force(spec)
                applied = self._carrier.take_up(spec, request_id)
        except exception.DaemonDied as error:
            self._crash.happened(error, request_id)
        except exception.CollectdMgrError as error:
            if not self._silence.may_end(error, self._carrier.tried, spec, request_id):
                self._failed(error, self._carrier.tried)
            else:
                self._waiting(error)
        except Exception as error:
            LOG.exception("Generation %s failed.", spec.generation)
            self._failed(exception.CollectdMgrError(f"{type(error).__name__}: {error}"), self._carrier.tried)
        else:
            self._applied(spec, applied, reached)
        self._fault(faults.REMEMBERED)
        self._log(request_id)
        return applied.running if applied.driver else None

    def _may_change(self, spec: HostSpec) -> bool:
        """Whether the daemon is to be touched at all; a spec that asks for nothing is applied without that.

        :raises HostNotManaged: it asks for something, and the local file has said a halt since it was let in
        """
        now = self._state.mode()
        if now.mode != mode.MANAGE and self._asks_for_more(spec):
            check_managed(now)
        return now.mode == mode.MANAGE

    def _asks_for_more(self, spec: HostSpec) -> bool:
        return asks_for_more(spec, self._state.memory.current, self._state.memory.leases)

    def _log(self, request_id: str) -> None:
        """The one line of each change; the API has who asked for it, under the same request."""
        memory = self._state.memory
        asked = (
            f"generation {memory.taken.generation.n} of epoch {memory.taken.generation.epoch}" if memory.taken else "-"
        )
        code = f" ({memory.error['code']})" if memory.error else ""
        LOG.info("[%s] %s: %s by %s%s", request_id or "-", asked, memory.outcome, memory.driver or "no driver", code)

    def again(self, running: Running) -> bool:
        """Go on with the spec that met a silent daemon; called under the lock, from time to time. While ``running`` is
        silent nothing is tried before that has lasted too long: it would take its time, and everybody else would wait.

        :returns: whether anything was done
        """
        taken = self._state.memory.taken
        if taken is None or (running.silence is not None and not self._silence.lasts(taken)):
            return False
        self._carry(taken, self._silence.request_id)
        return True

    def _waiting(self, error: exception.CollectdMgrError) -> None:
        """collectd may have done it, or do it yet: the spec is settled by what is seen when it answers again."""
        LOG.warning("Generation not settled yet: %s: %s", error.code, mask_text(error.detail))
        driver = self._carrier.tried or self._state.memory.driver
        self._state.write(outcome=APPLYING, error=error.to_dict(), driver=driver)

    def _failed(self, error: exception.CollectdMgrError, driver: str | None = None) -> None:
        LOG.warning("Generation failed: %s: %s", error.code, mask_text(error.detail))
        self._state.tried_omitted(had=False)
        self._name_good(error)
        self._state.write(outcome=FAILED, error=error.to_dict(), driver=driver)

    def _applied(self, spec: HostSpec, applied: Applied, reached: str | None) -> None:
        self._state.tried_omitted(had=True)
        memory = replace(
            self._state.memory,
            outcome=APPLIED,
            error=None,
            current=spec,
            warnings=(*self._state.memory.warnings, *applied.warnings),
            driver=applied.driver or self._state.memory.driver,
            restarted=applied.restarted,
            replaced=applied.replaced,
            reached=reached,
        )
        if self._silence.ended(spec) and not applied.driver and self._state.mode().mode == mode.MANAGE:
            # It was done while nobody knew: the way back has taken it off the disk.
            self._carrier.at_next_start(spec)
        # A live operation is on probation: good stays what it is until the daemon has outlived it.
        self._state.memory = memory if memory.probation is not None else replace(memory, good=spec)
        self._state.write()


def _is_there(probation: Probation) -> bool:
    """Whether the kernel knows its process, at next to no cost. Of one in a container the daemon itself has to tell."""
    process = None if probation.pid is None else look(probation.pid)
    return process is not None and process.since_boot == probation.since_boot
