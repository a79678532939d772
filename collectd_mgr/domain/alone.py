# SPDX-License-Identifier: Apache-2.0
"""What of a host's configuration a collectd can be tried with beside the one that runs, and disturb nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from collectd_mgr.domain import safety
from collectd_mgr.domain.effective import renamed
from collectd_mgr.domain.grammar import Item

#: What such a collectd has of its own; a look-up of the host's name is not what is tried.
_OWN = frozenset({"basedir", "pidfile", "fqdnlookup"})


def plugin_of(item: Item) -> str | None:
    """The plugin that a statement loads or configures, in small letters."""
    about = item.key.lower() in ("loadplugin", "plugin") and item.values
    return renamed(str(item.values[0])).lower() if about else None


def kept(items: Iterable[Item]) -> tuple[Item, ...]:
    """The statements without those of plugins that a second instance must not run, and of what is each one's own."""
    return tuple(item for item in items if item.key.lower() not in _OWN and _is_harmless(item))


def left_out(items: Iterable[Item]) -> tuple[str, ...]:
    """The plugins that would be loaded, and are not tried."""
    loads = (item for item in items if item.key.lower() == "loadplugin" and not _is_harmless(item))
    return tuple(dict.fromkeys(filter(None, map(plugin_of, loads))))


def _is_harmless(item: Item) -> bool:
    plugin = plugin_of(item)
    return plugin is None or safety.scratch_allowed(plugin)
