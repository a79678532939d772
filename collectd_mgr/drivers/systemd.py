# SPDX-License-Identifier: Apache-2.0
"""collectd as a unit of systemd: ending its process behind systemd's back would start a second one."""

from __future__ import annotations

import os
import subprocess
import time

from collectd_mgr import exception
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.ending import OutOfMemory, by_somebody
from collectd_mgr.drivers.process import Process, look


class SystemdDaemon(Daemon):
    """The unit, through systemd's own commands.

    systemd watches one main process, tells its readiness, and starts another one when it ends: a process that takes its
    place would have to be made known to systemd by the one that goes, which a stock collectd cannot do.

    :param systemctl: and ``journalctl``: found on the PATH unless they are paths
    """

    alone = "systemd watches the one process that it has started, and would start a second one when that ends."

    def __init__(self, settings: DriverSettings, systemctl: str = "systemctl", journalctl: str = "journalctl") -> None:
        self._systemctl = systemctl
        self._journalctl = journalctl
        self._unit = settings.unit
        self._start_timeout = settings.start_timeout
        self._stop_timeout = settings.stop_timeout
        self._started_at = time.time()
        self._last: Process | None = None
        self._oom = OutOfMemory()

    def find(self) -> Process | None:
        """As systemd knows it; while that does not say, the process that it named last, if that lives."""
        said = self._show("MainPID").get("MainPID")
        if said is None:
            return self._last if self._last and self._last.alive() else None
        self._last = look(_number(said)) if _number(said) else None
        return self._last

    def start(self) -> Process:
        self._started_at = time.time()
        # A unit that failed too often in a row is not started again before this.
        self._run(self._systemctl, "reset-failed", self._unit, timeout=10.0)
        answer = self._run(self._systemctl, "start", self._unit, timeout=self._start_timeout)
        process = self.find()
        if answer.returncode != 0 or process is None:
            detail = answer.stderr.strip() or f"{self._unit} has no process."
            raise exception.DaemonNotStarted(detail, messages=list(self.messages()))
        return process

    def stop(self) -> bool:
        process = self.find()
        answer = self._run(self._systemctl, "stop", self._unit, timeout=self._stop_timeout)
        if answer.returncode == 0:
            return True
        if process is None:
            return False
        self._run(self._systemctl, "kill", "--signal=SIGKILL", self._unit, timeout=10.0)
        process.wait(10.0)
        return False

    def ended_by_somebody(self) -> int | None:
        """As systemd knows it, until it starts the next one: after that only what collectd has left is known."""
        facts = self._show("ExecMainPID", "ExecMainCode", "ExecMainStatus", "Result")
        status = _number(facts.get("ExecMainStatus"))
        ends = {os.CLD_EXITED: status, os.CLD_KILLED: -status}
        end = ends.get(_number(facts.get("ExecMainCode")))
        out_of_memory = facts.get("Result") == "oom-kill" or self._oom.suspected()
        return _number(facts.get("ExecMainPID")) or None if by_somebody(end, out_of_memory) else None

    def tend(self) -> None:
        self._oom.look()

    def messages(self) -> tuple[str, ...]:
        since = f"--since=@{int(self._started_at)}"
        journal = self._run(
            self._journalctl, "--output=cat", "--lines=200", since, f"--unit={self._unit}", timeout=10.0
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


def _number(text: str | None) -> int:
    """A number as systemd writes it; 0 where it knows none."""
    return int(text) if text and text.isdigit() else 0
