# SPDX-License-Identifier: Apache-2.0
"""A collectd that the operator's own commands start and stop: those of a container's manager, for example."""

from __future__ import annotations

import logging
import shlex
import subprocess
import time

from collectd_mgr import exception
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.listener import Listener
from collectd_mgr.drivers.process import Process
from collectd_mgr.drivers.words import words
from collectd_mgr.wire.client import WireClient

LOG = logging.getLogger(__name__)

#: How many lines of a log are given at most, the last ones.
_LINES = 200


class CommandsDaemon(Daemon):
    """Found by the socket that its extension listens on; no shell reads the commands."""

    def __init__(self, settings: DriverSettings, wire: WireClient) -> None:
        self._listener = Listener(wire)
        self._start = words(settings.start_command)
        self._stop = words(settings.stop_command)
        self._log = words(settings.log_command)
        self._before: list[str] = []
        self._start_timeout = settings.start_timeout
        self._stop_timeout = settings.stop_timeout
        if not self._start or not self._stop:
            self.hands_off = "[collectd] start_command and stop_command are not set."

    def find(self) -> Process | None:
        return self._listener.find()

    def start(self) -> Process:
        deadline = time.monotonic() + self._start_timeout
        found = self.find()
        if found is None:
            self._before = self._logged()
            self._run(self._start, self._start_timeout)
        while found is None and time.monotonic() < deadline:
            time.sleep(0.05)
            found = self.find()
        if found is None:
            detail = f"No collectd listened {self._start_timeout:g} s after {shlex.join(self._start)}."
            raise exception.DaemonNotStarted(detail, messages=list(self.messages()))
        return found

    def stop(self) -> bool:
        """A process that the command leaves is not killed: whoever started it might start another one.

        Whether it has ended counts, not how the command ended: podman, for example, may fail to tidy up after it.

        :raises DaemonNotStarted: it is still there
        """
        found = self.find()
        try:
            self._run(self._stop, self._stop_timeout)
        except exception.DaemonNotStarted as error:
            if found is None or found.alive():
                raise
            LOG.warning("collectd has ended, although %s", error)
        if found is not None and not found.wait(self._stop_timeout):
            raise exception.DaemonNotStarted(f"collectd goes on after {shlex.join(self._stop)}.", messages=[])
        return True

    def messages(self) -> tuple[str, ...]:
        """What ``log_command`` prints, without what it had printed before the start: a container keeps its log."""
        lines, before = self._logged(), len(self._before)
        return tuple((lines[before:] if lines[:before] == self._before else lines)[-_LINES:])

    def _logged(self) -> list[str]:
        """Nothing where there is no such command, or it fails."""
        try:
            said = subprocess.run(self._log, capture_output=True, text=True, timeout=10.0, check=False)
        except (IndexError, OSError, subprocess.TimeoutExpired):
            return []
        return (said.stdout + said.stderr).splitlines() if said.returncode == 0 else []

    def _run(self, command: list[str], timeout: float) -> None:
        """:raises DaemonNotStarted: with what it said"""
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise exception.DaemonNotStarted(f"{shlex.join(command)}: {error}", messages=[]) from error
        if done.returncode != 0:
            said = (done.stdout + done.stderr).splitlines()
            detail = f"{shlex.join(command)} ended with {done.returncode}: {' '.join(said[-1:])}"
            raise exception.DaemonNotStarted(detail, messages=said[-20:])
