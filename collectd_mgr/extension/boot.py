# SPDX-License-Identifier: Apache-2.0
"""What the extension does while collectd starts, before any plugin is read.

A plugin of the operator's that was disabled from here stays disabled over a restart of collectd. Its reads may be
registered as late as in its init, so they are taken out by one more init callback, registered from ours: the
list is walked in order, and collectd starts its read threads after the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from collectd_mgr.extension.abi import callback
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.lists import Lists
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.registration import Registration

#: The name of our own init callback, by which the list of them is found.
NAME = "collectd_mgr"


class Boot:
    """The last init callback. ``registration`` and the rest are given when collectd is found to be fit."""

    def __init__(self, lists: Lists, log: Log, disabled: Sequence[str]) -> None:
        self._lists = lists
        self._log = log
        self._disabled = disabled
        #: Its address.
        self.callback = callback(self._last)
        self.registration: Registration | None = None
        self.schedule: Callable[[], None] = lambda: None

    def register(self, daemon: Daemon) -> None:
        """To be called from the extension's own init callback."""
        daemon.register_init(NAME, self.callback)

    def _last(self, _: int) -> int:
        self._log.started()
        if self.registration is None:
            return 0  # Live is off.
        with self._telling("disabled plugins may be reading"):
            for plugin in self._disabled:
                self.registration.leave_out(plugin)
            self._log.alone = self._alone()
        with self._telling("plugins are read at other times than those of the collectd before"):
            self.schedule()
        return 0

    @contextmanager
    def _telling(self, consequence: str) -> Iterator[None]:
        """collectd must start whatever happens here: an error is only told, with what comes of it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001
            self._log.error(f"collectd_mgr: {consequence}: {error}")

    def _alone(self) -> bool:
        """Whether ours is the only log callback: by now the log plugins have registered theirs."""
        return len(self._lists.entries(self._lists.find(f"python.{NAME}"))) == 1
