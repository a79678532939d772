# SPDX-License-Identifier: Apache-2.0
"""What is done about instances by what somebody answers, or does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.launcher import arguments
from collectd_mgr.drivers.systemd import SystemdDaemon
from collectd_mgr.testing.suite.rigs import settings_in
from collectd_mgr.wire.client import WireClient
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.server import Method, WireServer


@pytest.mark.parametrize("runs", [True, False])
def test_while_systemd_does_not_answer_what_runs_is_left_as_it_is(tmp_path: Path, runs: bool) -> None:
    settings = settings_in(tmp_path, daemon="systemd")
    directory = Path(settings.state_dir, instance.INSTANCES)
    directory.mkdir(parents=True)
    files = [directory / name for name in ("1.conf", "1.late")]
    for file in files:
        file.touch()
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    command += arguments(str(files[0] if runs else tmp_path / "other.conf"))
    daemon = SystemdDaemon(settings, WireClient(settings.socket), systemctl="false")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert instance.settle(settings, daemon) == ()
        assert [file.exists() for file in files] == [runs, runs]
        process.communicate()


class Late:
    """A collectd with a gate, that has written what it has when everything passes, or never."""

    def __init__(self, hangs: bool) -> None:
        self._hangs = hangs
        self._drained = False
        self.asked: list[str] = []

    def status(self, *_: Any) -> dict[str, Any]:
        return {"output": {"gate": True}}

    def drain(self, *_: Any) -> None:
        self.asked.append("drain")
        self._drained = not self._hangs and "free" in self.asked
        if not self._drained:
            raise exception.Busy("collectd has not written what it has.")

    def free(self, *_: Any) -> dict[str, Any]:
        self.asked.append("free")
        return {"gate": not self._drained}


@pytest.mark.parametrize("hangs", [False, True])
def test_everything_passes_where_what_it_has_is_written_late(
    tmp_path: Path, hangs: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """And that each value is looked at yet is told where it is so."""
    settings, late = settings_in(tmp_path), Late(hangs)
    table = {"status": late.status, "output_drain": late.drain, "output_free": late.free}
    server = WireServer(settings.socket, {name: Method(call) for name, call in table.items()}, hello(pid=1))
    server.start()
    try:
        instance.release(settings)
    finally:
        server.stop(1.0)
    assert late.asked == ["drain", "free"] * 2
    assert ("is looked at yet" in caplog.text) == hangs
