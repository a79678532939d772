# SPDX-License-Identifier: Apache-2.0
"""The processor time that processes use for a thing: it says more than the clock where others want the cores too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Split:
    """Of processes by name, each with its children, from the moment when this is made."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = processes
        self._before = {name: _used(pid) for name, pid in processes.items()}

    def text(self, count: int) -> str:
        """One line: milliseconds of each for one of ``count`` things, and their sum."""
        used = {name: 1000 * (_used(pid) - self._before[name]) / count for name, pid in self._processes.items()}
        parts = ", ".join(f"{name} {milliseconds:.1f}" for name, milliseconds in used.items())
        return f"processor time of each, in ms: {parts}; all {sum(used.values()):.1f}"


def _used(pid: int) -> float:
    """Seconds, in user and in system mode; of a process that has ended, none."""
    return sum(_own(each) for each in _tree(pid))


def _own(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from _tree(int(child))
