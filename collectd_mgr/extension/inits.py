# SPDX-License-Identifier: Apache-2.0
"""The list of init callbacks, kept empty while collectd runs.

``plugin_init_all`` calls every callback that is still on the list, and a live load needs it. So those that
ran are taken off before, all of them: names are read from the list itself, none is guessed.
"""

from __future__ import annotations

from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.lists import Lists


class Inits:
    """The list in the variable at ``slot``. Never to be used from inside an init callback: the list is walked then."""

    def __init__(self, daemon: Daemon, lists: Lists, slot: int) -> None:
        self._daemon = daemon
        self._lists = lists
        self._slot = slot

    def names(self) -> list[str]:
        return [entry.key for entry in self._lists.entries(self._slot)]

    def clear(self) -> None:
        """Take every callback off the list."""
        for name in self.names():
            self._daemon.unregister_init(name)
