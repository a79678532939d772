# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows of a process: its threads and its open files."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path


def threads(pid: int) -> Counter[str]:
    """How many threads of each name the process has. A thread that ends meanwhile is not counted."""
    return Counter(filter(None, (_read(task / "comm") for task in Path(f"/proc/{pid}/task").iterdir())))


def settled(pid: int) -> Counter[str]:
    """The threads, once there are as many as a moment ago: collectd starts its own one after the other."""
    before = threads(pid)
    while True:
        time.sleep(0.1)
        now = threads(pid)
        if now == before:
            return now
        before = now


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
