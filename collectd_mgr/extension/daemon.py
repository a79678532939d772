# SPDX-License-Identifier: Apache-2.0
"""collectd's own functions, one thin method each. They are called without the GIL."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator

from collectd_mgr.extension import abi


class Daemon:
    """The running daemon. Whoever registers holds the operation lock; what unregisters may also be called by a read
    thread, when a load takes too long: collectd locks its lists itself.

    The exported names must have been checked (:func:`collectd_mgr.extension.abi.bind`).
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._c = library
        self._c.strdup.restype, self._c.strdup.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
        self._names: dict[str, int] = {}
        #: A callback that does nothing and needs no GIL.
        self.nothing = abi.address_of(library.sched_yield)

    @contextlib.contextmanager
    def context(self, plugin: str, interval: float) -> Iterator[None]:
        """Register what is registered inside in the name of ``plugin``, to be called every ``interval`` seconds."""
        before = self._c.plugin_set_ctx(abi.Context(self._name(plugin), abi.to_cdtime(interval), 0, 0))
        try:
            yield
        finally:
            self._c.plugin_set_ctx(before)

    def _name(self, plugin: str) -> int:
        """The name in libc's memory, made once: collectd keeps the pointer for ever."""
        if plugin not in self._names:
            self._names[plugin] = self._c.strdup(plugin.encode())
        return self._names[plugin]

    @contextlib.contextmanager
    def in_context(self, context: bytes) -> Iterator[None]:
        """Do what is done inside as collectd would in that context, a plugin_ctx_t."""
        before = self._c.plugin_set_ctx(abi.Context.from_buffer_copy(context))
        try:
            yield
        finally:
            self._c.plugin_set_ctx(before)

    def default_interval(self) -> float:
        return abi.interval(self._c.cf_get_default_interval())

    def read_config(self, path: str) -> bool:
        return int(self._c.cf_read(path.encode())) == 0

    def init(self, callback: int, context: bytes) -> int:
        """Call an init callback in its context, a plugin_ctx_t; its status, 0 when all is well."""
        with self.in_context(context):
            return int(abi.Init(callback)())

    def register_config(self, plugin: str) -> bool:
        """A callback for the ``<Plugin>`` blocks of ``plugin`` that does nothing."""
        return int(self._c.plugin_register_complex_config(plugin.encode(), self.nothing)) == 0

    def register_flush(self, name: str) -> bool:
        """A flush callback that does nothing."""
        return int(self._c.plugin_register_flush(name.encode(), self.nothing, None)) == 0

    def register_read(self, name: str, callback: int) -> bool:
        return int(self._c.plugin_register_read(name.encode(), callback)) == 0

    def register_group_read(self, group: str, name: str, callback: int) -> bool:
        return int(self._c.plugin_register_complex_read(group.encode(), name.encode(), callback, 0, None)) == 0

    def unregister_read(self, name: str) -> bool:
        return int(self._c.plugin_unregister_read(name.encode("utf-8", "surrogateescape"))) == 0

    def unregister_read_group(self, group: str) -> bool:
        """:raises ValueError: the group is empty, which would take every read without a group"""
        if not group:
            raise ValueError("a group has a name")
        return int(self._c.plugin_unregister_read_group(group.encode())) == 0

    def register_init(self, name: str, callback: int) -> bool:
        return int(self._c.plugin_register_init(name.encode(), callback)) == 0

    def unregister_init(self, name: str) -> bool:
        return int(self._c.plugin_unregister_init(name.encode("utf-8", "surrogateescape"))) == 0

    def forget(self, plugin: str) -> None:
        """Take off what a second ``module_register`` would double: config and shutdown callback."""
        self._c.plugin_unregister_complex_config(plugin.encode())
        self._c.plugin_unregister_shutdown(plugin.encode())
