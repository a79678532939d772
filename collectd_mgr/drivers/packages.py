# SPDX-License-Identifier: Apache-2.0
"""The plugins of this host's collectd package: which are there, and which of them can be loaded."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

from collectd_mgr import exception
from collectd_mgr.domain import safety
from collectd_mgr.domain.capabilities import Installed

#: What the dynamic loader remembers of the installed libraries: changed by every installation of one.
_LOADER_CACHE = Path("/etc/ld.so.cache")

#: Seconds for the loader to look at all of some 150 files, on a machine that is busy otherwise.
_PATIENCE = 60.0

_Stamp = tuple[int, int]


class Packages:
    """What is in ``plugin_dir``. A plugin is looked at again when it or a library was installed, else remembered."""

    def __init__(self, plugin_dir: str) -> None:
        self._directory = Path(plugin_dir)
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[_Stamp, Installed]] = {}

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
            stamps = {path.stem: (_changed(path), _changed(_LOADER_CACHE)) for path in files}
            news = [path for path in files if self._seen.get(path.stem, ((), None))[0] != stamps[path.stem]]
            missing = _missing(news)
            for path in news:
                self._seen[path.stem] = stamps[path.stem], _row(path.stem, missing.get(path.name, ()))
            return tuple(self._seen[path.stem][1] for path in files)


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


def _missing(files: list[Path]) -> dict[str, tuple[str, ...]]:
    """The libraries that the dynamic loader cannot find, by file name.

    The loader itself is asked (``ldd``), in a process of its own; nothing is loaded into the agent.
    """
    if not files:
        return {}
    # A lone file is not named in the answer.
    command = ["ldd", *map(str, files), str(files[0])]
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


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
