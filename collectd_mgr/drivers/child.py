# SPDX-License-Identifier: Apache-2.0
"""collectd as a process that the agent starts, that outlives the agent, and that the next agent finds again."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectd_mgr import exception
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.ending import OutOfMemory, by_somebody
from collectd_mgr.drivers.files import replace
from collectd_mgr.drivers.instance import INSTANCES
from collectd_mgr.drivers.output import Output
from collectd_mgr.drivers.process import Process, end_of, look, running

LOG = logging.getLogger(__name__)

#: A collectd that inherits one of these takes itself for somebody's service.
_NOT_INHERITED = frozenset(
    {"NOTIFY_SOCKET", "UPSTART_JOB", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC", "WATCHDOG_PID"}
)


class ChildDaemon(Daemon):
    """Started as ``collectd -f -C FILE`` in a session of its own.

    One that has taken another one's place has a FILE of its own: see :mod:`.instance`.

    Its pid, start and boot stand in the pid file. Should the agent be killed between the start and that
    file, the process is found by its command line: there are never two.
    """

    alone = None

    def __init__(self, settings: DriverSettings) -> None:
        state = Path(settings.state_dir)
        self._binary = settings.binary
        self._config_file = settings.config_file
        self._account = account(settings.user)
        self._stop_timeout = settings.stop_timeout
        self._record = Path(settings.pid_file or state / "collectd.pid")
        self._lock = state / "collectd.lock"
        self._instances = state / INSTANCES
        self._output = Output(state / "collectd.log")
        self._oom = OutOfMemory()

    def find(self) -> Process | None:
        recorded = self._recorded()
        return recorded if recorded and recorded.alive() else self._unrecorded()

    def start(self) -> Process:
        with self._alone():
            found = self.find()
            if found is None:
                found = self._spawn(self._config_file)
            self._write(found)
            return found

    def stop(self) -> bool:
        with self._alone():
            found = self.find()
            asked = found is None or found.end(self._stop_timeout)
            self._record.unlink(missing_ok=True)
            return asked

    def launch(self, config_file: str) -> Process:
        with self._alone():
            return self._spawn(config_file)

    def adopt(self, process: Process) -> None:
        with self._alone():
            self._write(process)

    def launched(self) -> dict[str, Process]:
        files = map(str, sorted(self._instances.glob("*.conf")))
        return {file: process for file in files for process in running(self._binary, _arguments(file))}

    def ended_by_somebody(self) -> int | None:
        recorded = self._recorded()
        if recorded is None or recorded.alive():
            return None
        return recorded.pid if by_somebody(end_of(recorded.pid), self._oom.suspected()) else None

    def messages(self) -> tuple[str, ...]:
        return self._output.lines()

    def tend(self) -> None:
        self._output.trim()
        self._oom.look()

    def _spawn(self, config_file: str) -> Process:
        output = self._output.open()
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        actions += [(os.POSIX_SPAWN_DUP2, output, number) for number in (1, 2)]  # type: ignore[misc]
        try:
            command = self._account.command(self._binary, *_arguments(config_file))
            pid = os.posix_spawnp(command[0], command, environment, file_actions=actions, setsid=True)
        except OSError as error:
            raise exception.DaemonNotStarted(f"{self._binary}: {error.strerror}", messages=[]) from error
        finally:
            os.close(output)
        process = look(pid)
        if process is None:
            raise exception.DaemonNotStarted("collectd ended at once.", messages=list(self.messages()))
        return process

    def _recorded(self) -> Process | None:
        try:
            pid, ticks, boot = self._record.read_text(encoding="ascii").split()
            return Process(int(pid), int(ticks)) if boot == _boot() else None
        except (FileNotFoundError, ValueError):
            return None

    def _unrecorded(self) -> Process | None:
        return next(iter((*running(self._binary, _arguments(self._config_file)), *self.launched().values())), None)

    def _write(self, process: Process) -> None:
        """A full disk is no reason not to start it: without a record it is found by its command line."""
        if self._recorded() == process:
            return
        try:
            replace(self._record, f"{process.pid} {process.ticks} {_boot()}\n")
        except OSError as error:
            LOG.warning("%s cannot be written: %s", self._record, error)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two agents on one state directory, by mistake or in the moment of a restart, start one daemon."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _arguments(config_file: str) -> tuple[str, ...]:
    return ("-f", "-C", config_file)


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
