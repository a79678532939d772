# SPDX-License-Identifier: Apache-2.0
"""collectd as a unit of systemd: ending its process behind systemd's back would start a second one."""

from __future__ import annotations

import subprocess
import time

from collectd_mgr import exception
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.process import Process, look


class SystemdDaemon(Daemon):
    """The unit, through systemd's own commands.

    :param systemctl: and ``journalctl``: found on the PATH unless they are paths
    """

    def __init__(self, settings: DriverSettings, systemctl: str = "systemctl", journalctl: str = "journalctl") -> None:
        self._systemctl = systemctl
        self._journalctl = journalctl
        self._unit = settings.unit
        self._start_timeout = settings.start_timeout
        self._stop_timeout = settings.stop_timeout
        self._started_at = time.time()

    def find(self) -> Process | None:
        answer = self._run(self._systemctl, "show", "--property=MainPID", "--value", self._unit, timeout=10.0)
        pid = answer.stdout.strip()
        return look(int(pid)) if pid.isdigit() and pid != "0" else None

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

    def messages(self) -> tuple[str, ...]:
        since = f"--since=@{int(self._started_at)}"
        journal = self._run(
            self._journalctl, "--output=cat", "--lines=200", since, f"--unit={self._unit}", timeout=10.0
        )
        return tuple(journal.stdout.splitlines())

    def _run(self, *command: str, timeout: float) -> subprocess.CompletedProcess[str]:
        """:raises DaemonNotStarted: systemd cannot be asked at all"""
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", f"{command[0]} did not answer in {timeout:g} s.")
        except OSError as error:
            raise exception.DaemonNotStarted(f"{command[0]}: {error.strerror}", messages=[]) from error
