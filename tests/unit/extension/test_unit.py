# SPDX-License-Identifier: Apache-2.0
"""What one process tells systemd of another one, and that it starts none where it may not; in processes of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

_PATIENCE = 60.0


def run(code: str, notify_socket: str = "") -> subprocess.CompletedProcess[str]:
    """What a program says that has this in its environment."""
    environment = {**os.environ, "NOTIFY_SOCKET": notify_socket}
    command = [sys.executable, "-c", f"from collectd_mgr.extension import unit\n{code}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False)


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_told_of_the_main_process(tmp_path: Path, kind: str) -> None:
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(_PATIENCE)
        systemd.bind(name if kind == "path" else f"\0{name}")
        said = run("unit.hide(); unit.announce(17); print(unit.notifies())", name if kind == "path" else f"@{name}")
        assert said.stdout == "True\n", said.stderr
        assert systemd.recv(100) == b"MAINPID=17"


def test_without_systemd_nobody_is_told() -> None:
    assert run("print(unit.notifies())").stdout == "False\n"
    assert "NotCapable: The collectd that runs cannot have another one" in run("unit.announce(17)").stderr


def test_a_program_that_cannot_be_started_here_is_not_begun() -> None:
    """Python says another word for how it is used; a program that may not be started says so, or nothing."""
    said = run("unit.start('/nonexistent')").stderr
    assert "NotCapable: The collectd that runs cannot have another one in its place: usage: " in said
