# SPDX-License-Identifier: Apache-2.0
"""collectd as a unit of systemd: ending its process behind systemd's back would start a second one.

Another one takes its place with systemd's knowledge: the collectd that runs starts it, in its own cgroup and with all
that it has itself, and names it to systemd as the main process when it has handed over. Whichever of the two that is,
systemd ends both when it dies, and starts the unit anew: there is one daemon, whoever is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.ending import OutOfMemory, by_somebody
from collectd_mgr.drivers.launcher import arguments
from collectd_mgr.drivers.process import Process, look, running
from collectd_mgr.wire.client import WireClient

#: ``KillMode=`` of a unit of which systemd leaves no process when the main one has died.
_ENDS_ALL = "control-group"

#: Seconds for collectd to start another one: it tries first whether it may.
_PATIENCE = 60.0

#: Seconds for systemd to give up a process that was killed and is held by the kernel: twice its default, and some.
_HELD = 240.0

_LOOK = 0.02

#: Its pid.
_SYSTEMD = 1


class SystemdDaemon(Daemon):
    """The unit, through systemd's own commands.

    :param wire: where the daemon listens
    :param systemctl: and ``journalctl``: found on the PATH unless they are paths
    """

    alone = None

    def __init__(
        self,
        settings: DriverSettings,
        wire: WireClient,
        systemctl: str = "systemctl",
        journalctl: str = "journalctl",
    ) -> None:
        self._wire = wire
        self._binary = settings.binary
        self._instances = instance.directory(settings)
        self._systemctl = systemctl
        self._journalctl = journalctl
        self._unit = settings.unit
        self._start_timeout = settings.start_timeout
        self._stop_timeout = settings.stop_timeout
        self._started_at = time.time()
        self._last: Process | None = None
        #: One that was started beside the daemon, and after it.
        self._beside: Process | None = None
        self._oom = OutOfMemory()

    def find(self) -> Process | None:
        """As systemd knows it; while that does not say, the process that it named last, if that lives."""
        said = self._show("MainPID").get("MainPID")
        if said is None:
            return self._last if self._last and self._last.alive() else None
        self._last = look(_number(said)) if _number(said) else None
        return self._last

    def start(self) -> Process:
        self._started_at, self._beside = time.time(), None
        # A unit that failed too often in a row is not started again before this.
        self._run(self._systemctl, "reset-failed", self._unit, timeout=10.0)
        answer = self._run(self._systemctl, "start", self._unit, timeout=self._start_timeout)
        process = self.find()
        if answer.returncode != 0 or process is None:
            detail = answer.stderr.strip() or f"{self._unit} has no process."
            raise exception.DaemonNotStarted(detail, messages=list(self.messages()))
        return process

    def stop(self) -> bool:
        """systemd may kill it as well, and starts no other one before it has given up one that the kernel holds even
        then: after twice the unit's ``TimeoutStopSec=``.

        :raises DaemonNotStarted: it goes on, for systemd could not be told to end it
        """
        process = self.find()
        answer = self._run(self._systemctl, "stop", self._unit, timeout=self._stop_timeout)
        if process is None:
            return answer.returncode == 0
        if answer.returncode != 0:
            answer = self._run(self._systemctl, "kill", "--signal=SIGKILL", self._unit, timeout=10.0)
            if answer.returncode != 0 and not process.wait(10.0):
                raise exception.DaemonNotStarted(f"{self._unit} goes on: {answer.stderr.strip()}", messages=[])
            self._run(self._systemctl, "stop", self._unit, timeout=_HELD)
        # What it has started itself, and systemd has to kill, is not it.
        return not process.alive() and _end(self._show("ExecMainCode", "ExecMainStatus")) != -signal.SIGKILL

    def obstacle(self, status: Mapping[str, Any]) -> str | None:
        """systemd itself is asked: what it does when a process dies may have been changed since the start."""
        notifies = status.get("notifies")
        if notifies is None:
            return "The extension in this collectd is of an earlier version."
        if not notifies:
            return f"Only who notifies systemd can name another main process: {self._unit} has no NotifyAccess=."
        facts = self._show("MainPID", "NotifyAccess", "KillMode")
        main, kill_mode = look(_number(facts.get("MainPID"))), facts.get("KillMode")
        # As collectd has its pid, and as the kernel has it for us: in a container either may be another one's.
        if main is None or {status["pid"], self._wire.listener()} != {main.pid}:
            return f"The main process of {self._unit} is {facts.get('MainPID') or 'not known'}, and not collectd."
        if not main.sees_our_files:
            return "collectd has another root directory than the agent."
        if facts.get("NotifyAccess") == "none":
            return f"systemd takes no other main process: {self._unit} has NotifyAccess=none."
        if kill_mode != _ENDS_ALL:
            return f"systemd would leave a second collectd when the first dies: {self._unit} has KillMode={kill_mode}."
        return None

    def launch(self, config_file: str) -> Process:
        """It is the running one that starts it, so that systemd has it where it has that one."""
        old = self.find()
        if old is None or not _sees(old, config_file):
            detail = f"The collectd that runs does not see {config_file}: its unit has files of its own there."
            raise exception.NotCapable(detail, capability=plan.REPLACE_DAEMON, driver="replace")
        self._started_at, self._beside = time.time(), None
        self._wire.call("successor_start", {"config_file": config_file, "pid": old.pid}, timeout=_PATIENCE)
        deadline = time.monotonic() + self._start_timeout
        while (found := next(_like(old, old.program, config_file), None)) is None:
            if time.monotonic() > deadline:
                raise exception.DaemonNotStarted("collectd ended at once.", messages=list(self.messages()))
            time.sleep(_LOOK)
        self._beside = found
        return found

    def launched(self) -> dict[str, Process]:
        files = [str(path) for path in sorted(self._instances.glob("*.conf"))]
        main = self.find() if files else None
        programs = self._programs(main)
        return {file: found for file in files for name in programs for found in _like(main, name, file)}

    def programs(self) -> tuple[str, ...]:
        return self._programs(self.find())

    def _programs(self, main: Process | None) -> tuple[str, ...]:
        """The unit says which: the one that is configured need not be it."""
        return tuple(dict.fromkeys((self._binary, *([main.program] if main else []))))

    def entrust(self, process: Process) -> None:
        """systemd does not answer who has told it, and says what is the main process."""
        main = self.find()
        if main is not None and main != process and process.alive():
            self._wire.call("successor_announce", {"successor": process.pid, "pid": main.pid})
        deadline = time.monotonic() + self._start_timeout
        while self.find() != process:
            if not process.alive() or time.monotonic() > deadline:
                detail = f"systemd does not take the new collectd for the main process of {self._unit}."
                raise exception.DaemonNotStarted(detail, messages=list(self.messages()))
            time.sleep(_LOOK)

    def relieved(self) -> Sequence[Process]:
        """The one that is found where the daemon is, though it is not the main process any more."""
        main, listener = self.find(), look(self._wire.listener() or 0)
        if main is None or listener in (None, main) or main not in self.launched().values():
            return ()
        return (listener,) if _are_alike(listener, main) else ()

    def adopt(self, process: Process) -> bool:
        """systemd has it on record already."""
        return False

    def ended_by_somebody(self) -> int | None:
        """As systemd knows it, until it starts the next one: after that only what collectd has left is known."""
        facts = self._show("ExecMainPID", "ExecMainCode", "ExecMainStatus", "Result")
        out_of_memory = facts.get("Result") == "oom-kill" or self._oom.suspected()
        return _number(facts.get("ExecMainPID")) or None if by_somebody(_end(facts), out_of_memory) else None

    def tend(self) -> None:
        self._oom.look()

    def messages(self) -> tuple[str, ...]:
        """Of two in the unit the one before says things too; and systemd itself, of either."""
        only = (f"_PID={self._beside.pid}", f"_PID={_SYSTEMD}") if self._beside else ()
        since = f"--since=@{int(self._started_at)}"
        journal = self._run(
            self._journalctl, "--output=cat", "--lines=200", since, f"--unit={self._unit}", *only, timeout=10.0
        )
        return tuple(journal.stdout.splitlines())

    def _show(self, *properties: str) -> dict[str, str]:
        answer = self._run(self._systemctl, "show", f"--property={','.join(properties)}", self._unit, timeout=10.0)
        return dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)

    def _run(self, *command: str, timeout: float) -> subprocess.CompletedProcess[str]:
        """:raises DaemonNotStarted: systemd cannot be asked at all"""
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", f"{command[0]} did not answer in {timeout:g} s.")
        except OSError as error:
            raise exception.DaemonNotStarted(f"{command[0]}: {error.strerror}", messages=[]) from error


def _like(main: Process | None, program: str, config_file: str) -> Iterator[Process]:
    """Every process of this program, with that file, in the unit whose main process that is; None: wherever it is."""
    found = running(program, arguments(config_file))
    return (process for process in found if main is None or _are_alike(process, main))


def _are_alike(process: Process, main: Process) -> bool:
    """Whether it is where the main process is, of the same users: anybody can start one that looks so."""
    return (process.cgroups, process.users) == (main.cgroups, main.users)


def _sees(process: Process, file: str) -> bool:
    """Whether a process has the same file under that path."""
    try:
        return os.path.samefile(file, f"/proc/{process.pid}/root{file}")
    except OSError:
        return False


def _end(facts: Mapping[str, str]) -> int | None:
    """How the main process ended: its exit status, or minus the signal; None where that is not known."""
    status = _number(facts.get("ExecMainStatus"))
    return {os.CLD_EXITED: status, os.CLD_KILLED: -status}.get(_number(facts.get("ExecMainCode")))


def _number(text: str | None) -> int:
    """A number as systemd writes it; 0 where it knows none."""
    return int(text) if text and text.isdigit() else 0
