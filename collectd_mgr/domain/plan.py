# SPDX-License-Identifier: Apache-2.0
"""The difference between what a daemon runs and what it should run, as a list of changes.

:func:`plan` is pure. What it compares is a :class:`Running`, which a driver observed, and
a :class:`~collectd_mgr.domain.spec.Goal`. A change names the capability it needs; which
driver has it is the ladder's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_mgr.domain import sections
from collectd_mgr.domain.servants import SERVANTS
from collectd_mgr.domain.spec import Goal, PluginGoal

#: The daemon has never loaded the plugin: load, configure, start reading.
LOAD = "plugin.load"
#: Loaded and stopped before, with this same configuration: read again.
ENABLE = "plugin.enable"
DISABLE = "plugin.disable"
INTERVAL = "plugin.interval"
RESTART = "plugin.restart"
#: The configuration of a plugin that this process has already configured.
RECONFIGURE = "plugin.reconfigure"
#: Read the operator's files again.
RELOAD = "daemon.reload"
RESTART_DAEMON = "daemon.restart"
#: A new process in the place of the one that runs, without a gap.
REPLACE_DAEMON = "daemon.replace"

THRESHOLDS = f"{sections.THRESHOLDS}.set"
IGNORELIST = f"{sections.IGNORELIST}.set"
QUEUE = f"{sections.QUEUE}.set"
PROGRAM = f"{sections.PROGRAM}.set"

#: The changes of those sections that are the daemon's business, each brought to the goal whole.
SECTIONS = {
    f"{section}.set": section
    for section in (sections.PROGRAM, sections.IGNORELIST, sections.THRESHOLDS, sections.QUEUE)
}

#: collectd's plugin for a section, by the change.
NEEDED = {f"{section}.set": plugin for plugin, section in SERVANTS.items()}

#: Every change of plugins and daemon; drivers declare some of these, and of :data:`SECTIONS`, as capabilities.
PLUGIN_CHANGES = (LOAD, ENABLE, DISABLE, INTERVAL, RESTART, RECONFIGURE)
CHANGES = (*PLUGIN_CHANGES, RELOAD, RESTART_DAEMON, REPLACE_DAEMON)


@dataclass(frozen=True)
class RunningPlugin:
    """A plugin as the daemon has it.

    ``loaded``: this process has its code, for good; ``enabled``: its reads are registered;
    ``config_digest``: of the configuration it was given, ``None`` when not known;
    ``interval``: seconds, ``None`` for the daemon's own; ``restarts``: the counter it was last restarted for.
    ``stopping``: a read that was in flight when it was disabled is not seen to be over. It ends by itself, and there is
    nothing to be done about it.
    """

    loaded: bool
    enabled: bool
    interval: float | None = None
    config_digest: str | None = None
    restarts: int = 0
    stopping: bool = False
    #: Its last read failed, and the next is due only then (seconds since 1970); no part of what it is.
    failing_until: float | None = field(default=None, compare=False)
    #: The longest interval of its reads, in seconds: the configuration may give each another; ``None``: not known.
    slowest: float | None = field(default=None, compare=False)

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def of(cls, goal: PluginGoal) -> RunningPlugin:
        """A plugin that was brought to its goal."""
        return cls(True, goal.enabled, goal.interval, goal.config_digest(), goal.restarts)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunningPlugin:
        return cls(**data)


@dataclass(frozen=True)
class Running:
    """A daemon as a driver observed it. ``pid`` is ``None`` when none runs; ``started``: seconds since 1970, for show.

    ``since_boot``: seconds from the boot to its start, which tell it from another with that pid, whatever becomes of
    the wall clock; ``None``: not known.

    ``ended_by_somebody``: the pids of earlier ones of which it is known that they were killed or stopped, not dying.
    """

    pid: int | None = None
    started: float | None = None
    version: str | None = None
    plugins: Mapping[str, RunningPlugin] = field(default_factory=dict)
    reloads: int = 0
    daemon_restarts: int = 0
    ended_by_somebody: tuple[int, ...] = ()
    #: The digests of what it was given, by section; it was given nothing of a section that is not here.
    sections: Mapping[str, str] = field(default_factory=dict)
    #: The host that it puts on its own values; empty: not known.
    hostname: str = field(default="", compare=False)
    #: What it says of them, for show.
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    since_boot: float | None = None
    daemon_replacements: int = 0
    #: Whether a replacement of it is over, and each value is looked at yet; no part of what it is.
    gate: bool = field(default=False, compare=False)

    @property
    def silence(self) -> str | None:
        """That it runs and does not say what it does, as a sentence; ``None`` when it does, or when none runs."""
        if self.pid is None or self.version is not None:
            return None
        return f"collectd runs (pid {self.pid}) and does not answer."

    def to_dict(self) -> dict[str, Any]:
        plugins = {name: plugin.to_dict() for name, plugin in sorted(self.plugins.items())}
        return {**vars(self), "plugins": plugins}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Running:
        plugins = {name: RunningPlugin.from_dict(item) for name, item in data["plugins"].items()}
        return cls(**{**data, "plugins": plugins, "ended_by_somebody": tuple(data["ended_by_somebody"])})


@dataclass(frozen=True)
class Change:
    """One step from what runs to what should run; ``plugin`` is empty for the daemon itself and for a section.

    ``settings``: all of a section that is to be set; None where nobody has said them.
    """

    kind: str
    plugin: str = ""
    goal: PluginGoal | None = None
    settings: sections.Settings | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.plugin}".strip()


@dataclass(frozen=True)
class Plan:
    """Changes in the order in which they are made: what is switched off comes first."""

    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)


_KINDS = (RESTART_DAEMON, REPLACE_DAEMON, RELOAD, *SECTIONS, DISABLE, RECONFIGURE, LOAD, ENABLE)
_ORDER = {kind: place for place, kind in enumerate(_KINDS)}


def plan(running: Running, goal: Goal) -> Plan:
    """The changes that bring ``running`` to ``goal``; empty when nothing is to be done.

    Thresholds and ignorelist come before the plugins: a plugin that is switched off must raise no alarm.
    A plugin that runs and that no layer names any more is switched off.
    """
    changes = [*_daemon_changes(running, goal), *_section_changes(running, goal)]
    for name in sorted({*goal.plugins, *running.plugins}):
        now, wanted = running.plugins.get(name), goal.plugins.get(name, PluginGoal(enabled=False))
        if name in SERVANTS and wanted.origin != "host" and not wanted.enabled:
            changes.extend(_servant_changes(name, now, bool(goal.section(SERVANTS[name]))))
        else:
            changes.extend(_plugin_changes(name, now, wanted))
    return Plan(tuple(sorted(changes, key=lambda change: (_ORDER.get(change.kind, len(_ORDER)), change.plugin))))


def _daemon_changes(running: Running, goal: Goal) -> Iterator[Change]:
    """A restart is a replacement as well; and where no daemon runs there is nothing to replace."""
    if goal.daemon_restarts > running.daemon_restarts:
        yield Change(RESTART_DAEMON)
    elif running.pid is not None and goal.daemon_replacements > running.daemon_replacements:
        yield Change(REPLACE_DAEMON)
    if goal.reloads > running.reloads:
        yield Change(RELOAD)


def _section_changes(running: Running, goal: Goal) -> Iterator[Change]:
    for kind, section in SECTIONS.items():
        if running.sections.get(section, sections.NOTHING) != sections.digest(goal.section(section)):
            yield Change(kind, settings=goal.section(section))


def _servant_changes(name: str, now: RunningPlugin | None, needed: bool) -> Iterator[Change]:
    """A servant that has no setting. One that an earlier release gave a setting goes by it for as long as its process
    lasts, beside the section; what only came with that has nothing to switch off.
    """
    if now is not None and now.enabled and now.config_digest is not None:
        yield Change(RECONFIGURE if needed else DISABLE, name, PluginGoal(enabled=needed))


def _plugin_changes(name: str, now: RunningPlugin | None, goal: PluginGoal) -> Iterator[Change]:
    if now is None or not now.loaded:
        if goal.enabled:
            yield Change(LOAD, name, goal)
    elif not goal.enabled:
        if now.enabled:
            yield Change(DISABLE, name, goal)
    elif _configured_otherwise(now, goal):
        yield Change(RECONFIGURE, name, goal)
    else:
        yield from _same_config_changes(name, now, goal)


def _configured_otherwise(now: RunningPlugin, goal: PluginGoal) -> bool:
    return goal.origin != "host" and now.config_digest != goal.config_digest()


def _same_config_changes(name: str, now: RunningPlugin, goal: PluginGoal) -> Iterator[Change]:
    """At most one: each of these registers the reads anew, so one covers the others."""
    if not now.enabled:
        yield Change(ENABLE, name, goal)
    elif goal.restarts > now.restarts:
        yield Change(RESTART, name, goal)
    elif goal.origin != "host" and now.interval != goal.interval:
        yield Change(INTERVAL, name, goal)
