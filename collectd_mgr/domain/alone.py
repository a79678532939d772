# SPDX-License-Identifier: Apache-2.0
"""What of a host's configuration a collectd can be tried with beside the one that runs, and disturb nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from collectd_mgr.domain import safety
from collectd_mgr.domain.effective import renamed
from collectd_mgr.domain.grammar import Item

#: What such a collectd has of its own; a look-up of the host's name is not what is tried.
_OWN = frozenset({"basedir", "pidfile", "fqdnlookup"})

_CHAINS = frozenset({"chain", "precachechain", "postcachechain"})

#: Languages in which a match or a target can be written.
_LANGUAGES = frozenset({"java", "perl"})


def plugin_of(item: Item) -> str | None:
    """The plugin that a statement loads or configures, in small letters."""
    about = item.key.lower() in ("loadplugin", "plugin") and item.values
    return renamed(str(item.values[0])).lower() if about else None


def kept(items: Iterable[Item], unloadable: Collection[str] = ()) -> tuple[Item, ...]:
    """The statements without those of plugins that a second instance must not run, and of what is each one's own.

    A chain with a match that nobody brings would be an error: without all that may bring one there are no chains.

    :param unloadable: plugins, in small letters, that only the collectd that runs may find the libraries of
    """
    items = tuple(items)
    out = {plugin for plugin in map(plugin_of, items) if plugin and not _is_tried(plugin, unloadable)}
    dropped = _OWN | _CHAINS if any(map(_may_bring_a_match, out)) else _OWN
    return tuple(item for item in items if item.key.lower() not in dropped and plugin_of(item) not in out)


def left_out(items: Iterable[Item]) -> tuple[str, ...]:
    """The plugins that would be loaded, and are not tried."""
    loads = filter(None, (plugin_of(item) for item in items if item.key.lower() == "loadplugin"))
    return tuple(dict.fromkeys(plugin for plugin in loads if not safety.scratch_allowed(plugin)))


def _is_tried(plugin: str, unloadable: Collection[str]) -> bool:
    return safety.scratch_allowed(plugin) and plugin not in unloadable


def _may_bring_a_match(plugin: str) -> bool:
    known = safety.table().get(plugin)
    return known is None or known.kind == "filter" or plugin in _LANGUAGES
