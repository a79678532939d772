# SPDX-License-Identifier: Apache-2.0
"""All of it in one process, with a collectd of its own, as tools/quickstart starts it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.freezing import frozen
from tests.functional.standalone import PROGRAM, Standalone
from tests.waiting import PATIENCE


@pytest.fixture
def standalone() -> Iterator[Standalone]:
    standalone = Standalone()
    standalone.start()
    yield standalone
    standalone.close()


def test_from_a_request_to_values_and_over_a_restart(standalone: Standalone) -> None:
    host = standalone.host()
    assert host is not None
    path, pid = f"/v1/hosts/{host['name']}", host["daemon"]["pid"]
    answer = standalone.call("PUT", f"{path}/plugins/memory", {"enabled": True, "interval": 1})
    assert (answer["operation"]["state"], answer["operation"]["driver"]) == ("succeeded", "live")
    standalone.until(lambda: standalone.call("GET", f"{path}/values?plugin=memory")["values"])
    crossed = {"plugin": "memory", "type": "memory", "type_instance": "free", "failure_max": 0}
    standalone.call("PUT", f"{path}/thresholds/crossed", crossed)
    standalone.until(lambda: standalone.call("GET", f"{path}/notifications?plugin=memory")["notifications"])
    # Another name and another bound, and no moment without either.
    moved = {"thresholds": {"moved": {**crossed, "failure_max": 1}}}
    answer = standalone.call("PUT", f"{path}/thresholds", moved)
    assert (answer["operation"]["state"], answer["operation"]["driver"]) == ("succeeded", "live")
    assert {row["name"]: row["effective"]["failure_max"] for row in answer["thresholds"]} == {"moved": 1.0}

    assert standalone.stop() == 0
    standalone.start()
    again = standalone.host()
    assert again is not None
    assert (again["daemon"]["pid"], again["in_sync"]) == (pid, True)
    assert standalone.call("GET", f"{path}/plugins/memory")["plugin"]["effective"]["enabled"]


def test_many_may_come_while_it_is_busy(standalone: Standalone) -> None:
    address = "127.0.0.1", int(standalone.url.rpartition(":")[2])
    with frozen(standalone.process.pid), contextlib.ExitStack() as held:
        came = [held.enter_context(socket.create_connection(address, timeout=5)) for _ in range(64)]
    assert len(came) == 64


def refused(directory: Path, code: int, *arguments: str) -> str:
    """What it says when it does not start; it has touched nothing then."""
    command = [PROGRAM, "--state-dir", str(directory), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert not (directory / "agent" / "collectd.pid").exists()
    return done.stderr.splitlines()[-1]


def test_a_port_that_is_taken_is_said_before_a_collectd_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1 port {port}" in refused(tmp_path, 1, "--port", port)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_it_listens_where_nobody_else_reaches_it(tmp_path: Path, address: str) -> None:
    assert f"--bind {address}: others reach {address}" in refused(tmp_path, 2, "--bind", address)


def test_it_is_for_the_user_alone(standalone: Standalone) -> None:
    assert standalone.directory.stat().st_mode & 0o777 == 0o700
    assert (standalone.directory / "keys").stat().st_mode & 0o777 == 0o600
    assert standalone.url.startswith("http://127.0.0.1:")
