# SPDX-License-Identifier: Apache-2.0
"""The status of the host, put together from what is remembered and what is observed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import metadata
from typing import Any

from collectd_mgr.agent.desired import doubled, same_daemon
from collectd_mgr.agent.freshness import Sweep
from collectd_mgr.agent.health import health
from collectd_mgr.agent.memory import Memory
from collectd_mgr.agent.silence import is_starting
from collectd_mgr.agent.state import State
from collectd_mgr.domain import canonical, ignorelist, leases, safety, secrets, sections, thresholds
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.naming import SPOKEN_TO
from collectd_mgr.domain.operations import FAILED
from collectd_mgr.domain.plan import Running, RunningPlugin
from collectd_mgr.domain.servants import SERVANTS
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.domain.status import UNKNOWN, HostStatus, PluginStatus
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.wire.look import look

#: Read once: it takes longer than all the rest.
_VERSION = metadata.version("collectd-mgr")

#: Kinds of plugins that collect nothing themselves, so that nobody waits for values of theirs.
_WITHOUT_VALUES = frozenset({"write", "notify", "log", "binding", "filter"})


class Picture:
    """:meth:`take` may be called by any thread; every picture has a number of its own."""

    def __init__(
        self,
        host: str,
        state: State,
        ladder: Ladder,
        sweep: Sweep,
        boot: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._host = host
        self._state = state
        self._ladder = ladder
        self._sweep = sweep
        self._clock = clock
        self._boot = boot
        self._numbers = itertools.count(1)
        #: The daemon as it was when it answered last.
        self._answered = Running()
        self._since: dict[str, tuple[RunningPlugin, float]] = {}

    def take(self, running: Running | None = None) -> HostStatus:
        """The host as it is now. Reads the daemon, never its cache: see :class:`Sweep`.

        :param running: the daemon as somebody observed it just now
        """
        with look():
            running = self._known(running or self._ladder.observe())
            able = self._capabilities(running)
        memory = self._state.memory
        return HostStatus(
            self._host,
            self._boot,
            self.number(),
            memory.taken.generation if memory.taken else None,
            memory.taken.digest() if memory.taken else None,
            memory.outcome,
            masked(memory.error),
            self._state.goal(memory.current).digest(),
            memory.driver,
            self._daemon(running, memory),
            self._mode(),
            self._plugins(running, memory),
            able,
            canonical.digest({**able, "plugins": self._sweep.installed_digest}),
            secrets.mask_text(memory.quarantine.reason) if memory.quarantine else None,
            tuple(secrets.mask_text(line) for line in self._warnings(running, memory)),
            self._sections(running),
            leases.reported(memory.current, memory.leases),
            self._state.drift(),
        )

    def _mode(self) -> Mode:
        """Its reason may be that of a local file."""
        mode = self._state.mode()
        return replace(mode, reason=secrets.mask_text(mode.reason))

    def number(self) -> int:
        """The place of what is said next."""
        return next(self._numbers)

    def _known(self, running: Running) -> Running:
        """One that does not answer has what it had when it did, as far as anybody knows."""
        then = self._answered
        if running.silence is None:
            self._answered = running
        elif same_daemon(then.pid, then.since_boot, running):
            known = {name: getattr(then, name) for name in ("plugins", "sections", "facts", "hostname")}
            return replace(running, **known)
        return running

    def _warnings(self, running: Running, memory: Memory) -> tuple[str, ...]:
        state = self._state
        silence = None if is_starting(running) else state.origin.silence(running)
        both = self._doubled(running, memory) if state.origin.may_be_of(running) else ()
        said = (*both, *state.origin.warnings, *self._unheeded(running), *state.refusals(memory.current))
        return (*filter(None, [silence]), *memory.warnings, *said, *state.notices())

    def _doubled(self, running: Running, memory: Memory) -> Iterable[str]:
        """What ``running``, which has read the operator's files, was given by these and by us."""
        yield from doubled(self._state.goal(memory.current), running)
        ours, theirs = self._state.sections(), self._state.origin.sections
        for error in thresholds.owned(ours.get(sections.THRESHOLDS, {}), theirs.get(sections.THRESHOLDS, {})):
            yield f"{error.detail} collectd goes by both: the worse state counts."

    def _unheeded(self, running: Running) -> Iterable[str]:
        origin = self._state.origin
        facts, theirs = running.facts.get(sections.IGNORELIST, {}), (each.item for each in origin.statements)
        return () if origin.unread else ignorelist.unheeded(facts, theirs)

    def _sections(self, running: Running) -> dict[str, Any]:
        """Settings in effect, the operator's own, and what the daemon says of them."""
        ours, theirs = self._state.sections(), self._state.origin.sections
        return {
            section: {
                **running.facts.get(section, {}),
                "settings": masked(dict(ours.get(section, {}))),
                "host": masked(dict(theirs.get(section, {}))),
            }
            for section in sorted({*ours, *theirs})
        }

    def _daemon(self, running: Running, memory: Memory) -> dict[str, Any]:
        return {
            "pid": running.pid,
            "started": running.started,
            "version": running.version,
            "interval": self._state.origin.interval,
            "hostname": self._state.hostname(running),
            "snippet": self._state.origin.has_ours(running),
            "restarted": memory.restarted,
            "replaced": memory.replaced,
            "gap": memory.gap,
        }

    def _capabilities(self, running: Running) -> dict[str, Any]:
        return {
            "drivers": [offer.to_dict() for offer in self._ladder.offers(self._state.barred())],
            "plugins": self._sweep.installed,
            "collectd_version": running.version,
            "agent_version": _VERSION,
        }

    def _plugins(self, running: Running, memory: Memory) -> Mapping[str, PluginStatus]:
        goal = self._state.goal(memory.current)
        failed = self._failed(goal, memory)
        names = sorted({*goal.plugins, *running.plugins, *failed})
        return {name: self._plugin(name, running, goal, failed.get(name)) for name in names}

    def _plugin(self, name: str, running: Running, goal: Goal, failure: str | None) -> PluginStatus:
        now = running.plugins.get(name)
        on = bool(now and now.enabled)
        wanted = goal.plugins.get(name, PluginGoal(on, origin=_origin(name, on)))
        names = self._sweep.naming(name, wanted)
        fresh = self._sweep.of(names)
        # What is off is at no interval: it has the one that it would be read at.
        interval = (now and now.enabled and now.interval) or wanted.interval or self._state.origin.interval
        slowest = max(interval, (now and now.slowest) or 0.0)
        since = self._brought(name, now, running.started)
        collects = names.whole and _collects(name)
        said = health(now, fresh, slowest, since, self._clock(), collects)
        if running.silence is not None:
            # Nothing was switched off because nobody answers.
            said, on = UNKNOWN, on if now else wanted.enabled
        return PluginStatus(
            on,
            "failed" if failure else said,
            wanted.origin,
            interval,
            None if wanted.config is None else secrets.shown(wanted.items),
            fresh.last_value,
            fresh.metrics,
            failure,
        )

    def _brought(self, name: str, now: RunningPlugin | None, started: float | None) -> float:
        """When the plugin was brought to what it does: by the last act if that was about it, else with its daemon."""
        if now is None:
            self._since.pop(name, None)
            return 0.0
        before, since = self._since.get(name, (None, 0.0))
        if before != now:
            began, plugins = self._state.acted
            since = max(began if name in plugins else 0.0, started or 0.0)
            self._since[name] = (now, since)
        return since

    def _failed(self, goal: Goal, memory: Memory) -> dict[str, str]:
        """The plugins of a generation that failed which it wanted otherwise than they are, and those that cannot be had
        any more; each with the reason.
        """
        omitted = {name: secrets.mask_text(why) for name, why in self._state.omitted(memory.current).items()}
        if memory.outcome != FAILED or memory.error is None:
            return omitted
        wanted = self._state.goal(memory.taken)
        names = {name for name in wanted.plugins if wanted.plugins[name] != goal.plugins.get(name)}
        return {**omitted, **dict.fromkeys(names, secrets.mask_text(str(memory.error["detail"])))}


def _origin(name: str, on: bool) -> str:
    """Of a plugin that is named nowhere: what runs so is the operator's, unless it comes with a section of ours."""
    # What only is there still was ours once.
    return "host" if on and name not in SERVANTS else "managed"


def _collects(name: str) -> bool:
    """Whether values are to come from it by itself."""
    row = safety.lookup(name)
    # A plugin without any callbacks is one that could not be looked into.
    reads = row.reads != "none" or not row.callbacks
    return reads and row.kind not in _WITHOUT_VALUES and name not in SPOKEN_TO


def masked(value: Any) -> Any:
    """A JSON value without the secrets that the texts in it tell."""
    if isinstance(value, str):
        return secrets.mask_text(value)
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value
