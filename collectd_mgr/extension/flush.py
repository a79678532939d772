# SPDX-License-Identifier: Apache-2.0
"""Flushes, one callback after the other, so that it can be said of each what became of it.

collectd's own ``plugin_flush`` calls all of them and drops what they return. Here each is called as it would be there,
in its context and with its user data.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collectd_mgr.domain import safety
from collectd_mgr.domain.reads import ASKED, CANNOT, FAILED, FLUSHED
from collectd_mgr.extension import abi
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.lists import Entry, Lists
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.memory import Memory

#: The name of a flush callback of our own, which does nothing: by it the list of them is found.
NAME = "collectd_mgr_flush"

# callback_func_t of plugin.c: callback, user data and its free, the context, which begins with the plugin's name.
_CALLBACK = struct.Struct("QQQQ")
_USER_DATA, _CONTEXT = 8, 24

# int callback(cdtime_t timeout, const char *identifier, user_data_t *)
_Flush = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_void_p)

#: Its callback is declared to return nothing, so what comes is whatever was in the register.
_TELLS_NOTHING = "python"
_UNTOLD = "collectd's python plugin does not say whether the script succeeded; collectd's log may."

_WRITES_AT_ONCE = "It registers nothing that could be asked to flush."
_NOT_LOADED = "It is not loaded."


@dataclass(frozen=True)
class Callback:
    """A registered flush callback: its name, the plugin that registered it, and where collectd has it."""

    name: str
    plugin: str
    function: int
    entry: int

    def of(self, plugin: str | None) -> bool:
        """Whether it is one of ``plugin``, or ``plugin`` is its own name, in any case of letters; None: of any."""
        known = self.name, self.plugin, self.name.partition("/")[0]
        return plugin is None or plugin.lower() in {name.lower() for name in known}


class Flushes:
    """The flush callbacks of this daemon. Made once, from the extension's init callback.

    :raises NotFound: collectd's list of them is not where it should be
    """

    def __init__(self, daemon: Daemon, memory: Memory, lists: Lists, loader: Loader) -> None:
        self._daemon = daemon
        self._memory = memory
        self._lists = lists
        self._loader = loader
        daemon.register_flush(NAME)
        self._slot = lists.find(NAME)

    def __call__(self, plugin: str | None, identifier: str | None, timeout: float) -> list[dict[str, Any]]:
        """Have ``plugin`` (None: every one) flush; one row for each callback, and for each that has none.

        A row: ``plugin``, ``callback`` (its name, None if there is none), ``outcome``, ``detail`` (a sentence or None).
        """
        found = [callback for callback in self._callbacks() if callback.of(plugin)]
        rows = [self._flush(callback, identifier, timeout) for callback in found]
        return [*rows, *self._unable(plugin, {callback.plugin.lower() for callback in found})]

    def _flush(self, callback: Callback, identifier: str | None, timeout: float) -> dict[str, Any]:
        name = None if identifier is None else identifier.encode()
        with self._daemon.in_context(self._memory.read(callback.entry + _CONTEXT, ctypes.sizeof(abi.Context))):
            status = _Flush(callback.function)(abi.to_cdtime(timeout), name, callback.entry + _USER_DATA)
        if callback.plugin.lower() == _TELLS_NOTHING:
            return _row(callback.plugin, callback.name, ASKED, _UNTOLD)
        if status == 0:
            return _row(callback.plugin, callback.name, FLUSHED)
        return _row(callback.plugin, callback.name, FAILED, f"It returned {status}; collectd's log may say why.")

    def _unable(self, plugin: str | None, flushed: set[str]) -> Iterator[dict[str, Any]]:
        """A row for each plugin that was asked for, or that writes, and has no callback."""
        loaded = self._loader.loaded()
        if plugin is None:
            writers = [name for name in loaded if safety.lookup(name).kind == "write"]
            yield from (_row(name, None, CANNOT, _WRITES_AT_ONCE) for name in writers if name.lower() not in flushed)
        elif not flushed:
            there = plugin.lower() in {name.lower() for name in loaded}
            yield _row(plugin, None, CANNOT, _WRITES_AT_ONCE if there else _NOT_LOADED)

    def _callbacks(self) -> list[Callback]:
        return [self._callback(entry) for entry in self._lists.entries(self._slot) if entry.key != NAME]

    def _callback(self, entry: Entry) -> Callback:
        function, _, _, name = _CALLBACK.unpack(self._memory.read(entry.value, _CALLBACK.size))
        owner = self._memory.text(name, abi.NAME_LENGTH) if name else ""
        return Callback(entry.key, owner or entry.key.partition("/")[0], function, entry.value)


def _row(plugin: str, callback: str | None, outcome: str, detail: str | None = None) -> dict[str, Any]:
    return {"plugin": plugin, "callback": callback, "outcome": outcome, "detail": detail}
