# SPDX-License-Identifier: Apache-2.0
"""Processes of this host, as the kernel knows them."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from collectd_mgr.drivers import command_line

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

#: How children of this very process ended, by pid: the exit status, or minus the signal.
_ENDS: dict[int, int] = {}

#: Held from the moment at which a child is no more until it stands there.
_REAPING = threading.Lock()


@dataclass(frozen=True)
class Process:
    """One process. ``ticks`` (clock ticks from boot to its start) tells it from a later one with the same pid."""

    pid: int
    ticks: int

    @property
    def since_boot(self) -> float:
        """Seconds from the boot to its start."""
        return self.ticks / _TICKS_PER_SECOND

    @property
    def started(self) -> float:
        """Seconds since 1970; moves with the wall clock when that is set, so compare ``since_boot``."""
        return _boot_time() + self.since_boot

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.since_boot

    @property
    def own_pid(self) -> int:
        """The pid that it knows itself by: another one in a container with pids of its own."""
        return (_status(self.pid, "NSpid") or [self.pid])[-1]

    @property
    def users(self) -> frozenset[int]:
        """The ids of those as whom it runs: a program that is set-user-ID has more than one. Empty: it has ended."""
        return frozenset(_status(self.pid, "Uid"))

    @property
    def program(self) -> str:
        """The path of the file that it runs, as it was at its start; empty where that cannot be seen."""
        return _program(Path(f"/proc/{self.pid}"))

    @property
    def cgroups(self) -> str:
        """As the kernel tells them; empty where it has ended."""
        try:
            return Path(f"/proc/{self.pid}/cgroup").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""

    @property
    def sees_our_files(self) -> bool:
        """Whether it has our root: in a container the same path may be another file."""
        return _root(Path(f"/proc/{self.pid}")) == _root(Path("/proc/self"))

    def alive(self) -> bool:
        return look(self.pid) == self

    def wait(self, timeout: float) -> bool:
        """Wait for its end, at most ``timeout`` seconds; whether it has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if self.alive():
                _readable(descriptor, timeout)
            return not self.alive()
        finally:
            os.close(descriptor)

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def threads(self) -> list[str]:
        """The names of its threads; none when it has ended."""
        try:
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
            return [(task / "comm").read_text(encoding="utf-8", errors="replace") for task in tasks]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def end(self, timeout: float) -> bool:
        """SIGTERM, and SIGKILL when that did not end it within ``timeout`` seconds; whether SIGTERM was enough."""
        self.signal(signal.SIGTERM)
        if self.wait(timeout):
            return True
        self.signal(signal.SIGKILL)
        self.wait(timeout)
        return False


def look(pid: int) -> Process | None:
    """The process that has this pid now, ``None`` when there is none or it has ended (a zombie)."""
    stat = _stat(pid)
    if not stat:
        return None
    state, *fields = stat
    # After a kill the first thread may be a zombie while another is on its way out and still holds files and sockets.
    if state in "ZX" and int(fields[16]) <= 1:
        _reap(pid)
        return None
    return Process(pid, int(fields[18]))


def peak(pid: int) -> int:
    """The bytes that it had in memory at most since it runs its program; 0 when it has ended."""
    return 1024 * sum(_status(pid, "VmHWM"))


def end_of(pid: int) -> int | None:
    """How a child of this very process ended: the exit status, or minus the signal; ``None`` when nobody can tell."""
    with _REAPING:
        return _ENDS.get(pid)


def running(binary: str, arguments: tuple[str, ...]) -> Iterator[Process]:
    """Every process of this program whose command line has ``arguments`` in a row; see :func:`with_config`."""
    own = _root(Path("/proc/self"))
    for entry in _of(binary):
        if _in_a_row(_command_line(entry), arguments) and _root(entry) == own:
            process = _working(int(entry.name))
            if process is not None:
                yield process


def with_config(binary: str, config_file: str) -> list[Process]:
    """Every process of this program that was told to read that file, or none, where that is the file it reads then.

    Those with another root, in a container, have files of their own by the same names, and are left out; so is a
    child of one of them, which is about to run another program; and one that only tests the file.
    """
    wanted = os.path.realpath(config_file)
    daemons = (entry for entry in _of(binary) if command_line.is_daemon(_command_line(entry)))
    found = {process.pid: process for process, told in _told(daemons) if told == wanted}
    return [process for pid, process in found.items() if _parent(pid) not in found]


def with_config_below(directory: Path) -> list[Process]:
    """Every collectd, of whatever program, that was told to read a file below that directory; see :func:`with_config`.

    The directory is one of ours: nobody else would do so.
    """
    above = os.path.realpath(directory) + "/"
    all_of_them = (entry for entry in Path("/proc").iterdir() if _in_a_row(_command_line(entry), ("-f", "-C")))
    return [process for process, told in _told(all_of_them) if told.startswith(above)]


def _told(entries: Iterable[Path]) -> Iterator[tuple[Process, str]]:
    """Every process of these with our own root, and what it was told to read."""
    own = _root(Path("/proc/self"))
    for entry in entries:
        told = command_line.config_file(_command_line(entry))
        if _root(entry) == own:
            process = _working(int(entry.name))
            if process is not None:
                yield process, os.path.realpath(told)


def marked(arguments: tuple[str, ...], *environment: str) -> list[Process]:
    """Every process whose command line has ``arguments`` in a row, in whatever namespaces and of whatever program, that
    was started with all these in its environment. Anybody may start one that looks so, where none of them is a secret.

    Not a child of one of them, which is about to run another program.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or not _in_a_row(_command_line(entry), arguments):
            continue
        if set(environment) <= set(_environment(entry)):
            process = _working(int(entry.name))
            if process is not None:
                found[process.pid] = process
    return [process for pid, process in found.items() if _parent(pid) not in found]


def _working(pid: int) -> Process | None:
    """The same as :func:`look`, but for one that was killed, and that the kernel holds: nothing of it runs any more."""
    pending = next(iter(_words(pid, "SigPnd")), "0")
    return None if int(pending, 16) >> signal.SIGKILL - 1 & 1 else look(pid)


def _status(pid: int, field: str) -> list[int]:
    """The numbers in that line of /proc/PID/status; none when it has ended."""
    return [int(word) for word in _words(pid, field) if word.isdecimal()]


def _words(pid: int, field: str) -> list[str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []
    found = next((line for line in lines if line.startswith(f"{field}:")), "")
    return found.split()[1:]


def _parent(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[1]) if stat else 0


def _stat(pid: int) -> list[str]:
    """What /proc/PID/stat says behind the name, the state first; nothing for a process that is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def _root(entry: Path) -> tuple[int, int] | None:
    """Which directory a process has for /; None where that cannot be seen.

    A mount namespace says less: each start of a unit with a /tmp of its own has another one.
    """
    try:
        found = (entry / "root").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _of(binary: str) -> Iterator[Path]:
    """The directories of all processes of this program."""
    wanted = os.path.realpath(binary)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _program(entry) == wanted:
            yield entry


def _program(entry: Path) -> str:
    try:
        return os.readlink(entry / "exe").removesuffix(" (deleted)")
    except OSError:
        return ""


def _command_line(entry: Path) -> list[str]:
    try:
        return (entry / "cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
    except OSError:
        return []


def _environment(entry: Path) -> list[str]:
    try:
        return (entry / "environ").read_bytes().decode(errors="surrogateescape").split("\0")
    except OSError:
        return []


def _in_a_row(words: list[str], wanted: tuple[str, ...]) -> bool:
    return any(tuple(words[place : place + len(wanted)]) == wanted for place in range(len(words)))


def _reap(pid: int) -> None:
    """A daemon that this very agent started stays a zombie until somebody asks how it ended."""
    with _REAPING, suppress(ChildProcessError):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _ENDS[pid] = os.waitstatus_to_exitcode(status)


def _readable(descriptor: int, timeout: float) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll(max(0.0, timeout) * 1000)


def _boot_time() -> int:
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("btime "))
