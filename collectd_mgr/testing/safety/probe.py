# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows of a process: its threads and its open files."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

from collectd_mgr.extension.looks import THREAD

#: Looks at the threads, a tenth of a second apart.
_LOOKS = 5


def threads(pid: int) -> Counter[str]:
    """How many threads of each name the process has. A thread that ends meanwhile is not counted.

    Nor is the extension's own that waits for metrics to come back: one that is gone from this machine never does.
    """
    names = (_read(task / "comm") for task in Path(f"/proc/{pid}/task").iterdir())
    return Counter(name for name in names if name not in ("", THREAD))


def settled(pid: int) -> Counter[str]:
    """The threads, once they stay the same for a while: collectd starts its own one after the other."""
    seen: list[Counter[str]] = []
    while len(seen) < _LOOKS or any(one != seen[0] for one in seen):
        time.sleep(0.1)
        seen = [*seen, threads(pid)][-_LOOKS:]
    return seen[0]


def files(pid: int) -> Counter[str]:
    """How many descriptors the process has for each file, sockets and pipes taken together by kind."""
    targets = (_link(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return Counter(target.partition(":[")[0] for target in targets if target)


def grown(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """What ``after`` has more of than ``before``, and how much more."""
    return dict(sorted((after - before).items()))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except (FileNotFoundError, ProcessLookupError):
        return ""
