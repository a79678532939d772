# SPDX-License-Identifier: Apache-2.0
"""What a systemd does not do at will, with commands in its place; ``tests/collectd/test_systemd.py`` has a real one."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.process import Process
from collectd_mgr.drivers.systemd import SystemdDaemon
from collectd_mgr.wire.client import WireClient
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.server import OPERATION, Method, WireServer
from tests.waiting import PATIENCE

_SYSTEMCTL = """#!/bin/sh
echo "$@" >> {place}/calls
test "$1" = show && test -e {place}/mute && {{ echo "Failed to connect to bus" >&2; exit 1; }}
case "$1" in
  show) echo "MainPID=$(cat {place}/pid 2>/dev/null || echo 0)"; cat {place}/end 2>/dev/null ;;
  start)
    test -e {place}/broken && {{ echo "Job for collectd.service failed." >&2; exit 1; }}
    sleep 600 >/dev/null 2>&1 & echo $! > {place}/pid ;;
  stop) test -e {place}/pid && kill "$(cat {place}/pid)"; rm -f {place}/pid ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    for name, text in (("systemctl", _SYSTEMCTL.format(place=tmp_path)), ("journalctl", "#!/bin/sh\necho a line\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    yield tmp_path
    subprocess.run([tmp_path / "systemctl", "stop"], check=False)


@pytest.fixture
def daemon(place: Path) -> SystemdDaemon:
    return SystemdDaemon(settings(place), WireClient(str(place)), str(place / "systemctl"), str(place / "journalctl"))


def settings(place: Path) -> DriverSettings:
    settings = DriverSettings("h", str(place), str(place), str(place), str(place))
    return dataclasses.replace(settings, daemon="systemd", unit="c.service", start_timeout=60.0, stop_timeout=60.0)


def calls(place: Path) -> list[str]:
    return [line.split()[0] for line in (place / "calls").read_text().splitlines()]


def test_nothing_runs_before_the_start(daemon: SystemdDaemon) -> None:
    assert daemon.find() is None


def test_start_and_stop_are_systemds(daemon: SystemdDaemon, place: Path) -> None:
    process = daemon.start()
    assert daemon.find() == process
    assert daemon.stop()
    assert process.wait(60.0)
    assert daemon.find() is None
    assert [call for call in calls(place) if call != "show"] == ["reset-failed", "start", "stop"]
    assert "c.service" in (place / "calls").read_text()


def test_what_systemd_does_not_say_is_not_that_nothing_runs(daemon: SystemdDaemon, place: Path) -> None:
    """collectd may be slow to answer for the same reason: it must not be taken for dead."""
    process = daemon.start()
    (place / "mute").touch()
    assert daemon.find() == process
    process.end(PATIENCE)
    assert daemon.find() is None


def test_a_unit_that_does_not_start_says_why(daemon: SystemdDaemon, place: Path) -> None:
    (place / "broken").touch()
    with pytest.raises(exception.DaemonNotStarted, match=r"Job for collectd.service failed.") as raised:
        daemon.start()
    assert raised.value.kwargs["messages"] == ["a line"]


def test_a_stop_that_hangs_is_ended(place: Path) -> None:
    hanging = place / "hanging"
    hanging.write_text("#!/bin/sh\ncase $1 in stop) exec sleep 60 ;; esac\n")
    hanging.chmod(0o755)
    impatient = dataclasses.replace(settings(place), stop_timeout=0.2)
    assert not SystemdDaemon(impatient, WireClient(str(place)), str(hanging)).stop()


def test_without_systemd_the_error_is_typed(place: Path) -> None:
    with pytest.raises(exception.DaemonNotStarted, match="nosuchcommand"):
        SystemdDaemon(settings(place), WireClient(str(place)), "nosuchcommand").find()


@pytest.mark.parametrize(
    ("code", "status", "result", "pid"),
    [
        (1, 0, "success", 17),
        (2, 15, "success", 17),
        (2, 9, "signal", 17),
        (2, 9, "oom-kill", None),
        (2, 11, "signal", None),
        (3, 6, "core-dump", None),
        (1, 1, "exit-code", None),
        (0, 0, "success", None),
    ],
)
def test_how_it_ended_is_systemds_word(
    daemon: SystemdDaemon, place: Path, code: int, status: int, result: str, pid: int | None
) -> None:
    (place / "end").write_text(f"ExecMainPID=17\nExecMainCode={code}\nExecMainStatus={status}\nResult={result}\n")
    assert daemon.ended_by_somebody() == pid


@pytest.fixture
def unit(place: Path) -> Iterator[SystemdDaemon]:
    """One whose main process is this one, which listens where collectd does."""
    path = str(place / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        yield SystemdDaemon(settings(place), WireClient(path), str(place / "systemctl"))


@pytest.mark.parametrize(
    ("changed", "notifies", "said"),
    [
        ("", True, None),
        ("", False, "c.service has no NotifyAccess="),
        ("", None, "of an earlier version"),
        ("NotifyAccess=none", True, "NotifyAccess=none"),
        ("KillMode=process", True, "KillMode=process"),
        ("KillMode=mixed", True, "KillMode=mixed"),
        ("MainPID=1", True, "The main process of c.service is 1,"),
        ("MainPID=0", True, "The main process of c.service is 0,"),
    ],
)
def test_why_there_can_be_no_second_one(
    unit: SystemdDaemon, place: Path, changed: str, notifies: bool | None, said: str | None
) -> None:
    facts = f"MainPID={os.getpid()}\nNotifyAccess=main\nKillMode=control-group\n{changed}\n"
    (place / "end").write_text(facts)
    status = {"pid": os.getpid()} if notifies is None else {"pid": os.getpid(), "notifies": notifies}
    found = unit.obstacle(status)
    assert found is None if said is None else said in str(found)


def test_where_systemd_does_not_answer_there_is_no_second_one(unit: SystemdDaemon, place: Path) -> None:
    (place / "mute").touch()
    assert "is not known" in str(unit.obstacle({"pid": os.getpid(), "notifies": True}))


def test_what_collectd_does_not_see_it_is_not_told_to_start_with(unit: SystemdDaemon, place: Path) -> None:
    (place / "end").write_text(f"MainPID={os.getpid()}\n")
    with pytest.raises(exception.NotCapable, match="does not see /nonexistent"):
        unit.launch("/nonexistent")


def test_what_the_one_before_says_is_not_the_new_ones(place: Path) -> None:
    """It reads on while the new one starts, and what it says of a plugin that is changed is of before the change."""
    file, path, asked = str(place / "new.conf"), str(place / "socket"), place / "asked"
    (place / "journalctl").write_text(f'#!/bin/sh\necho "$@" > {asked}\n')
    (place / "new.conf").touch()
    (place / "end").write_text(f"MainPID={os.getpid()}\n")
    started = []

    def start(params: dict[str, Any], _: str) -> None:
        command = [sys.executable, "-c", "import time; time.sleep(600)", "-f", "-C", params["config_file"]]
        started.append(subprocess.Popen(command))

    facts = hello(extension="0", pid=os.getpid(), collectd="5.12.0", imported_from="")
    server = WireServer(path, {"successor_start": Method(start, OPERATION)}, facts)
    server.start()
    wire = WireClient(path)
    unit = SystemdDaemon(settings(place), wire, str(place / "systemctl"), str(place / "journalctl"))
    try:
        unit.messages()
        assert "_PID" not in asked.read_text()
        new = unit.launch(file)
        unit.messages()
        assert asked.read_text().split()[-3:] == ["--unit=c.service", f"_PID={new.pid}", "_PID=1"]
    finally:
        wire.close()
        server.stop(PATIENCE)
        for process in started:
            process.kill()
            process.wait()
    unit.start()
    unit.messages()
    assert "_PID" not in asked.read_text()


def test_where_there_never_were_two_systemd_is_not_asked(place: Path) -> None:
    unit = SystemdDaemon(settings(place), WireClient(str(place / "socket")), "nosuchcommand")
    assert instance.settle(settings(place), unit) == ()


def test_for_one_that_has_ended_systemd_is_not_waited_for(unit: SystemdDaemon, place: Path) -> None:
    (place / "end").write_text(f"MainPID={os.getpid()}\n")
    with pytest.raises(exception.DaemonNotStarted, match=r"for the main process of c.service"):
        unit.entrust(Process(os.getpid(), 0))
