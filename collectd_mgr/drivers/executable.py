# SPDX-License-Identifier: Apache-2.0
"""collectd as a binary of this host, started in a session of its own."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable, Iterator
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain import program as programs_of
from collectd_mgr.drivers import inheritance
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.launcher import Launcher, arguments, mark, unfit
from collectd_mgr.drivers.process import Process, look, marked, running

#: A collectd that inherits one of these takes itself for somebody's service.
_NOT_INHERITED = frozenset(
    {"NOTIFY_SOCKET", "UPSTART_JOB", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC", "WATCHDOG_PID"}
)

#: Seconds for a program to say what it is.
_PATIENCE = 20.0


class Executables(Launcher):
    """``[collectd] binary``, or another one, as ``[collectd] user``."""

    kind: ClassVar[str] = programs_of.BINARY

    def __init__(self, settings: DriverSettings) -> None:
        self.configured = settings.binary
        self._account = account(settings.user)
        self._mark = mark(settings)

    def launch(self, program: str, config_file: str, output: int, heir_of: Process | None = None) -> Process | None:
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        variable, _, value = self._mark.partition("=")
        environment[variable] = value
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        actions += [(os.POSIX_SPAWN_DUP2, output, number) for number in (1, 2)]  # type: ignore[misc]
        command = self._account.command(program, *arguments(config_file))
        if heir_of is not None:
            command = self._as_heir(heir_of, command)
        try:
            pid = os.posix_spawnp(command[0], command, environment, file_actions=actions, setsid=True)
        except OSError as error:
            raise exception.DaemonNotStarted(f"{program}: {error.strerror}", messages=[]) from error
        process = look(pid)
        return process if process is None or heir_of is None else self._heir(process, heir_of)

    def obstacle(self, heir_of: Process) -> str | None:
        try:
            inheritance.command(heir_of)
        except OSError as error:
            return _not_given(str(error)).detail
        return None

    def _as_heir(self, of: Process, command: list[str]) -> list[str]:
        """``command`` with all that the other one has. :raises NotCapable: this agent cannot give it that"""
        try:
            found = inheritance.command(of, *command)
            if found != command:
                # What cannot be given ends the process before it is the program: that would look like a fault of it.
                tried = inheritance.command(of, *self._account.command("true"))
                subprocess.run(tried, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True)
        except subprocess.CalledProcessError as error:
            raise _not_given(error.stderr.decode(errors="replace").strip()) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _not_given(str(error)) from error
        return found

    def _heir(self, process: Process, of: Process) -> Process:
        """:raises NotCapable: it cannot be where the other one is; it has ended again"""
        try:
            inheritance.join(process, of)
        except OSError as error:
            process.end(_PATIENCE)
            raise _not_given(f"it cannot be in its cgroup: {error}") from error
        return process

    def running(self, programs: Iterable[str], config_file: str) -> Iterator[Process]:
        """One that a script has started is of another program than was named, and one of an earlier agent's bears no
        mark. That of an agent in a container, whose files have the same names, may bear the same one.
        """
        told = arguments(config_file)
        named = (process for program in programs for process in running(program, told))
        ours = (process for process in marked(told, self._mark) if process.sees_our_files)
        yield from dict.fromkeys(filter(self._may_be_ours, (*named, *ours)))

    def _may_be_ours(self, process: Process) -> bool:
        """Not of one that has ended meanwhile: nobody can tell any more whose it was."""
        return frozenset() < process.users <= self._account.users

    def usage(self, program: str) -> str:
        """What others than root and the agent's own user could have written is not run."""
        try:
            found = os.stat(program)
            if found.st_uid not in (0, os.geteuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise unfit(program, "it must belong to root, or to the agent's user, and be writable by nobody else")
            command = self._account.command(program, "-h")
            said = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise unfit(program, f"it did not say what it is within {_PATIENCE:g} s") from None
        except OSError as error:
            raise unfit(program, f"it cannot be run: {error.strerror}") from error
        return said.stdout


def _not_given(why: str) -> exception.NotCapable:
    """For the next driver: a restart inherits nothing."""
    detail = f"A new collectd cannot be given what the one that runs has: {why}"
    return exception.NotCapable(detail, capability=plan.REPLACE_DAEMON, driver="replace")
