# SPDX-License-Identifier: Apache-2.0
"""What a killed agent left beside the daemon, where nobody can say which of them that is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from collectd_mgr.drivers import instance
from collectd_mgr.drivers.launcher import arguments
from collectd_mgr.drivers.systemd import SystemdDaemon
from collectd_mgr.testing.suite.rigs import settings_in
from collectd_mgr.wire.client import WireClient


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
