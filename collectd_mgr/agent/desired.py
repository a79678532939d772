# SPDX-License-Identifier: Apache-2.0
"""What the daemon should do, and the steps to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import canonical, plan, received, sections, servants
from collectd_mgr.domain.leases import LENIENCE, Leases, in_force
from collectd_mgr.domain.plan import Change, Plan, Running
from collectd_mgr.domain.spec import ORIGIN, Generation, Goal, HostSpec, Layer, PluginGoal, PluginSetting, merge

#: What a host runs that nothing good is known of: the operator's own files alone.
NOTHING = HostSpec(Generation("", 0))


def goal_of(origin: Layer, spec: HostSpec | None) -> Goal:
    """The operator's own settings below those of ``spec``, which cannot pass for the operator's by their id; without
    named settings that are none.
    """
    layers = spec.layers if spec else ()
    goal = merge((origin, *(replace(layer, id="") if layer.id == ORIGIN else layer for layer in layers)))
    return replace(goal, sections=received.normal(goal.sections))


def asks_for_more(spec: HostSpec, than: HostSpec | None, held: Leases) -> bool:
    """Whether bringing a daemon from ``than`` to ``spec`` could change it; clearing a quarantine does not, nor does to
    go on without a lease that is over.
    """
    return _of_the_daemon(spec, held).digest() != _of_the_daemon(than, held).digest()


def _of_the_daemon(spec: HostSpec | None, held: Leases) -> Goal:
    return replace(goal_of(Layer(""), in_force(spec, held)), quarantine_clears=0)


def absent(before: Goal, after: Goal, installed: Set[str]) -> tuple[str, ...]:
    """A sentence for each plugin of which something is set now, and which is off and not there: nobody would miss one
    whose name is mistyped.

    :param installed: none where that is not known
    """
    news = {name for name, goal in after.plugins.items() if not goal.enabled and goal != before.plugins.get(name)}
    found = sorted(news - installed) if installed else ()
    return tuple(f"{name} is off, but it is not even installed here." for name in found)


def doubled(goal: Goal, running: Running) -> tuple[str, ...]:
    """A sentence for each plugin that the operator's files configure, and that ``running``, which has read these, was
    given another configuration for as well: it came through us before they named it.
    """
    given = {name: now.config_digest for name, now in running.plugins.items() if now.config_digest is not None}
    nothing = PluginGoal(True).config_digest()
    theirs = {name: (nothing, item.config_digest()) for name, item in goal.plugins.items() if item.origin == "host"}
    return tuple(
        f"{name} has what the operator's own files say, and what was set here before, until collectd is started anew."
        for name in sorted(given.keys() & theirs.keys())
        if given[name] not in theirs[name]
    )


def check_known(unknown: Set[str]) -> None:
    """:raises AgentOutdated: of what a later server asks for, which this agent cannot do"""
    if unknown:
        names = sorted(unknown)
        raise exception.AgentOutdated(
            f"The agent of this host is of a release that does not know {', '.join(names)}.", unknown=names
        )


def check_owned(origin: Layer, spec: HostSpec, than: HostSpec | None) -> tuple[str, ...]:
    """Check what is new in ``spec``. What ``than`` had already was ours before the operator's files named the
    plugin; it has no effect beside them, and must not be in the way of changes that are about something else, be it
    ``enabled`` of the same plugin. So may be what does not follow ``than``: it is let in as well, without effect.

    :returns: a sentence for each plugin of which something was let in so
    :raises OwnedByHostConfig: where it follows, and sets more than ``enabled`` of a plugin of the operator's
    """
    before, found = _settings(than), set()
    for (layer, name), setting in _settings(spec).items():
        known = before.get((layer, name), PluginSetting())
        if name in origin.plugins and replace(setting, enabled=None).over(known) != known:
            found.add(name)
    said = tuple(
        f"The operator's own files configure {name}: only enabled can be set from here." for name in sorted(found)
    )
    if said and follows(spec, than):
        raise exception.OwnedByHostConfig(said[0], plugin=min(found))
    return said


def without_effect(spec: HostSpec | None) -> tuple[str, ...]:
    """A sentence for each named setting that :func:`goal_of` leaves out."""
    flaws = (received.flaw(*place[1:], setting) for place, setting in _named_settings(spec).items())
    return tuple(f"It has no effect, for this release does not know it as a setting: {each}" for each in flaws if each)


def check_servants(spec: HostSpec, than: HostSpec | None) -> None:
    """Check what is new in ``spec``: what an earlier release let in stays until it is taken away. Where there is no
    ``than``, as the host lost its disk, nobody can tell: it is let in, or it would be in the way of all the rest.

    :raises PluginOfSection: where it sets a plugin that comes with a section of settings
    """
    before = _settings(than)
    for (layer, name), setting in _settings(spec).items() if than else ():
        servants.check_setting(name, setting, before.get((layer, name)))


def check_sections(spec: HostSpec, than: HostSpec | None) -> None:
    """Check what is new in ``spec``: what an earlier release let in must not be in the way of something else. Of one
    that is sent again to a host that has forgotten all, nobody can tell: :func:`goal_of` leaves out what is none.

    :raises BadSetting: a named setting is none
    """
    if than is None and not follows(spec, None):
        return
    before = _named_settings(than)
    for place, setting in _named_settings(spec).items():
        if place not in before or canonical.dumps(setting) != canonical.dumps(before[place]):
            received.check(*place[1:], setting)


def follows(spec: HostSpec, than: HostSpec | None) -> bool:
    """Whether ``spec`` came right after ``than``, or is the first of all: what it has besides is what somebody asks for
    now. One that comes after others, be it that the host has forgotten them, may have had that for long.
    """
    before = than.generation if than else Generation(spec.generation.epoch, 0)
    return spec.generation == before.next()


def check_restarts(goal: Goal, spec: HostSpec, than: HostSpec | None) -> None:
    """Check a spec that follows ``than`` at once. One that came after others may be about what was on meanwhile.

    :raises PluginNotEnabled: where it restarts a plugin that is off in ``goal``
    """
    if not follows(spec, than):
        return
    known = _restarts(than)
    for name, count in _restarts(spec).items():
        plugin = goal.plugins.get(name)
        if count > known.get(name, 0) and not (plugin and plugin.enabled):
            raise exception.PluginNotEnabled(f"{name} is not enabled here: there is nothing to restart.", plugin=name)


def _restarts(spec: HostSpec | None) -> dict[str, int]:
    layers = spec.layers if spec else ()
    return {name: count for layer in layers for name, count in layer.counters.restarts.items()}


def _settings(spec: HostSpec | None) -> dict[tuple[str, str], PluginSetting]:
    """By layer and plugin."""
    layers = spec.layers if spec else ()
    return {(layer.id, name): setting for layer in layers for name, setting in layer.plugins.items()}


def _named_settings(spec: HostSpec | None) -> dict[tuple[str, str, str], Any]:
    """By layer, section and name; without what a layer takes away."""
    return {
        (layer.id, section, name): setting
        for layer in (spec.layers if spec else ())
        for section, settings in sections.present(layer.sections).items()
        for name, setting in settings.items()
    }


def steps(running: Running, goal: Goal, ours: Iterable[str]) -> Plan:
    """The plan for ``running``, and a start for a daemon that does not run.

    What runs without being named by ``goal``, nor being among ``ours`` (the plugins that came through us), is
    the operator's: it is left alone. So is a plugin of the operator's that the daemon could not load itself.
    """
    known = set(goal.plugins) | set(ours)
    seen = replace(running, plugins={name: item for name, item in running.plugins.items() if name in known})
    changes = tuple(change for change in plan.plan(seen, goal) if not _operators_load(change))
    restart = Change(plan.RESTART_DAEMON)
    return Plan(changes if running.pid is not None or restart in changes else (restart, *changes))


def _operators_load(change: Change) -> bool:
    return change.kind == plan.LOAD and change.goal is not None and change.goal.origin == "host"


def as_often_replaced(running: Running, current: HostSpec | None, spec: HostSpec) -> Running:
    """``running`` as one that was replaced as often as ``spec`` wants, where that asks for no more than ``current``.

    A daemon that does not know of the last time has lost its marker. Few drivers replace one, and what it lacks besides
    must not wait for such a one. Where the agent has lost its memory as well, one that was started after that was asked
    for is a later one in any case: the number is the time.
    """
    wanted = _replacements(spec)
    later = running.started is not None and running.started - LENIENCE > wanted / 1000
    asks = not later if current is None else wanted > _replacements(current)
    return running if asks else replace(running, daemon_replacements=max(wanted, running.daemon_replacements))


def _replacements(spec: HostSpec) -> int:
    return sum(layer.counters.daemon_replacements for layer in spec.layers)


def asks_for_another(spec: HostSpec, than: HostSpec | None) -> bool:
    """Whether ``spec`` asks for a restart of the daemon that ``than`` did not: whatever that one runs, it is to end.
    Where there is no ``than`` it may have been asked for long ago, unless it is the first of all.
    """
    known = than or (NOTHING if follows(spec, None) else spec)
    return _daemon_restarts(spec) > _daemon_restarts(known)


def _daemon_restarts(spec: HostSpec) -> int:
    return sum(layer.counters.daemon_restarts for layer in spec.layers)


def named(*specs: HostSpec | None) -> set[str]:
    """The plugins that these specs name."""
    return {name for spec in specs if spec for layer in spec.layers for name in layer.plugins}


def died(pid: int | None, since_boot: float | None, running: Running) -> bool:
    """Whether the process seen as ``pid``, ``since_boot`` is gone, as far as anybody knows by its own doing."""
    return not same_daemon(pid, since_boot, running) and pid not in running.ended_by_somebody


def same_daemon(pid: int | None, since_boot: float | None, running: Running) -> bool:
    """Whether ``running`` is the process that was seen as ``pid``, ``since_boot``, in the same boot.

    Where one of the two does not say when it was started (an earlier agent or extension) the pid has to do.
    """
    return pid == running.pid and (None in (since_boot, running.since_boot) or since_boot == running.since_boot)
