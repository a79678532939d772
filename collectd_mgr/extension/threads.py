# SPDX-License-Identifier: Apache-2.0
"""What collectd's own threads do at this moment, as the kernel tells: /proc/self/task/TID/syscall."""

from __future__ import annotations

import os
import platform

from collectd_mgr.extension.memory import Mapping

#: The numbers of futex, of the calls that sleep (nanosleep, clock_nanosleep), and of restart_syscall, by machine: by
#: that, one that was stopped (SIGSTOP, a frozen cgroup, a machine that slept) goes on to wait for what it waited for.
_CALLS = {"x86_64": (202, (35, 230), 219), "aarch64": (98, (101, 115), 128)}
_UNKNOWN = (-1, (-1, -1), -1)

# pthread_cond_wait and pthread_cond_timedwait wait by FUTEX_WAIT_BITSET, pthread_mutex_lock by FUTEX_WAIT.
_FUTEX_WAIT_BITSET = 9
_FUTEX_COMMAND = 0x7F


class Threads:
    """The threads of this collectd; ``statics`` is the writable data of its binary."""

    def __init__(self, statics: list[Mapping]) -> None:
        self._statics = statics
        self._futex, self._sleeps, self._again = _CALLS.get(platform.machine(), _UNKNOWN)
        self._readers: list[int] = []

    def unknown(self) -> str | None:
        """Why the threads cannot be watched on this machine; None when they can."""
        if self._futex < 0:
            return f"the system calls of {platform.machine()} are not known"
        try:
            _syscall(os.getpid())
        except OSError as error:
            return f"what a thread waits for cannot be read: {error}"
        return None

    def readers(self) -> list[int]:
        """The ids of the read threads; empty until collectd has started the first, all once its main thread sleeps."""
        if self._readers:
            return self._readers
        started = self.main_asleep()
        found = self.named("reader#")
        if started:  # Before, more may come: those would never be waited for.
            self._readers = found
        return found

    def named(self, prefix: str) -> list[int]:
        """The ids of the threads whose names begin so, now."""
        return [task for task in map(int, os.listdir("/proc/self/task")) if _name(task).startswith(prefix)]

    def reading(self) -> bool:
        """Whether collectd has started its first read thread."""
        return bool(self._readers or self.named("reader#"))

    def idle(self, reader: int) -> bool:
        """Whether a read thread waits for its next read to be due.

        It does so on ``read_cond``: a wait on a condition in collectd's own data. A read callback that waits for
        one of collectd's mutexes (say, to enqueue a value) waits with the other futex command.
        """
        call = _syscall(reader)
        if len(call) < 3 or call[0] not in (str(self._futex), str(self._again)):
            return False
        # The arguments stay as they were.
        if int(call[2], 16) & _FUTEX_COMMAND != _FUTEX_WAIT_BITSET:
            return False
        address = int(call[1], 16)
        return any(static.start <= address < static.end for static in self._statics)

    def main_asleep(self) -> bool:
        """Whether the main thread sleeps between two intervals; when collectd stops it does so no more."""
        call = _syscall(os.getpid())
        return call[0].isdigit() and int(call[0]) in (*self._sleeps, self._again)


def _syscall(task: int) -> tuple[str, ...]:
    with open(f"/proc/self/task/{task}/syscall", encoding="ascii") as found:
        return tuple(found.read().split())


def _name(task: int) -> str:
    try:
        with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as found:
            return found.read()
    except OSError:
        return ""
