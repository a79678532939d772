# SPDX-License-Identifier: Apache-2.0
"""The list of init callbacks, and the calls of those on it.

collectd's own ``plugin_init_all`` is not used: it calls all of them again, and walks the list for as long as they
take, while a SIGTERM frees it. Here each is taken off the list first, and then called, as collectd would call it.
"""

from __future__ import annotations

import struct

from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.lists import Entry, Lists
from collectd_mgr.extension.memory import Memory

# callback_func_t of plugin.c: callback, user data and its free, the context. The same as a read's beginning.
_CALLBACK = struct.Struct("QQQ32s")


class Inits:
    """The list in the variable at ``slot``. Never to be used from inside an init callback: the list is walked then."""

    def __init__(self, daemon: Daemon, memory: Memory, lists: Lists, slot: int) -> None:
        self._daemon = daemon
        self._memory = memory
        self._lists = lists
        self._slot = slot

    def callback(self, name: str) -> int:
        """The address of a callback that is on the list; 0 when it is not."""
        found = (self._read(entry)[0] for entry in self._entries() if entry.key == name)
        return next(found, 0)

    def clear(self) -> None:
        """Take every callback off the list. To be done before the first load: those of the start have run."""
        for entry in self._entries():
            self._daemon.unregister_init(entry.key)

    def run(self) -> list[str]:
        """Take off and call what is on the list, and what it adds to it; a sentence for each that failed."""
        failures: list[str] = []
        while True:
            entries = self._entries()
            if not entries:
                return failures
            callback, context = self._read(entries[0])
            self._daemon.unregister_init(entries[0].key)
            status = self._daemon.init(callback, context)
            if status != 0:
                failures.append(f"Initialization of plugin `{entries[0].key}' failed with status {status}.")

    def _entries(self) -> list[Entry]:
        return self._lists.entries(self._slot)

    def _read(self, entry: Entry) -> tuple[int, bytes]:
        callback, _, _, context = _CALLBACK.unpack(self._memory.read(entry.value, _CALLBACK.size))
        return callback, context
