# SPDX-License-Identifier: Apache-2.0
"""What the extension does while collectd starts, before any plugin is read.

A plugin of the operator's that was disabled from here stays disabled over a restart of collectd. Its reads may be
registered as late as in its init, so they are taken out by one more init callback, registered from ours: the
list is walked in order, and collectd starts its read threads after the last one.
"""

from __future__ import annotations

from collections.abc import Sequence

from collectd_mgr.extension.abi import Callback, address_of
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.lists import Lists
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.readers import Reads

#: The name of our own init callback, by which the list of them is found.
NAME = "collectd_mgr"


class Boot:
    """The last init callback. The object must live as long as collectd has the callback."""

    def __init__(self, daemon: Daemon, lists: Lists, log: Log, disabled: Sequence[str]) -> None:
        self._daemon = daemon
        self._lists = lists
        self._log = log
        self._disabled = disabled
        self._callback = Callback(self._last)
        self.reads: list[Reads] = []

    def register(self) -> None:
        """To be called from the extension's own init callback."""
        self._daemon.register_init(NAME, address_of(self._callback))

    def _last(self, _: int) -> int:
        try:
            self._disable()
            self._log.alone = self._alone()
        except Exception as error:  # noqa: BLE001 - collectd must start whatever happens here
            self._log.error(f"collectd_mgr: disabled plugins may be reading: {error}")
        self._log.started()
        return 0

    def _disable(self) -> None:
        """Unregister every read of the disabled plugins; no read thread runs yet."""
        for reads in self.reads:
            for plugin in self._disabled:
                for read in reads.of(plugin):
                    self._daemon.unregister_read(read.name)

    def _alone(self) -> bool:
        """Whether ours is the only log callback: by now the log plugins have registered theirs."""
        return len(self._lists.entries(self._lists.find(f"python.{NAME}"))) == 1
