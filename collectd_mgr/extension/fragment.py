# SPDX-License-Identifier: Apache-2.0
"""Configuration into the running daemon.

After a syntax error collectd's parser keeps the rest of the text and executes it with the next file. So every
fragment is parsed here first, and should collectd find an error all the same, live is off for good.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from collectd_mgr import exception
from collectd_mgr.domain import grammar
from collectd_mgr.domain.grammar import Item
from collectd_mgr.extension.daemon import Daemon

#: Without a TypesDB line collectd reads its default one again and frees data sets that threads are using.
_NO_TYPES = Item("TypesDB", ("/dev/null",))


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


def apply(daemon: Daemon, items: tuple[Item, ...]) -> bool:
    """Let collectd read ``items``, from memory; False when it rejected any of it (it applies what it can)."""
    with _file(grammar.render((_NO_TYPES, *items))) as path:
        return daemon.read_config(path)


def syntax_error(messages: list[str]) -> bool:
    """Whether collectd's own parser failed, by what it logged."""
    return any("Unable to read config file" in message or "Cannot read file" in message for message in messages)


@contextlib.contextmanager
def _file(text: str) -> Iterator[str]:
    """A path that only this process can read: configuration holds secrets, and no disk is needed."""
    descriptor = os.memfd_create("collectd_mgr", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, text.encode("utf-8", "surrogateescape"))
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
