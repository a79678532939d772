# SPDX-License-Identifier: Apache-2.0
"""What a plugin's file says by itself: which of collectd's functions it imports.

A plugin that does not import ``plugin_register_write`` cannot register a write callback, whatever its
configuration. So an import that is missing is a proof; one that is there is only a possibility.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

PLUGIN_DIR = Path("/usr/lib/collectd")

_REGISTER = re.compile(r"plugin_register_(\w+)")
_THREADS = {"plugin_thread_create", "pthread_create", "thrd_create"}
_PROCESSES = {"fork", "vfork", "popen", "system", "posix_spawn", "posix_spawnp", "daemon"}


@dataclass(frozen=True)
class Facts:
    """``callbacks``: the kinds it can register; ``missing``: libraries that are not on this machine."""

    plugin: str
    callbacks: tuple[str, ...]
    threads: bool
    processes: bool
    dispatches_notifications: bool
    missing: tuple[str, ...]


def installed(directory: Path = PLUGIN_DIR) -> list[str]:
    """The plugins that lie in ``directory``, sorted."""
    return sorted(path.stem for path in directory.glob("*.so"))


def facts(plugin: str, directory: Path = PLUGIN_DIR) -> Facts:
    """The facts of one plugin, by nm(1) and the dynamic loader; loads nothing into this process."""
    path = directory / f"{plugin}.so"
    symbols = imports(path)
    kinds = sorted(match[1] for match in map(_REGISTER.fullmatch, symbols) if match)
    return Facts(
        plugin=plugin,
        callbacks=tuple(kinds),
        threads=bool(symbols & _THREADS),
        processes=any(symbol in _PROCESSES or symbol.startswith("exec") for symbol in symbols),
        dispatches_notifications="plugin_dispatch_notification" in symbols,
        missing=missing_libraries(path),
    )


def imports(path: Path) -> set[str]:
    """The names of the undefined dynamic symbols, without their versions."""
    lines = _output("nm", "--dynamic", "--undefined-only", str(path)).splitlines()
    return {line.split()[-1].partition("@")[0] for line in lines if line.strip()}


def missing_libraries(path: Path) -> tuple[str, ...]:
    """The shared libraries that the dynamic loader does not find."""
    lines = _output("ldd", str(path)).splitlines()
    return tuple(sorted({line.split()[0] for line in lines if line.endswith("=> not found")}))


def _output(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
