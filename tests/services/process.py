# SPDX-License-Identifier: Apache-2.0
"""A daemon that ends with the tests, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.forks import Forked
from tests.waiting import PATIENCE, looks

# Reads from a pipe that only we hold open. When we are gone, killed with -9 too, it ends the daemon's process group.
_GUARD = "read _; kill -s TERM -- -$0; sleep 10; kill -s KILL -- -$0"


class Process:
    """One daemon in a process group of its own; its output goes to ``log``.

    ``start`` and ``stop`` may be called again and again, in turn or twice in a row.
    """

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.argv = list(argv)
        self.log = log
        self.env = {**os.environ, **(env or {})}
        self._child: subprocess.Popen[bytes] | Forked | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        #: The signal that it was last asked to end with.
        self._asked: int | None = None

    @property
    def pid(self) -> int:
        assert self._child is not None, f"{self.argv[0]} was not started"
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        if self.alive:
            return
        self._asked = None
        self._child = self._spawn()
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _spawn(self) -> subprocess.Popen[bytes] | Forked:
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.env,
                cwd="/",
                start_new_session=True,
            )

    def send(self, number: int) -> None:
        """To the whole group; nothing happens when it has ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def ask(self, number: int = signal.SIGTERM) -> None:
        """Have it end, by itself; :meth:`stop` waits for it, so that several may end at the same time."""
        if self._child is not None and self._asked != number:
            self.send(number)
            self._asked = number

    def stop(self, number: int = signal.SIGTERM, within: float = 30) -> None:
        """Ask it to end with the signal ``number``; kill it when it did not in ``within`` seconds."""
        if self._child is None:
            return
        self._dismiss_guard()
        self.ask(number)
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(within)
        self.send(signal.SIGKILL)
        self._child.wait()

    def kill(self) -> None:
        """As a crash would end it."""
        self.stop(signal.SIGKILL)

    def wait_until(self, ready: Callable[[], bool], within: float = 2 * PATIENCE) -> None:
        """Wait until ``ready()``; RuntimeError with the end of the log when the daemon ends before, or is too slow."""
        for _ in looks(within):
            if ready():
                return
            if not self.alive:
                break
        raise RuntimeError(f"{self.argv[0]} is not ready (alive: {self.alive}):\n{self.tail()}")

    def tail(self, size: int = 3000) -> str:
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
