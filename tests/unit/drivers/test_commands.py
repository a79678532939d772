# SPDX-License-Identifier: Apache-2.0
"""A daemon that commands start and stop, with small programs in the place of a container's manager."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.commands import CommandsDaemon
from collectd_mgr.testing.suite.rigs import settings_in
from collectd_mgr.wire.client import WireClient
from tests.waiting import PATIENCE

#: Listens, and says who it is; ends at SIGTERM.
_LISTENER = """
import os, pathlib, signal, socket, sys
pathlib.Path(sys.argv[2]).write_text(str(os.getpid()))
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(8)
signal.pause()
"""


def program(text: str, *arguments: object) -> str:
    return shlex.join([sys.executable, "-c", text, *map(str, arguments)])


@pytest.fixture
def settings(tmp_path: Path) -> DriverSettings:
    (tmp_path / "log").write_text("a line of before\n")
    log = f"echo one line >> {tmp_path}/log"
    start = shlex.join(
        ["sh", "-c", f"{log}; {program(_LISTENER, tmp_path / 'socket', tmp_path / 'pid')} >/dev/null 2>&1 &"]
    )
    stop = shlex.join(["sh", "-c", f"rm -f {tmp_path}/socket; kill $(cat {tmp_path}/pid)"])
    settings = dataclasses.replace(
        settings_in(tmp_path), daemon="commands", start_timeout=PATIENCE, stop_timeout=PATIENCE
    )
    return dataclasses.replace(settings, start_command=start, stop_command=stop, log_command=f"cat {tmp_path}/log")


def daemon(settings: DriverSettings, **changes: object) -> CommandsDaemon:
    return CommandsDaemon(dataclasses.replace(settings, **changes), WireClient(settings.socket))  # type: ignore[arg-type]


def test_it_is_started_once_and_stopped(settings: DriverSettings, tmp_path: Path) -> None:
    it = daemon(settings)
    assert it.find() is None
    started = it.start()
    assert started.pid == int((tmp_path / "pid").read_text())
    assert it.start() == it.find() == started
    assert daemon(settings, start_command="false").start() == started
    assert it.messages() == ("one line",)
    assert it.stop()
    assert not started.alive()
    assert it.find() is None


def test_one_that_goes_on_is_told_and_not_killed(settings: DriverSettings) -> None:
    started = daemon(settings).start()
    try:
        with pytest.raises(exception.DaemonNotStarted, match="goes on after true"):
            daemon(settings, stop_command="true", stop_timeout=2.0).stop()
        assert started.alive()
    finally:
        daemon(settings).stop()


def test_what_ended_has_ended_however_its_command_did(settings: DriverSettings, tmp_path: Path) -> None:
    end = f"rm -f {tmp_path}/socket; kill $(cat {tmp_path}/pid)"
    gone = f"while test -d /proc/$(cat {tmp_path}/pid); do sleep 0.01; done"
    failing = daemon(settings, stop_command=shlex.join(["sh", "-c", f"{end}; {gone}; echo busy; exit 125"]))
    started = failing.start()
    assert failing.stop()
    assert not started.alive()
    with pytest.raises(exception.DaemonNotStarted, match="ended with 125: busy"):
        daemon(settings, stop_command="sh -c 'echo busy; exit 125'").stop()


@pytest.mark.parametrize(
    ("command", "seconds", "said"),
    [
        ("sh -c 'echo no such container; exit 125'", PATIENCE, "ended with 125: no such container"),
        ("/nonexistent/podman start it", PATIENCE, "No such file"),
        ("sleep 600", 2.0, "timed out"),
        ("true", 2.0, "No collectd listened 2 s after true"),
    ],
)
def test_a_start_that_fails_says_why(settings: DriverSettings, command: str, seconds: float, said: str) -> None:
    with pytest.raises(exception.DaemonNotStarted, match=said):
        daemon(settings, start_command=command, start_timeout=seconds).start()


def test_a_quotation_without_an_end_is_told(settings: DriverSettings) -> None:
    with pytest.raises(exception.NoDriver, match="No closing quotation"):
        daemon(settings, start_command="podman start 'it")


def test_without_commands_it_is_left_alone(settings: DriverSettings) -> None:
    assert daemon(settings).hands_off is None
    assert "stop_command" in str(daemon(settings, stop_command="").hands_off)
    assert daemon(settings, log_command="").messages() == ()
