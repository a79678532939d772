# SPDX-License-Identifier: Apache-2.0
"""What is new in the operator's own files since the daemon read them: of which plugins, and as changes of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from collectd_mgr.agent.origin import Origin
from collectd_mgr.domain import plan
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.plan import Change, Plan, Running
from collectd_mgr.domain.spec import Goal, PluginGoal

_ABOUT_PLUGINS = ("loadplugin", "plugin")


class NeedsANewDaemon(Exception):
    """Something differs that collectd takes up at its start alone."""


def difference(before: Origin, after: Origin, running: Running, goal: Goal) -> Plan | None:
    """What brings a daemon that was started with ``before`` to ``after``; ``None`` when only a new one can be there.

    Plugins that came, that went, and that have another interval; nothing else may differ, in no other order either.

    :param goal: with ``after`` in it
    """
    names = _named(before, after)
    if _rest(before, names) != _rest(after, names) or not all(_plain(after, name) for name in names):
        return None
    try:
        changes = [change for name in names for change in _changes(name, before, after, running, goal)]
    except NeedsANewDaemon:
        return None
    return Plan(tuple(sorted(changes, key=lambda change: change.kind != plan.DISABLE)))


def apart(before: Origin, after: Origin, goal: Goal) -> frozenset[str]:
    """The plugins of which a process that reads ``after`` may give something else than one that has read ``before``:
    all of ``goal``, where anything differs that is about no plugin.
    """
    names = _named(before, after)
    return frozenset(names) if _rest(before, names) == _rest(after, names) else frozenset(goal.plugins)


def _named(before: Origin, after: Origin) -> list[str]:
    """The plugins that came, that went, and that are configured otherwise."""
    old, new = before.layer.plugins, after.layer.plugins
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _changes(name: str, before: Origin, after: Origin, running: Running, goal: Goal) -> Iterator[Change]:
    old, new = before.layer.plugins.get(name), after.layer.plugins.get(name)
    now, wanted = running.plugins.get(name), goal.plugins.get(name)
    if new is None:
        if wanted is not None:
            raise NeedsANewDaemon  # It is ours from now on, with a configuration of its own.
        if now is not None and now.enabled:
            yield Change(plan.DISABLE, name, PluginGoal(False))
    elif wanted is None or not wanted.enabled:
        return  # Switched off from here: the next process will not read it either.
    elif old is None:
        if now is not None:
            raise NeedsANewDaemon  # What this process knows of it is from another time.
        yield Change(plan.LOAD, name, wanted)
    elif old.config != new.config or new.interval is None:
        raise NeedsANewDaemon
    else:
        yield Change(plan.INTERVAL, name, wanted)


def _rest(origin: Origin, names: Collection[str]) -> list[Item]:
    """The statements that are about none of these plugins."""
    items = (located.item for located in origin.statements)
    return [item for item in items if item.key.lower() not in _ABOUT_PLUGINS or _about(item) not in names]


def _plain(origin: Origin, name: str) -> bool:
    """Whether the plugin is loaded with nothing but an interval; the global one must not depend on the place."""
    items = [located.item for located in origin.statements]
    loads = [item for item in items if item.key.lower() == "loadplugin" and _about(item) == name]
    options = {child.key.lower() for item in loads for child in item.children or ()}
    return options <= {"interval"} and sum(item.key.lower() == "interval" for item in items) < 2


def _about(item: Item) -> str:
    return str(item.values[0]).lower() if item.values else ""
