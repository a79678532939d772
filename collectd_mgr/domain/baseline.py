# SPDX-License-Identifier: Apache-2.0
"""The baseline of another collectd: what it is to give because the one before it did. Pure.

It is told in the first words of metrics (see :mod:`.naming`), in lower case: collectd writes a plugin's name in either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from collectd_mgr.domain import plan
from collectd_mgr.domain.alone import plugin_of
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.naming import first_word, naming
from collectd_mgr.domain.plan import Plan
from collectd_mgr.domain.spec import PluginGoal

#: After these a plugin gives what its configuration says, rather than what it gave before.
_OTHERWISE = (plan.LOAD, plan.ENABLE, plan.RECONFIGURE, plan.DISABLE)

#: By plugin the types of what it gives only from when there was something for once: 5.12 disk.c, disk_read(), not zero;
#: processes.c, ps_submit_proc_list(), a process of that name.
_OCCASIONAL = {
    "disk": ("pending_operations", "disk_time"),
    "processes": ("contextswitch", "disk_octets", "io_octets", "io_ops"),
}


def baseline(plugins: Mapping[str, PluginGoal], todo: Plan, apart: Iterable[str] = ()) -> frozenset[str]:
    """The words of those ``plugins`` that are on and that ``todo`` leaves alone.

    What one gives that ``todo`` touches, or one that is to be taken ``apart``, is not among them, whoever gives it too.
    """
    out = {name.lower() for name in (*_touched(plugins, todo), *apart)}
    kept, others = set[str](), set(out)
    for name, goal in plugins.items():
        if name.lower() in out:
            others |= _words(name, goal)
        elif goal.enabled:
            kept |= _words(name, goal)
    return frozenset(kept - others)


def given(plugins: Iterable[str], items: Collection[Item]) -> frozenset[str]:
    """The words of what these ``plugins`` give in a collectd that has read ``items``, whoever gives it too."""
    of = {name: [item for item in items if plugin_of(item) == name.lower()] for name in plugins}
    return frozenset(each.lower() for name, found in of.items() for each in naming(name, found, "").plugins)


def intervals(plugins: Mapping[str, PluginGoal]) -> dict[str, float]:
    """By word the longest interval, in seconds, that one of these ``plugins`` has of its own."""
    found: dict[str, float] = {}
    for name, goal in plugins.items():
        for each in _words(name, goal):
            found[each] = max(goal.interval or 0.0, found.get(each, 0.0))
    return found


def word(identifier: str) -> str:
    """Of a metric, by its whole name."""
    return first_word(identifier.split("/", 2)[1]).lower()


def is_occasional(metric: Identifier) -> bool:
    """Whether it may be long until another collectd gives this metric, though that reads the same: nothing has happened
    there since.
    """
    return metric.type in _OCCASIONAL.get(metric.plugin.lower(), ())


def _touched(plugins: Mapping[str, PluginGoal], todo: Plan) -> set[str]:
    """The operator's files, where they are read again, may say anything of what they configure."""
    named = {change.plugin for change in todo if change.kind in _OTHERWISE}
    reads_again = any(change.kind == plan.RELOAD for change in todo)
    return named | {name for name, goal in plugins.items() if reads_again and goal.origin == "host"}


def _words(plugin: str, goal: PluginGoal) -> set[str]:
    return {each.lower() for each in naming(plugin, goal.items, "").plugins}
