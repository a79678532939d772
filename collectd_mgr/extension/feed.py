# SPDX-License-Identifier: Apache-2.0
"""What the running daemon is fed: the file of a plugin, and configuration.

After a syntax error collectd's parser keeps the rest of the text and executes it with the next file. So every
fragment was parsed by a parser of ours, and should collectd find an error all the same, live is off for good.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from collectd_mgr import exception
from collectd_mgr.domain import grammar
from collectd_mgr.domain.grammar import Item
from collectd_mgr.extension import process
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.log import Log

#: Without a TypesDB line collectd reads its default one again and frees data sets that threads are using.
_NO_TYPES = Item("TypesDB", ("/dev/null",))


class Feed:
    """The caller holds the operation lock, and has passed the gate."""

    def __init__(self, daemon: Daemon, gate: Gate, loader: Loader, log: Log) -> None:
        self._daemon = daemon
        self._gate = gate
        self._loader = loader
        self._log = log
        self._began = process.started()

    def open(self, plugin: str) -> None:
        """Load the plugin's file without registering anything. Safe to repeat.

        :raises PluginNotLoadable: it is not installed, or with the dynamic loader's own message
        :raises LiveRefused: it is of another build than collectd, as far as its time tells
        """
        if self._loader.path(plugin) is not None:
            return
        path = self._loader.find(plugin)
        if path is None:
            raise exception.PluginNotLoadable(
                f"The plugin {plugin} is not installed.", plugin=plugin, message="not installed"
            )
        if process.newer(path, self._began):
            raise exception.LiveRefused(
                f"{os.path.basename(path)} was installed after collectd started; a live load would mix two builds.",
                reason_code="binary_replaced",
                plugin=plugin,
            )
        self._loader.open(plugin, path)

    def take(self, what: str, items: tuple[Item, ...]) -> None:
        """Have collectd read ``items``, which are ``what``; it applies what it can.

        :raises ConfigRejected: not all of them, with its ``messages``
        :raises Busy: collectd is stopping
        """
        self._gate.alive()
        with self._log.capture() as messages:
            accepted = self.read(items)
        self.judge(what, accepted, messages)

    def read(self, items: tuple[Item, ...]) -> bool:
        """Have collectd read ``items``, from memory; whether it took all of them. To be judged, for it says why."""
        with _file(grammar.render((_NO_TYPES, *items))) as path:
            return self._daemon.read_config(path)

    def judge(self, what: str, accepted: bool, messages: list[str]) -> None:
        """What is to be thought of a reading, by what collectd logged meanwhile.

        :raises ConfigRejected: with ``messages``
        """
        if syntax_error(messages):
            self._gate.close("collectd's parser failed on a fragment and would execute the rest of it later")
        if not accepted:
            raise exception.ConfigRejected(
                f"collectd did not take {what}: {'; '.join(messages) or 'it gave no reason'}", messages=list(messages)
            )


def syntax_error(messages: list[str]) -> bool:
    """Whether collectd's own parser failed, by what it logged."""
    return any("Unable to read config file" in message or "Cannot read file" in message for message in messages)


@contextlib.contextmanager
def _file(text: str) -> Iterator[str]:
    """A path that only this process can read: configuration holds secrets, and no disk is needed."""
    with open(os.memfd_create("collectd_mgr", os.MFD_CLOEXEC), "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.flush()  # All of it, or an error: what is cut off would be a syntax error.
        yield f"/proc/self/fd/{file.fileno()}"
