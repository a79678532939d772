# SPDX-License-Identifier: Apache-2.0
"""The managed configuration: a goal as the collectd.conf text behind the operator's one Include.

It gives the same daemon after a restart of collectd or of the machine, without agent or bus. Everything that
belongs to one state is in this one file, so that it changes atomically: the plugins, what of the operator's
own plugins stays off (``Disabled``), and what the new process is to know of itself (``Marker``).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from collectd_mgr import exception
from collectd_mgr.domain import canonical, config, grammar, ignorelist, queue, safety, sections, thresholds
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spec import Generation, Goal, PluginGoal

#: The extension, as collectd's python plugin imports it, and as it calls itself in a ``<Module>`` block.
IMPORT = "collectd_mgr.extension.entry"
MODULE = "collectd_mgr"

#: The sections that this file has for the daemon.
_GIVEN = (sections.IGNORELIST, sections.PROGRAM, sections.QUEUE, sections.THRESHOLDS)

#: What the extension is told of them, by its option.
_OPTIONS = {
    "Ignorelist": sections.IGNORELIST,
    "Program": sections.PROGRAM,
    "Queue": sections.QUEUE,
    "Thresholds": sections.THRESHOLDS,
}

_HEADER = "# Written by collectd_mgr. Changes made here are overwritten: use its API.\n"


@dataclass(frozen=True)
class Marked:
    """What a daemon process was given for one plugin: as in :class:`~collectd_mgr.domain.plan.RunningPlugin`."""

    interval: float | None = None
    config_digest: str | None = None
    restarts: int = 0


@dataclass(frozen=True)
class Marker:
    """What a daemon process remembers of the goal it was brought to; opaque to the extension that keeps it."""

    generation: str = ""
    plugins: Mapping[str, Marked] = field(default_factory=dict)
    #: The operator's own plugins whose reads are off.
    disabled: tuple[str, ...] = ()
    reloads: int = 0
    daemon_restarts: int = 0
    #: Digests by section, as in :class:`~collectd_mgr.domain.plan.Running`.
    sections: Mapping[str, str] = field(default_factory=dict)
    daemon_replacements: int = 0

    def to_text(self) -> str:
        plugins = {name: [mark.interval, mark.config_digest, mark.restarts] for name, mark in self.plugins.items()}
        return canonical.dumps({**vars(self), "plugins": plugins, "sections": dict(self.sections)})

    @classmethod
    def from_text(cls, text: str | None) -> Marker:
        """What :meth:`to_text` wrote; an empty marker for anything else (a daemon that nobody marked)."""
        try:
            data = json.loads(text or "")
            plugins = {name: Marked(*mark) for name, mark in data["plugins"].items()}
            return cls(**{**data, "plugins": plugins, "disabled": tuple(data["disabled"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


def name(generation: Generation) -> str:
    """As the daemon is told to remember it."""
    return f"{generation.epoch}/{generation.n}"


def marker(goal: Goal, generation: str = "") -> Marker:
    """What a daemon that runs ``goal`` remembers."""
    plugins = {name: _marked(plugin) for name, plugin in sorted(goal.plugins.items()) if _worth_a_mark(plugin)}
    given = {section: sections.digest(goal.section(section)) for section in _GIVEN if goal.section(section)}
    counts = goal.reloads, goal.daemon_restarts
    return Marker(generation, plugins, disabled(goal), *counts, given, goal.daemon_replacements)


def _worth_a_mark(plugin: PluginGoal) -> bool:
    return bool(plugin.restarts) or (plugin.enabled and plugin.origin != "host")


def _marked(plugin: PluginGoal) -> Marked:
    if plugin.origin == "host" or not plugin.enabled:
        return Marked(restarts=plugin.restarts)
    return Marked(plugin.interval, plugin.config_digest(), plugin.restarts)


def render(goal: Goal, generation: str = "", chain: str | None = None) -> str:
    """The managed file of ``goal``. The same goal gives the same text; secrets are in it in clear.

    :param chain: the operator's own filter chain before the cache, which an ignorelist must not displace
    :raises BadConfig, BadGrammar: a plugin's config cannot be written in collectd's grammar
    """
    wanted = items(goal, generation, chain)
    text = _HEADER + grammar.render(wanted)
    if parse(text) != wanted:
        raise exception.BadConfig("The rendered configuration does not read back as it was meant.")
    return text


def items(goal: Goal, generation: str = "", chain: str | None = None) -> tuple[Item, ...]:
    """The statements of the managed file: managed plugins that are on, sections, then what the extension is told."""
    managed = sorted(
        (name, plugin) for name, plugin in goal.plugins.items() if plugin.enabled and plugin.origin != "host"
    )
    statements = [item for name, plugin in managed for item in plugin_items(name, plugin)]
    return (*statements, *section_items(goal, chain), _told(goal, generation))


def section_items(goal: Goal, chain: str | None) -> tuple[Item, ...]:
    """What the sections of the goal come to in collectd's own configuration."""
    return (
        *thresholds.items(goal.section(sections.THRESHOLDS)),
        *ignorelist.items(goal.section(sections.IGNORELIST), chain),
        *queue.items(goal.section(sections.QUEUE)),
    )


def plugin_items(name: str, plugin: PluginGoal) -> Iterator[Item]:
    """``LoadPlugin`` with the interval, and the ``<Plugin>`` block if there is any config."""
    yield config.load_plugin(name, plugin.interval)
    if plugin.items:
        yield config.plugin_block(name, plugin.items)


def plugin_text(name: str, plugin: PluginGoal) -> str:
    """The ``<Plugin>`` block of one plugin alone; empty when it has no config."""
    return grammar.render(item for item in plugin_items(name, plugin) if item.key == "Plugin")


def block(text: str, plugin: str) -> str | None:
    """The ``<Plugin>`` block of one plugin in a managed file, as :func:`plugin_text` gives it; None if it has none."""
    found = [item for item in _read(text) if item.key == "Plugin" and item.values == (plugin,)]
    return grammar.render(found) if found else None


def has(text: str, name: str, plugin: PluginGoal) -> bool:
    """Whether a managed file has the plugin with the same configuration."""
    loads = any(item.key == "LoadPlugin" and item.values == (name,) for item in _read(text))
    return loads and (block(text, name) or "") == plugin_text(name, plugin)


def marker_in(text: str) -> Marker:
    """The marker of a managed file."""
    return Marker.from_text(_option(text, "Marker"))


def program(text: str) -> Settings:
    """The settings of the collectd that a managed file is meant for: see :mod:`collectd_mgr.domain.program`."""
    try:
        found = json.loads(_option(text, "Program") or "{}")
    except ValueError:  # Somebody broke it.
        return {}
    return found if isinstance(found, dict) else {}


def _option(text: str, key: str) -> str | None:
    """What a managed file tells the extension by this option."""
    modules = (module for item in _read(text) for module in item.children or () if module.key == "Module")
    options = (option for module in modules for option in module.children or () if option.key == key)
    return next((str(option.values[0]) for option in options if option.values), None)


def meaning(text: str | None) -> tuple[Item, ...]:
    """What a managed file says to collectd and the extension, whichever generation it is of."""
    return tuple(map(_unmarked, _read(text or "")))


def _unmarked(item: Item) -> Item:
    if item.children is None or item.key == "Marker":
        return item
    return replace(item, children=tuple(_unmarked(child) for child in item.children if child.key != "Marker"))


def is_marked(text: str) -> bool:
    """Whether the text has a marker, as all that :func:`render` gives: an emptied file has none."""
    return any(
        option.key == "Marker"
        for item in _read(text)
        for module in item.children or ()
        for option in module.children or ()
    )


@functools.lru_cache(maxsize=4)
def parse(text: str) -> tuple[Item, ...]:
    """The statements of a managed file. What is read was mostly rendered, and parsed, a moment ago.

    :raises BadGrammar: somebody broke it
    """
    return grammar.parse(text)


def _read(text: str) -> tuple[Item, ...]:
    """The same; of one that somebody broke none, for the next goal replaces it."""
    try:
        return parse(text)
    except exception.BadGrammar:
        return ()


def disabled(goal: Goal) -> tuple[str, ...]:
    """The operator's own plugins that stay off, in order of name; one that would go on without its reads keeps them."""
    off = (name for name, plugin in goal.plugins.items() if plugin.origin == "host" and not plugin.enabled)
    return tuple(sorted(name for name in off if safety.lookup(name).only_reads))


def _told(goal: Goal, generation: str) -> Item:
    options = [Item("Disabled", (name,)) for name in disabled(goal)]
    options += [
        Item(option, (canonical.dumps(dict(goal.section(section))),))
        for option, section in _OPTIONS.items()
        if goal.section(section)
    ]
    options.append(Item("Marker", (marker(goal, generation).to_text(),)))
    return config.plugin_block("python", [Item("Module", (MODULE,), tuple(options))])
