# SPDX-License-Identifier: Apache-2.0
"""This process: when it started, and whether what it runs is still what is installed."""

from __future__ import annotations

import os
import time


def since_boot() -> float:
    """When this process was started, in seconds since the boot: nobody sets that clock."""
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as found:
        ticks = int(found.read().rpartition(")")[2].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK")


def started() -> float:
    """When this process was started, in seconds since the epoch by the clock of now."""
    return time.time() - _age()


def _age() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot()


def binary() -> bytes:
    """The file that runs here."""
    with open("/proc/self/exe", "rb") as file:
        return file.read()


def replaced(loaded: dict[str, str]) -> list[str]:
    """What was replaced on disk under the running daemon, a sentence each: a live load would mix two builds.

    :param loaded: plugin to path, as :meth:`collectd_mgr.extension.loader.Loader.loaded` gives it
    """
    reasons = []
    if os.readlink("/proc/self/exe").endswith(" (deleted)"):
        reasons.append("the binary of the running collectd was replaced on disk")
    gone = sorted(plugin for plugin, path in loaded.items() if path.endswith(" (deleted)"))
    if gone:
        reasons.append(f"plugins were replaced on disk under the running collectd: {', '.join(gone)}")
    return reasons


#: Seconds by which a start (in ticks) and a time of a file (in jiffies) may be off.
_GRAIN = 0.1


def newer(path: str, began: float) -> bool:
    """Whether the file was installed or changed since this process was started (its modification time would be the
    package's).

    :param began: when that was, by the clock of then: it may have been set since, and the file may be from before that
    """
    changed = os.stat(path).st_ctime - _GRAIN
    return changed > started() or began < changed <= began + _age()
