# SPDX-License-Identifier: Apache-2.0
"""The interval that ``LoadPlugin`` gave to each plugin, for those of its reads that have none of their own.

A block of a plugin's configuration may give its read another one, and collectd notes in a read, and in the context that
it keeps with it, only the one that the read has. The plugin's own it keeps with the callback to which it hands
``<Plugin>`` blocks; plugins that take none give all of their reads the same.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence

from collectd_mgr.extension import abi, tick
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.lists import NotFound
from collectd_mgr.extension.memory import Mapping, Memory, Unreadable

#: The name of a callback of our own, which does nothing: by it the list of them is found.
NAME = "collectd_mgr_config"

# cf_complex_callback_t of configfile.c, 5.9 to 5.13: type, callback, the context (name, interval, flush interval and
# timeout), the next one.
_NODE = struct.Struct("QQ QQQQ Q")

#: A list longer than this is not one.
_LONGEST = 10_000


def intervals(daemon: Daemon, memory: Memory, statics: Sequence[Mapping]) -> dict[str, float]:
    """In seconds, by the name of the plugin in lower case; 0 for one of which collectd takes its global one.

    To be called once, when collectd has read its configuration and does not read its plugins yet.

    :raises NotFound: collectd's list of these callbacks is not what is known
    """
    with daemon.context(tick.OWNER, tick.INTERVAL):
        daemon.register_config(NAME)
    for mapping in statics:
        for word in memory.words(mapping):
            if word >= 4096 and word % 8 == 0:
                with contextlib.suppress(Unreadable):
                    return _walk(memory, word, daemon.nothing)
    raise NotFound("no list of collectd's has the configuration callbacks")


def _walk(memory: Memory, node: int, ours: int) -> dict[str, float]:
    """Those of the list that begins with ``node``. :raises Unreadable: it does not, or ours is not at its end"""
    found: dict[str, float] = {}
    for _ in range(_LONGEST):
        name, callback, owner, interval, flush_interval, flush_timeout, node = _NODE.unpack(
            memory.read(node, _NODE.size)
        )
        plugin = memory.text(name, 512).lower()
        found.setdefault(plugin, abi.interval(interval))
        if not node:
            # Our own entry must be seen exactly as it was registered: that proves the layout of all.
            seen = plugin, callback, memory.text(owner, 512), found[plugin], flush_interval, flush_timeout
            if seen == (NAME, ours, tick.OWNER, tick.INTERVAL, 0, 0):
                return found
            break
    raise Unreadable(hex(node))
