# SPDX-License-Identifier: Apache-2.0
"""The plugins' shared objects: which are loaded, which can be, and their ``module_register``."""

from __future__ import annotations

import ctypes
import os
import time
from typing import Callable

from collectd_mgr import exception
from collectd_mgr.extension.memory import files

_SUFFIX = ".so"

#: Seconds after a change of the directory until its time is sure to tell the next one from it.
_SETTLED = 2.0

#: What a plugin imports when it registers more than config, init, read and shutdown. Registering those again
#: frees the entry that other threads may be using.
_UNSAFE = tuple(
    b"\0plugin_register_%s\0" % kind
    for kind in (b"write", b"notification", b"log", b"missing", b"flush", b"cache_event", b"data_set")
)


class Loader:
    """The directory that collectd takes its plugins from: the one that its python plugin came from.

    :param started: whether collectd has loaded what it is configured to; from then on only :meth:`open` loads plugins
    """

    def __init__(self, started: Callable[[], bool] = lambda: False) -> None:
        self._started = started
        self.directory = next(os.path.dirname(path) for path in files() if os.path.basename(path) == "python.so")
        self._paths: dict[str, str] = {}
        self._unsafe: dict[str, bool] = {}
        self._opened = 0
        self._seen: tuple[object, dict[str, str]] = (None, {})

    def loaded(self) -> dict[str, str]:
        """The plugins in this process: name to path. A file that was replaced since has `` (deleted)`` in its path.

        Every operation asks, and the kernel takes long to list a process's mappings: it is asked when a plugin was
        loaded, or the directory has changed, as it does when a file in it is removed or replaced.
        """
        stamp = self._stamp()
        if stamp is None or stamp != self._seen[0]:
            self._seen = stamp, {_plugin(path): path for path in sorted(files(self.directory + "/"))}
        return dict(self._seen[1])

    def _stamp(self) -> object:
        """What the mappings depend on; None while that cannot be told, for times of files come in coarse steps."""
        opened = self._opened  # First: what is loaded meanwhile makes it another.
        try:
            facts = os.stat(self.directory)
        except OSError:
            return None
        if not self._started() or time.time() - max(facts.st_mtime, facts.st_ctime) < _SETTLED:
            return None
        return opened, facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns

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
            self._opened += 1
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
