# SPDX-License-Identifier: Apache-2.0
"""The difference between two configurations: in lines, and in what it means for each plugin. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from collectd_mgr.domain import managed
from collectd_mgr.domain.effective import Plugin, effective
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.include import Located
from collectd_mgr.domain.skew import understood
from collectd_mgr.domain.spec import PluginGoal

#: How a plugin differs: it is loaded, or is no more; its block, or its own interval, is another one.
LOADED, GONE, BLOCK, INTERVAL = "loaded", "gone", "block", "interval"

#: What is about no plugin: global options, types, filter chains.
GLOBAL = "global"

CHANGES = (LOADED, GONE, BLOCK, INTERVAL, GLOBAL)

#: Statements that are about a plugin.
_OF_PLUGINS = ("loadplugin", "plugin")


#: In the place of lines, where only what is masked differs.
UNSEEN = ("a secret",)


@dataclass(frozen=True)
class PluginChange:
    """One way in which a plugin differs; ``plugin`` is empty for what is about none.

    ``before`` and ``after``: its own interval in seconds, of one that has another; None: the daemon's.
    """

    plugin: str
    change: str
    before: float | None = None
    after: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PluginChange:
        return cls(**understood(cls, data))


@dataclass(frozen=True)
class Difference:
    """``lines`` of a unified diff without secrets, and what they mean; false where there is none."""

    lines: tuple[str, ...] = ()
    plugins: tuple[PluginChange, ...] = ()

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def __bool__(self) -> bool:
        return bool(self.lines or self.plugins)


NONE = Difference()


def lines(before: str, now: str, before_name: str, now_name: str, context: int = 3) -> tuple[str, ...]:
    """A unified diff of two texts; nothing where they are the same."""
    both = before.splitlines(), now.splitlines()
    return tuple(difflib.unified_diff(*both, before_name, now_name, lineterm="", n=context))


def plugins(before: Iterable[Item], now: Iterable[Item]) -> tuple[PluginChange, ...]:
    """Which plugins differ, and how, as collectd would understand both; in order of name.

    :param before: the statements of a configuration, secrets in clear: another one is a difference too
    """
    old, new = tuple(before), tuple(now)
    there, wanted = _loads(old), _loads(new)
    of_none = [PluginChange("", GLOBAL)] if _rest(old) != _rest(new) else []
    of_plugins = (_of(name, there.get(name), wanted.get(name)) for name in sorted({*there, *wanted}))
    return (*of_none, *chain.from_iterable(of_plugins))


def goals(before: Mapping[str, PluginGoal], now: Mapping[str, PluginGoal]) -> tuple[PluginChange, ...]:
    """The same of what is wanted of plugins: one that is off is not loaded."""
    return plugins(_items(before), _items(now))


def _items(wanted: Mapping[str, PluginGoal]) -> Iterator[Item]:
    for name, goal in sorted(wanted.items()):
        if goal.enabled:
            yield from managed.plugin_items(name, goal)


def _loads(items: Iterable[Item]) -> Mapping[str, Plugin]:
    return effective(Located(item, "") for item in items).plugins


def _of(name: str, before: Plugin | None, now: Plugin | None) -> Iterator[PluginChange]:
    if before is None or now is None:
        yield PluginChange(name, LOADED if before is None else GONE)
        return
    if _block(before) != _block(now):
        yield PluginChange(name, BLOCK)
    if _interval(before) != _interval(now):
        yield PluginChange(name, INTERVAL, _interval(before), _interval(now))


def _interval(plugin: Plugin) -> float | None:
    return plugin.interval if plugin.own_interval else None


def _block(plugin: Plugin) -> object:
    """All that collectd is told of it, but for its interval."""
    return plugin.items, plugin.flush_interval, plugin.flush_timeout, plugin.globals


def _rest(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(item for item in items if item.key.lower() not in _OF_PLUGINS)
