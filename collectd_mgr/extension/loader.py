# SPDX-License-Identifier: Apache-2.0
"""The plugins' shared objects: which are loaded, which can be, and their ``module_register``."""

from __future__ import annotations

import ctypes
import os

from collectd_mgr import exception
from collectd_mgr.extension.memory import files

_SUFFIX = ".so"

#: What a plugin imports when it registers more than config, init, read and shutdown. Registering those again
#: frees the entry that other threads may be using.
_UNSAFE = tuple(
    b"\0plugin_register_%s\0" % kind
    for kind in (b"write", b"notification", b"log", b"missing", b"flush", b"cache_event", b"data_set")
)


class Loader:
    """The directory that collectd takes its plugins from: the one that its python plugin came from."""

    def __init__(self) -> None:
        self.directory = next(os.path.dirname(path) for path in files() if os.path.basename(path) == "python.so")
        self._paths: dict[str, str] = {}
        self._unsafe: dict[str, bool] = {}

    def loaded(self) -> dict[str, str]:
        """The plugins in this process: name to path. A file that was replaced since has `` (deleted)`` in its path."""
        return {_plugin(path): path for path in sorted(files(self.directory + "/"))}

    def path(self, plugin: str) -> str | None:
        """The path of a loaded plugin; None when it is not loaded. What is loaded stays: nothing is ever unloaded."""
        if plugin not in self._paths:
            self._paths.update(self.loaded())
        return self._paths.get(plugin)

    def name(self, plugin: str) -> str:
        """The plugin's name as its file has it; as it is when not installed. collectd takes it in any case."""
        if plugin in self._paths:
            return plugin
        found = self.find(plugin)
        return _plugin(found) if found else plugin

    def find(self, plugin: str) -> str | None:
        """The path of the plugin's file, found as collectd finds it (in any case); None when not installed."""
        wanted = plugin.lower() + _SUFFIX
        names = sorted(os.listdir(self.directory))
        return next((os.path.join(self.directory, name) for name in names if name.lower() == wanted), None)

    def open(self, plugin: str, path: str) -> None:
        """Load the file without registering anything.

        :raises PluginNotLoadable: with the dynamic loader's own message
        """
        try:
            ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_LOCAL)
        except OSError as error:
            raise exception.PluginNotLoadable(
                f"The plugin {plugin} cannot be loaded: {error}", plugin=plugin, message=str(error)
            ) from error

    def register(self, path: str) -> None:
        """Call ``module_register`` of a file that is loaded already."""
        ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_NOLOAD).module_register()

    def registers_more(self, path: str) -> bool:
        """Whether the file of a loaded plugin can register callbacks that must not be registered twice."""
        if path not in self._unsafe:
            with open(path, "rb") as file:
                content = file.read()
            self._unsafe[path] = any(symbol in content for symbol in _UNSAFE)
        return self._unsafe[path]


def _plugin(path: str) -> str:
    name = os.path.basename(path)
    return name[: name.index(_SUFFIX)] if _SUFFIX in name else name
