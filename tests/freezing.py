# SPDX-License-Identifier: Apache-2.0
"""A process that hangs: it is there, and does nothing."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.waiting import eventually


def is_frozen(pid: int) -> bool:
    """Whether each of its threads has stopped: the signal reaches one, and the kernel then stops the others."""
    return all(_state(task) == "T" for task in Path(f"/proc/{pid}/task").iterdir())


def _state(task: Path) -> str | None:
    """None of one that ends at this moment."""
    try:
        return task.joinpath("stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def freeze(pid: int) -> None:
    """From now on it answers nobody, until it is sent SIGCONT."""
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: is_frozen(pid))


@contextmanager
def frozen(pid: int) -> Iterator[int]:
    freeze(pid)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def reader(pid: int) -> int:
    """A read thread of this collectd."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return next(int(task.name) for task in tasks if (task / "comm").read_text().startswith("reader#"))


@contextmanager
def held(thread: int) -> Iterator[None]:
    """A thread that nothing ends, as where it waits for a file system that does not answer."""
    with _freezer() as freezer:
        group = freezer / f"cm-{thread}"
        group.mkdir()
        try:
            (group / "tasks").write_text(str(thread))
            (group / "freezer.state").write_text("FROZEN")
            eventually(lambda: (group / "freezer.state").read_text() == "FROZEN\n")
            yield
        finally:
            (group / "freezer.state").write_text("THAWED")
            eventually(lambda: not (group / "tasks").read_text() or _left(group, thread))
            group.rmdir()


@contextmanager
def _freezer() -> Iterator[Path]:
    """That of cgroups of the first version, also where the machine has mounted the second alone: who is frozen in it
    does not even end. In the second a SIGKILL does.
    """
    with TemporaryDirectory(prefix="cm-freezer-") as place:
        subprocess.run(["mount", "-t", "cgroup", "-o", "freezer", "freezer", place], check=True)
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", place], check=True)


def _left(group: Path, thread: int) -> bool:
    """Have it out of there, if it lives yet."""
    with suppress(OSError):
        (group.parent / "tasks").write_text(str(thread))
    return False
