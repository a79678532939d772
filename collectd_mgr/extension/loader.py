# SPDX-License-Identifier: Apache-2.0
"""The plugins' shared objects: which are loaded, which can be, and their ``module_register``."""

from __future__ import annotations

import ctypes
import os

from collectd_mgr import exception
from collectd_mgr.extension.memory import mappings

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
        self.directory = next(
            os.path.dirname(mapping.path) for mapping in mappings() if os.path.basename(mapping.path) == "python.so"
        )

    def loaded(self) -> dict[str, str]:
        """The plugins in this process: name to path. A file that was replaced since has `` (deleted)`` in its path."""
        inside = self.directory + "/"
        paths = {mapping.path for mapping in mappings() if mapping.path.startswith(inside)}
        return {_plugin(path): path for path in sorted(paths)}

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
        """Whether the file can register callbacks that must not be registered twice."""
        with open(path, "rb") as file:
            content = file.read()
        return any(symbol in content for symbol in _UNSAFE)


def _plugin(path: str) -> str:
    name = os.path.basename(path)
    return name[: name.index(_SUFFIX)] if _SUFFIX in name else name
