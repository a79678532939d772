# SPDX-License-Identifier: Apache-2.0
"""The plugins of this host's collectd package: which are there, and which of them can be loaded."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import safety
from collectd_mgr.domain.capabilities import Installed

#: What the dynamic loader remembers of the installed libraries: changed by every installation of one.
_LOADER_CACHE = Path("/etc/ld.so.cache")

#: Seconds for the loader to look at all of some 150 files, on a machine that is busy otherwise.
_PATIENCE = 60.0

#: The loader takes one file at a time. ``ldd`` does the same, with several processes for each.
_ASK = 'for file do echo "$file:"; {} "$0" "$file"; done'
_TRACE, _LDD = "LD_TRACE_LOADED_OBJECTS=1", "ldd"

#: That of glibc: musl's knows nothing of a trace.
_LOADER = re.compile(r"ld(?!-musl)[^/]*\.so[.0-9]*")

_Stamp = tuple[int, int]


class Packages:
    """What is in ``plugin_dir``. A plugin is looked at again when it or a library was installed, else remembered,
    by the whole process: its drivers ask for the same plugins.
    """

    _lock: ClassVar = threading.Lock()
    _seen: ClassVar[dict[Path, tuple[_Stamp, Installed]]] = {}

    def __init__(self, plugin_dir: str) -> None:
        self._directory = Path(plugin_dir)

    def installed(self) -> tuple[Installed, ...]:
        """In order of name; empty where there is no such directory."""
        return self._look(sorted(self._directory.glob("*.so")))

    def __contains__(self, plugin: str) -> bool:
        """Whether it is installed, loadable or not."""
        return any(path.stem.lower() == plugin.lower() for path in self._directory.glob("*.so"))

    def check_loadable(self, plugin: str) -> None:
        """:raises PluginNotLoadable: it is not installed, or a library that it wants is not"""
        files = [path for path in self._directory.glob("*.so") if path.stem.lower() == plugin.lower()]
        why_not = self._look(files)[0].why_not if files else "it is not installed"
        if why_not is not None:
            raise exception.PluginNotLoadable(f"{plugin}: {why_not}.", plugin=plugin, message=why_not)

    def _look(self, files: list[Path]) -> tuple[Installed, ...]:
        with self._lock:
            stamps = {path: (_changed(path), _changed(_LOADER_CACHE)) for path in files}
            news = [path for path in files if self._seen.get(path, ((), None))[0] != stamps[path]]
            missing = missing_libraries(news, loader()) if news else {}
            for path in news:
                self._seen[path] = stamps[path], _row(path.stem, missing.get(path.name, ()))
            return tuple(self._seen[path][1] for path in files)


def _row(plugin: str, missing: Iterable[str]) -> Installed:
    known = safety.lookup(plugin)
    why_not = f"libraries are missing: {', '.join(missing)}" if missing else None
    return Installed(
        plugin,
        loadable=why_not is None,
        why_not=why_not,
        kind=known.kind,
        live_safe=known.live,
        exclusive=known.exclusive,
        reason=known.sentence or None,
    )


def missing_libraries(files: list[Path], by: str) -> dict[str, tuple[str, ...]]:
    """The libraries that the dynamic loader cannot find, by file name.

    The loader itself is asked, in processes of its own; nothing is loaded into the agent.

    :param by: see :func:`loader`
    """
    command = ["sh", "-c", _ASK.format("" if by == _LDD else _TRACE), by, *map(str, files)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    missing: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in answer.stdout.splitlines():
        if not line.startswith("\t"):
            name = Path(line.rstrip(":")).name
            missing[name] = ()
        elif line.endswith("=> not found"):
            missing[name] = (*missing[name], line.split()[0])
    return missing


def loader(maps: Path = Path("/proc/self/maps")) -> str:
    """The dynamic loader of this process, for collectd has the same; ``ldd`` where it has none, or not any more."""
    with maps.open(encoding="utf-8", errors="replace") as lines:
        mapped = (path for line in lines for path in line.split()[5:6])
        return next((path for path in mapped if _LOADER.fullmatch(Path(path).name) and os.path.isfile(path)), _LDD)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
