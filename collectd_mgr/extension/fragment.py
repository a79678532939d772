# SPDX-License-Identifier: Apache-2.0
"""Configuration of a plugin as it may go into the running daemon; :mod:`.feed` brings it there."""

from __future__ import annotations

from collectd_mgr import exception
from collectd_mgr.domain import grammar
from collectd_mgr.domain.grammar import Item


def plugin_blocks(plugin: str, text: str) -> tuple[Item, ...]:
    """``text`` as items: nothing but ``<Plugin "plugin">`` blocks of this one plugin.

    :raises BadGrammar: collectd could not parse it
    :raises BadConfig: it holds something else
    """
    items = grammar.parse(text + "\n", plugin)  # The last line may lack its end; collectd wants it.
    for item in items:
        named = [str(value).lower() for value in item.values]
        if item.key.lower() != "plugin" or item.children is None or named != [plugin.lower()]:
            raise exception.BadConfig(
                f"Only <Plugin {plugin}> blocks can be applied live, not {item.key}.",
                path=item.key,
                reason="not_plugin",
            )
    return items


def load_plugin(plugin: str, interval: float | None) -> Item:
    """The ``LoadPlugin`` statement, with an ``Interval`` if there is one."""
    children = (Item("Interval", (interval,)),) if interval is not None else None
    return Item("LoadPlugin", (plugin,), children)
