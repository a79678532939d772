# SPDX-License-Identifier: Apache-2.0
"""collectd as a process that the agent starts, that outlives the agent, and that the next agent finds again."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from collectd_mgr import disk, exception
from collectd_mgr.domain import managed, program
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.ending import OutOfMemory, by_somebody
from collectd_mgr.drivers.executable import Executables
from collectd_mgr.drivers.files import ManagedFiles
from collectd_mgr.drivers.launcher import Launcher
from collectd_mgr.drivers.output import Output
from collectd_mgr.drivers.process import Process, end_of, with_config

LOG = logging.getLogger(__name__)

_OTHERS = (
    "collectd runs already with {file} (pid {pids}), and the agent has not started it: both would write each sample. "
    "Have nobody else start it (systemctl disable --now collectd), or name who does in [collectd] daemon."
)
_NOT_OURS = "The collectd that answers was not started by the agent."


class ChildDaemon(Daemon):
    """Started as ``collectd -f -C FILE``, by a launcher.

    One that has taken another one's place has a FILE of its own: see :mod:`.instance`. Which program it is stands in
    the managed file, that it goes with: whoever takes the one back has taken the other back as well.

    Its pid, start and boot stand in the pid file. Should the agent be killed between the start and that
    file, the process is found by its command line: there are never two.
    """

    alone = None

    def __init__(self, settings: DriverSettings, launcher: Launcher | None = None) -> None:
        state = Path(settings.state_dir)
        self._launcher = self.launcher = launcher or Executables(settings)
        if not self._launcher.configured:
            self.hands_off = self.alone = f"[collectd] {self._launcher.kind} is not set."
        self._users = account(settings.user).users
        self._files = ManagedFiles(settings.managed_dir)
        self._config_file = settings.config_file
        self._stop_timeout = settings.stop_timeout
        self._record = Path(settings.pid_file or state / "collectd.pid")
        self._lock = state / "collectd.lock"
        self._instances = instance.directory(settings)
        self._output = Output(state / "collectd.log")
        self._oom = OutOfMemory()

    def find(self) -> Process | None:
        recorded = self._recorded()
        return recorded if recorded and recorded.alive() else self._unrecorded()

    def start(self) -> Process:
        with self._alone():
            found = self.find()
            if found is None:
                found = self._spawn(self._config_file, self._files.read())
            self._write(found)
            return found

    def stop(self) -> bool:
        with self._alone():
            found = self.find()
            asked = found is None or found.end(self._stop_timeout)
            self._record.unlink(missing_ok=True)
            return asked

    def check_alone(self) -> None:
        programs = () if self.find() else self.programs()
        found = [each for program in programs for each in with_config(program, self._config_file)]
        # Any user of the machine can start one that looks so, and can write none of its files.
        others = [each for each in found if frozenset() < each.users <= self._users]
        if others:
            pids = ", ".join(str(each.pid) for each in others)
            raise exception.DaemonNotStarted(_OTHERS.format(pids=pids, file=self._config_file), messages=[])

    def launch(self, config_file: str) -> Process:
        with self._alone():
            return self._spawn(config_file, self._files.staged(), self.find())

    def obstacle(self, status: Mapping[str, Any]) -> str | None:
        found = self.find()
        return _NOT_OURS if found is None else self._launcher.obstacle(found)

    def adopt(self, process: Process) -> bool:
        with self._alone():
            news = self._recorded() != process
            self._write(process)
            return news

    def launched(self) -> dict[str, Process]:
        files, programs = map(str, sorted(self._instances.glob("*.conf"))), self.programs()
        return {file: process for file in files for process in self._launcher.running(programs, file)}

    def programs(self) -> tuple[str, ...]:
        named = (self._program(text) for text in (self._files.read(), *self._files.others()))
        return tuple(dict.fromkeys((self._launcher.configured, *named)))

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

    def _program(self, managed_file: str | None) -> str:
        """The one that a managed file is meant for."""
        wanted = program.named(managed.program(managed_file or ""), self._launcher.kind)
        return wanted or self._launcher.configured

    def _spawn(self, config_file: str, managed_file: str | None, heir_of: Process | None = None) -> Process:
        if self.hands_off is not None:
            raise exception.DaemonNotStarted(self.hands_off, messages=[])
        output = self._output.open()
        try:
            process = self._launcher.launch(self._program(managed_file), config_file, output, heir_of)
        finally:
            os.close(output)
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
        first = self._launcher.running(self.programs(), self._config_file)
        return next(iter((*first, *self.launched().values())), None)

    def _write(self, process: Process) -> None:
        """A full disk is no reason not to start it: without a record it is found by its command line."""
        if self._recorded() == process:
            return
        try:
            disk.replace(self._record, f"{process.pid} {process.ticks} {_boot()}\n")
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


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
