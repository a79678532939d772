# SPDX-License-Identifier: Apache-2.0
"""The one lock of the agent, and what it guards."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent import moment, omissions
from collectd_mgr.agent.allowlist import Allowlist
from collectd_mgr.agent.backoff import Backoff
from collectd_mgr.agent.desired import follows, goal_of, named, same_daemon, without_effect
from collectd_mgr.agent.memory import MemoryFile
from collectd_mgr.agent.mode import ModeSwitch
from collectd_mgr.agent.omissions import Omissions
from collectd_mgr.agent.origin import Origin
from collectd_mgr.agent.probation import Elder
from collectd_mgr.domain import leases
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.filesystem import SURE
from collectd_mgr.domain.leases import Leases
from collectd_mgr.domain.mode import MANAGE, Mode
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.domain.sections import Sections, Settings
from collectd_mgr.domain.spec import Goal, HostSpec, Layer

LOG = logging.getLogger(__name__)

#: The driver that works inside the running daemon: the one that a quarantine and the switch for ``live`` are about.
LIVE = "live"


#: What a goal is merged from: while the first two are the same objects, and the leases equal, it is the same goal.
_Layers = tuple[Origin, HostSpec | None, Leases]

#: The digest of nothing that could hold.
_BETWEEN = ""


class State:
    """Changed under :attr:`lock` only; read by anyone, for each attribute holds an immutable value."""

    def __init__(
        self,
        file: MemoryFile,
        switch: ModeSwitch,
        read_origin: Callable[[Origin], Origin],
        allowlist: Allowlist | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.memory = file.load()
        self.origin = Origin()
        #: Whether the daemon is known to have been started with that, or to have come to it live.
        self.origin_runs = False
        #: When a driver last began to act (seconds since 1970), and on which plugins.
        self.acted: tuple[float, frozenset[str]] = (0.0, frozenset())
        #: What is good before the last change is, if the daemon lives so long; the next agent begins anew with that.
        self.elder: Elder | None = None
        #: The metrics that were fresh before collectd was restarted, until what it gives now is compared with that.
        self.gave: frozenset[str] = frozenset()
        #: Called after each change that is remembered.
        self.changed: Callable[[], None] = lambda: None
        #: Called with each layer whose lease is over, before that is remembered: after a kill once more.
        self.ended: Callable[[Layer], None] = lambda layer: None
        self._merged: tuple[tuple[_Layers, Goal], ...] = ()
        self._digested: tuple[Goal | None, str] = (None, "")
        self._origin_of: tuple[int | None, float | None] | None = None
        self._file = file
        self._switch = switch
        self._read_origin = read_origin
        #: Sentences of the agent itself, for the warnings in the status.
        self.notices: Callable[[], tuple[str, ...]] = tuple
        #: What somebody else has done.
        self.drift: Callable[[], tuple[Drift, ...]] = tuple
        self._allowlist = allowlist or Allowlist()
        #: When what is left out is tried again, and what was tried last.
        self._again = Backoff()
        self._tried: Omissions = {}

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Hold the lock, if it can be had in time.

        :raises RequestTimeout: somebody else is at work for longer than ``patience`` seconds
        """
        if not self.lock.acquire(timeout=patience):
            raise exception.RequestTimeout("The agent is still at work on an earlier change.", maybe_executed=False)
        try:
            yield
        finally:
            self.lock.release()

    def note(self, **changes: Any) -> None:
        """Known to this process alone, until the next :meth:`remember`."""
        self.memory = replace(self.memory, **changes)

    def remember(self, **changes: Any) -> None:
        """On the disk when this returns."""
        self.write(**changes)
        self.sync()

    def write(self, **changes: Any) -> None:
        """Outlives the agent when this returns, and the machine after :meth:`sync`; the journal stays open so long."""
        self.note(**changes)
        self._file.write(self.memory)
        self.changed()

    def sync(self) -> bool:
        """Have the memory on the disk; whether there was anything to do."""
        return self._file.sync()

    def mode(self) -> Mode:
        """The mode in force now."""
        return self._switch.now(self.memory.mode)

    def goal(self, spec: HostSpec | None) -> Goal:
        """What the daemon is to do for ``spec``. Off is what the host's allow-list refuses by now, and what cannot be
        had any more.
        """
        return omissions.without(self._allowlist.permitted(self.wanted(spec)), self.memory.omitted)

    def next_goal(self, spec: HostSpec | None) -> Goal:
        """The same beside the operator's files as they are on the disk now: another daemon would read these."""
        goal = self._allowlist.permitted(self._merge(self.origin_now(), spec))
        return omissions.without(goal, self.memory.omitted)

    def refusals(self, spec: HostSpec | None) -> tuple[str, ...]:
        """A sentence for each thing in ``spec`` that :meth:`goal` leaves out, and for what else is wrong with that."""
        none, wanted = without_effect(leases.in_force(spec, self.memory.leases)), self.wanted(spec)
        omitted = (f"{name} is left out: {why}" for name, why in self.omitted(spec).items())
        return (*none, *omitted, *self._allowlist.refusals(wanted, self.origin.interval))

    def omitted(self, spec: HostSpec | None) -> Omissions:
        """The plugins of ``spec`` that cannot be had any more."""
        return omissions.of(self.wanted(spec), self.memory.omitted)

    def goes_without(self, error: exception.CollectdMgrError, spec: HostSpec, running: Running) -> bool:
        """Whether ``error`` is about a plugin that ``running`` lacks, and no news in ``spec``: it is left out then."""
        found = omissions.found(error, self.wanted(spec), self.wanted(self.memory.current), running)
        if not found or found.keys() <= self.memory.omitted.keys():
            return False
        if not found.items() <= self._tried.items():
            LOG.warning("Left out: %s: %s", error.code, mask_text(error.detail))
        self.write(omitted={**self.memory.omitted, **found})
        return True

    def tries_omitted(self, now: float) -> bool:
        """Whether nothing is left out any more until :meth:`tried_omitted`, as now and then in mode manage."""
        if not self.memory.omitted or self.mode().mode != MANAGE or not self._again.due(now):
            return False
        self._tried = self.memory.omitted
        self.note(omitted={})
        return True

    def tried_omitted(self, had: bool) -> None:
        """What was tried is left out as before, unless it was ``had``. Safe to repeat, and where nothing is tried."""
        if not had:
            self.note(omitted={**self._tried, **self.memory.omitted})
        self._tried = self.memory.omitted

    def try_news(self, spec: HostSpec) -> None:
        """What ``spec`` asks for anew is not left out any more until :meth:`tried_omitted`."""
        wanted, before = self.wanted(spec), self.wanted(self.memory.current)
        self._tried = self.memory.omitted
        self.note(omitted=omissions.left(self._tried, wanted, before))

    def bound_rate(self) -> None:
        """Have what gives more samples than this host allows be refused."""
        self._allowlist.bound(self.goal(self.memory.current), self.origin.interval)

    def in_force(self, spec: HostSpec | None) -> str:
        """The digest of what of ``spec`` holds now: of what came through us, without what has ended or is refused, and
        without what the operator's files say of the same plugins.

        It changes by our own doing, and where those files name such a plugin, or do so no more.
        """
        goal, names = self.goal(spec), named(spec)
        bare = {
            name: replace(plugin, interval=None, config=None) if plugin.origin == "host" else plugin
            for name, plugin in goal.plugins.items()
            if name in names or plugin.origin != "host"
        }
        ours = replace(goal, plugins=bare)
        known, digest = self._digested
        # Equal ones are soon found so: they are of the same parts as long as nothing is merged anew.
        if known != ours:
            digest = ours.digest()
            self._digested = ours, digest
        return digest

    def owes(self) -> bool:
        """Whether the daemon was not yet brought to what holds by now, though nobody else has done anything to it.

        What an earlier release brought it to is not known: all of the spec, as if nothing had ended or been refused.
        """
        spec, reached = self.memory.current, self.memory.reached
        return (goal_of(Layer(""), spec).digest() if reached is None else reached) != self.in_force(spec)

    def owe(self) -> None:
        """What was begun and could not be taken back is ours to mend, whatever becomes of what somebody else does."""
        self.note(reached=_BETWEEN)

    def has_reached(self, holds: str) -> None:
        """The daemon is what holds, and so is what the next one starts with: that is written in mode manage only."""
        if self.memory.reached != holds and self.mode().mode == MANAGE:
            self.remember(reached=holds)

    def check_allowed(self, spec: HostSpec) -> None:
        """Check what is new in ``spec``. Of one that is sent again to a host that has forgotten what it let in, nobody
        can tell: :meth:`goal` leaves out what is refused, and the rest is taken up.

        :raises RefusedByAgent: where it asks for something new that the host's allow-list refuses, or nobody can make
            sense of that
        """
        if self.memory.current is None and not follows(spec, None):
            self._allowlist.check_plugins({})
        else:
            asked, now = self.wanted(spec), self.wanted(self.memory.current)
            self._allowlist.check(asked, now, self.origin.interval)

    def wanted(self, spec: HostSpec | None) -> Goal:
        """The layers of ``spec`` whose lease has not ended, on top of the operator's."""
        return self._merge(self.origin, spec)

    def _merge(self, origin: Origin, spec: HostSpec | None) -> Goal:
        """Asked for all the time: what is in force, and what is asked for beside it, are merged once."""
        held = self.memory.leases
        for (theirs, known, leased), goal in self._merged:
            if theirs is origin and known is spec and leased == held:
                return goal
        goal = goal_of(origin.layer, leases.in_force(spec, held))
        self._merged = (((origin, spec, held), goal), *self._merged[:1])
        return goal

    def end_leases(self) -> bool:
        """Mark the leases whose time is over; whether there were any."""
        held = leases.ended(self.memory.leases, moment.now())
        if held == self.memory.leases:
            return False
        self.tell_ends(self.memory.leases, held)
        self.remember(leases=held)
        return True

    def tell_ends(self, before: Leases, after: Leases, spec: HostSpec | None = None) -> None:
        """Tell which leases are over in ``after``, and not in ``before``; they are of what is known, or of ``spec``."""
        known = (self.memory.current, self.memory.taken, spec)
        layers = [layer for each in known if each is not None for layer in each.layers]
        for layer in leases.ending(layers, before, after):
            self.ended(layer)

    def knows(self) -> bool:
        """Whether it is known what the host is to run: who was never told, or has forgotten it, does not."""
        return self.memory.current is not None

    def knows_start(self) -> bool:
        """The same, or it was told the first of all, below which is nothing."""
        return self.knows() or (self.memory.taken is not None and follows(self.memory.taken, None))

    def sections(self) -> Sections:
        """The named settings in force: the host came to them, whatever is asked of it by now."""
        return self.goal(self.memory.current).sections

    def section(self, name: str) -> Settings:
        """The settings in force of a section that is the agent's own business."""
        return self._allowlist.within(self.wanted(self.memory.current).sections).get(name, {})

    def see_origin(self, running: Running, again: bool = False) -> None:
        """Read the operator's files, if ``running`` is another daemon than they were read for, or ``again``."""
        if again or self._origin_of is None or not same_daemon(*self._origin_of, running):
            self.origin = self._read_origin(self.origin)
            if self.origin.unread is not None:
                LOG.warning("The operator's configuration is not understood: %s", mask_text(self.origin.unread))
            self._origin_of = (running.pid, running.since_boot)
            self.origin_runs = not again and self.origin.changed + SURE < (running.started or 0.0)

    def hostname(self, running: Running) -> str:
        """How that daemon calls its host: it may have looked up a name that no file has (``FQDNLookup``)."""
        return running.hostname or self.origin.hostname

    def origin_now(self) -> Origin:
        """The operator's files as they are on the disk now, whatever the daemon has read."""
        return self._read_origin(self.origin)

    def barred(self) -> dict[str, str]:
        """Why the live driver is not to be used now; empty when it may."""
        if self.memory.quarantine is not None:
            return {LIVE: f"Quarantined: {self.memory.quarantine.reason}"}
        mode = self.mode()
        return {} if mode.live else {LIVE: f"Switched off by {mode.set_by}. {mode.reason}".strip()}
