# SPDX-License-Identifier: Apache-2.0
"""One transaction: plan, pick, journal, act; and whether the daemon outlived it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass, replace

from collectd_mgr import exception
from collectd_mgr.agent import failure, faults, watch
from collectd_mgr.agent.desired import NOTHING, absent, as_often_replaced, asks_for_another, check_owned, named, steps
from collectd_mgr.agent.disruption import foreseen
from collectd_mgr.agent.journal import Intent, Journal
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.probation import lasting
from collectd_mgr.agent.reload import difference
from collectd_mgr.agent.silence import STARTING, asked, is_starting, unanswered, wait_for
from collectd_mgr.agent.state import LIVE, State
from collectd_mgr.domain import managed
from collectd_mgr.domain.difference import Difference
from collectd_mgr.domain.plan import RELOAD, Plan, Running
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.domain.spec import HostSpec
from collectd_mgr.drivers.base import Applied, Driver, Order
from collectd_mgr.drivers.ladder import Barred, Ladder

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Change:
    """One under way: ``todo`` brings ``running`` to ``spec``; ``barred``: the drivers that are not to do it, and why.

    ``takes_up``: the spec is news, and no way back.
    """

    spec: HostSpec
    running: Running
    todo: Plan
    takes_up: bool
    request_id: str
    barred: Barred


class Carrier:
    """Called under the lock of the state."""

    def __init__(self, ladder: Ladder, state: State, journal: Journal, fault: faults.Fault = faults.none) -> None:
        self.ladder = ladder
        self._state = state
        self._journal = journal
        self._fault = fault
        self._prepared: tuple[str, ...] | None = None
        #: Whether the daemon that was found then had taken the place of another one.
        self.found_replaced = False
        #: The last process that answered, this agent or an earlier one.
        self.heard: tuple[int | None, float | None] = (None, None)
        #: The plugins on this host, as they were seen last: a look may take its time, and fail. None before the first.
        self.installed: Callable[[], Set[str]] = frozenset
        #: The driver that was picked for what is done now; ``None`` when none was.
        self.tried: str | None = None

    def take_up(self, spec: HostSpec, request_id: str = "") -> Applied:
        """As :meth:`keep`, for a spec that is news; the journal says so."""
        return self._bring(spec, True, request_id)

    def keep(self, spec: HostSpec, request_id: str = "", barred: Barred | None = None) -> Applied:
        """Bring the daemon to ``spec``; nothing is done, nor written, for a daemon that is there already.

        The journal is left open for the caller to :meth:`close` when the outcome is remembered.

        :param barred: drivers that are not to do it, and why
        :raises DaemonDied: it died of a live operation, and has to be brought back
        :raises CollectdMgrError: the driver's, and nothing has changed
        """
        return self._bring(spec, False, request_id, barred)

    def differs(self, spec: HostSpec, running: Running) -> Plan:
        """What would have to be done to ``running`` for ``spec``."""
        self._state.see_origin(running)
        return self._steps(running, spec)

    def driver(self, spec: HostSpec, running: Running) -> str | None:
        """Who would bring ``running`` to ``spec``, as far as can be said beforehand; ``None`` where nobody can."""
        try:
            with asked(running):
                return self.ladder.pick(self.differs(spec, running), running, self._state.barred()).name
        except exception.CollectdMgrError:
            return None

    def prepare(self) -> tuple[str, ...]:
        """Let the drivers end what a killed agent left half done, once, before the first thing that is done here; what
        they found, in sentences.

        They ask the daemon this and that. One that hangs would let each question wait, and nobody hears of us as long
        as that takes; one that starts may take its time.
        """
        if self._prepared is None:
            running = self.ladder.glance()
            with asked(running):
                recovered = self.ladder.recover()
            if running.pid is None:  # What runs by now they have started.
                self._acts(frozenset(), True)
            self.found_replaced = any(found.replaced for found in recovered)
            self._prepared = tuple(note for found in recovered for note in found.notes)
            for note in self._prepared:
                LOG.warning("%s", mask_text(note))
        return self._prepared

    def at_next_start(self, spec: HostSpec) -> None:
        """Have ``spec`` on the disk for a daemon that somebody else starts; safe to repeat."""
        self.ladder.drivers[-1].at_next_start(self._state.goal(spec), managed.name(spec.generation))

    def start(self, spec: HostSpec) -> None:
        """Start a daemon that does not run with ``spec`` as it is on the disk: what can be done when that is full.

        There is nothing for the journal to say: no live operation is begun, and no file replaced.

        :raises OSError: something else is on the disk, and cannot be replaced
        :raises DaemonNotStarted: it does not come up
        """
        # What an earlier release took and this one refuses, or the operator's files by now, cannot be written, but was.
        with suppress(exception.CollectdMgrError):
            self.at_next_start(spec)
        self._acts(frozenset(), True)
        self.ladder.drivers[-1].start()

    def flaw(self) -> str | None:
        """What is wrong with what is on the disk for the next daemon; ``None`` for nothing."""
        return self.ladder.drivers[-1].flaw()

    def difference(self, spec: HostSpec) -> Difference:
        """From what is on the disk for the next daemon to ``spec``; none when that is the same."""
        return self.ladder.drivers[-1].difference(self._state.goal(spec), managed.name(spec.generation))

    def close(self, outcome: str) -> None:
        """What was done is remembered: have it on the disk as the next daemon will find it, and end the journal."""
        self.ladder.sync()
        self._journal.end(outcome)

    def _bring(self, spec: HostSpec, takes_up: bool, request_id: str, barred: Barred | None = None) -> Applied:
        while True:
            try:
                return self._try(spec, takes_up, request_id, barred)
            except failure.OF_A_PLUGIN as error:
                if not self._state.goes_without(error, spec, self.ladder.observe()):
                    raise

    def _try(self, spec: HostSpec, takes_up: bool, request_id: str, barred: Barred | None) -> Applied:
        self.tried = None
        self.prepare()
        running = self._answering(spec)
        change = _Change(spec, running, self.differs(spec, running), takes_up, request_id, barred or {})
        if any(step.kind == RELOAD for step in change.todo):
            return self._reload(change)
        said = check_owned(self._state.origin.layer, spec, self._state.memory.current) if takes_up else ()
        done = self._carry(change) if change.todo else Applied("", running)
        if takes_up:
            said += absent(self._state.wanted(self._state.memory.current), self._state.wanted(spec), self.installed())
        return replace(done, warnings=(*done.warnings, *said))

    def _reload(self, change: _Change) -> Applied:
        """Read the operator's files again: what is new in them is done live where that is known and can be.

        :raises ConfigRejected: they cannot be understood; collectd would not start with them
        """
        spec, running = change.spec, change.running
        before = self._state.origin if self._state.origin_runs else None
        self._state.see_origin(running, again=True)
        after = self._state.origin
        if after.unread is not None:
            detail = f"The operator's files cannot be understood: {after.unread}"
            raise exception.ConfigRejected(detail, messages=[after.unread])
        said = check_owned(after.layer, spec, self._state.memory.current) if change.takes_up else ()
        change = replace(change, todo=self._steps(running, spec))
        news = difference(before, after, running, self._state.goal(spec)) if before else None
        if news is not None:
            about = {step.plugin for step in news}
            rest = (step for step in change.todo if step.kind != RELOAD and step.plugin not in about)
            live = replace(change, todo=Plan((*news, *rest)))
            change = live if self._is_live(live) else change
        applied = self._carry(change)
        self._state.origin_runs |= applied.driver == LIVE
        return replace(applied, warnings=(*applied.warnings, *said))

    def _is_live(self, change: _Change) -> bool:
        """Whether the live driver makes these changes, or would only have to remember that there are none."""
        try:
            return self._pick(change).name == LIVE
        except exception.NoDriver:
            return False

    def _pick(self, change: _Change) -> Driver:
        with asked(change.running):
            return self.ladder.pick(change.todo, change.running, {**self._state.barred(), **change.barred})

    def _carry(self, change: _Change) -> Applied:
        """By the first driver that can; by the next one, if it finds out only when it is at it that it cannot."""
        driver = self._pick(change)
        while True:
            try:
                return self._transact(driver, change)
            except failure.NEXT_RUNG as error:
                change = self._without(change, {driver.name: error.detail})
                try:
                    driver = self._pick(change)
                except exception.NoDriver:
                    raise error from None

    def _without(self, change: _Change, barred: Barred) -> _Change:
        """What is left of it, for the other drivers."""
        running, both = self._answering(change.spec), {**change.barred, **barred}
        return replace(change, running=running, todo=self._steps(running, change.spec), barred=both)

    def _transact(self, driver: Driver, change: _Change) -> Applied:
        running, about = change.running, (change.spec, change.running, change.todo, change.barred)
        if driver.name != LIVE and change.takes_up:  # The next daemon reads the operator's files as they are by now.
            check_owned(self._state.origin_now().layer, change.spec, self._state.memory.current)
        with asked(running):
            disruption = None if driver.name == LIVE else foreseen(self.ladder, self._state, driver.name, *about)
        self.tried = driver.name
        intent = Intent(
            change.spec,
            driver.name,
            tuple(str(step) for step in change.todo),
            running.pid,
            running.started,
            boot_id(),
            change.takes_up,
            change.request_id,
            lasting(change.todo, Running(), self._state.origin.interval),
            running.since_boot,
            watch.left(self._state, change.spec, change.todo, running) if disruption is None else disruption.expects,
        )
        self._journal.begin(intent)
        applied = self._act(driver, change, frozenset() if disruption is None else disruption.apart)
        return applied if disruption is None else disruption.seen(self.ladder, self._state, applied)

    def _answering(self, spec: HostSpec) -> Running:
        """The daemon, when it is dead or tells what it runs; one that is only silent is not taken for an empty one,
        unless ``spec`` asks for another one.

        :raises RequestTimeout: it has answered before: it may again
        :raises DaemonUnreachable: it never has
        """
        running = self.ladder.observe()
        if is_starting(running) and wait_for(lambda: not is_starting(self.ladder.observe()), STARTING):
            running = self.ladder.observe()
        if running.silence is None:
            self.heard = (running.pid, running.since_boot)
        elif not asks_for_another(spec, self._state.memory.current):
            raise unanswered(running, self.heard)
        return running

    def _steps(self, running: Running, spec: HostSpec) -> Plan:
        memory = self._state.memory
        ours = named(memory.taken, memory.current, memory.good, spec)
        return steps(as_often_replaced(running, memory.current, spec), self._state.goal(spec), ours)

    def _act(self, driver: Driver, change: _Change, apart: frozenset[str]) -> Applied:
        spec, todo, running = change.spec, change.todo, change.running
        goal = self._state.goal(spec) if driver.name == LIVE else self._state.next_goal(spec)
        self._acts(frozenset(step.plugin for step in todo), driver.name != LIVE)
        try:
            applied = driver.apply(Order(goal, todo, change.request_id, managed.name(spec.generation), apart))
        except Exception as error:
            self._fault(faults.APPLIED)
            self._state.note(gap=getattr(error, "kwargs", {}).get("gap", self._state.memory.gap))
            if driver.name == LIVE and failure.killed(self.ladder, running, error):
                raise exception.DaemonDied(failure.epitaph(todo, error), changes=[*map(str, todo)]) from error
            if failure.maybe_done(error) or self._lacks_more(running):
                self._state.owe()
            if driver.name == LIVE and isinstance(error, failure.UNANSWERED):
                # What it may die of yet has been done to it, as far as anybody knows.
                watch.begin(self._state, True, spec, todo, running)
            elif driver.name != LIVE:
                watch.go_on(self._state, self.ladder.observe())
            raise
        self._fault(faults.APPLIED)
        self._state.see_origin(applied.running)
        # A daemon that is only started again says nothing new of a spec that one has outlived.
        if driver.name == LIVE or spec != self._state.memory.good:
            watch.begin(self._state, driver.name == LIVE, spec, todo, applied.running)
        return applied

    def _acts(self, plugins: frozenset[str], process: bool) -> None:
        """Something is done to ``plugins``, maybe by another ``process``: an agent that ends before it looks again is
        not to leave the next one with the idea that somebody else has started that.
        """
        self._state.acted = (time.time(), plugins)
        if process:
            self._state.note(seen=None)

    def _lacks_more(self, before: Running) -> bool:
        """Whether the daemon, which was ``before``, is further from what it is to run, or does not tell."""
        now, wanted = self.ladder.observe(), self._state.memory.current or NOTHING
        return now.version is None or failure.lacks_more(self._steps(before, wanted), self._steps(now, wanted))
