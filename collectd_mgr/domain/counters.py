# SPDX-License-Identifier: Apache-2.0
"""Counters that plugins keep themselves, from the start of their collectd on: another one begins them anew. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from collectd_mgr.domain import plan
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.plan import Plan
from collectd_mgr.domain.spec import Goal

#: What counts all that it gives.
ALL: Final = frozenset({"dns", "logparser", "pinba", "statsd", "tail", "tail_csv"})

#: What counts what these options are about, at any depth; or one of its types, whatever its options.
_BY_OPTION: Mapping[str, frozenset[str]] = {
    "processes": frozenset({"process", "processmatch"}),
    "curl": frozenset({"match"}),
    "memcachec": frozenset({"match"}),
}
_BY_TYPE: Mapping[str, str] = {"disk": "disk_time"}


def begun_anew(goal: Goal, todo: Plan) -> tuple[str, ...]:
    """The plugins of a daemon that came to ``goal`` by another process whose counters would go back, by name; with
    the type, where it is only that one. A plugin that comes with ``todo`` has counted nothing yet.
    """
    new = {change.plugin for change in todo if change.kind in (plan.LOAD, plan.ENABLE)}
    found = sorted((name, wanted.items) for name, wanted in goal.plugins.items() if wanted.enabled and name not in new)
    return tuple(_told(name) for name, items in found if _counts(name.lower(), items))


def told(names: Iterable[str]) -> tuple[str, ...]:
    """That as a sentence, or none."""
    found = ", ".join(names)
    if not found:
        return ()
    who = "what stores or sends them as they are sees them go back"
    return (f"Counters of {found} begin anew with this collectd: {who}.",)


def _counts(plugin: str, items: Iterable[Item]) -> bool:
    return plugin in ALL or plugin in _BY_TYPE or _has(items, _BY_OPTION.get(plugin, frozenset()))


def _has(items: Iterable[Item], options: frozenset[str]) -> bool:
    return any(item.key.lower() in options or _has(item.children or (), options) for item in items)


def _told(plugin: str) -> str:
    only = _BY_TYPE.get(plugin.lower())
    return f"{plugin} ({only})" if only else plugin
