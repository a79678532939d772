# SPDX-License-Identifier: Apache-2.0
"""All of it in one process, with a collectd of its own, as tools/quickstart starts it."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.place import free_port
from tests.waiting import PATIENCE

PROGRAM = str(Path(sys.executable).with_name("collectd-mgr-standalone"))


class Standalone:
    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
        self.url = f"http://127.0.0.1:{free_port()}"
        self.arguments = [PROGRAM, "--state-dir", str(self.directory)]

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            command = [*self.arguments, "--port", self.url.rpartition(":")[2]]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.until(lambda: self.host() is not None)

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def host(self) -> dict[str, Any] | None:
        try:
            hosts = self.call("GET", "/v1/hosts")["hosts"]
        except (urllib.error.URLError, ConnectionError):
            return None
        return hosts[0] if hosts and hosts[0]["status"] == "up" and hosts[0]["daemon"] else None

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def until(self, happened: Callable[[], object], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, (self.directory / "log").read_text()[-3000:]
            time.sleep(0.1)


@pytest.fixture
def standalone() -> Iterator[Standalone]:
    standalone = Standalone()
    standalone.start()
    yield standalone
    if standalone.process.poll() is None:
        standalone.stop()
    subprocess.run([*standalone.arguments, "--stop-collectd"], check=True)
    shutil.rmtree(standalone.directory)


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

    assert standalone.stop() == 0
    standalone.start()
    again = standalone.host()
    assert again is not None
    assert (again["daemon"]["pid"], again["in_sync"]) == (pid, True)
    assert standalone.call("GET", f"{path}/plugins/memory")["plugin"]["effective"]["enabled"]


def test_many_may_come_while_it_is_busy(standalone: Standalone) -> None:
    address = "127.0.0.1", int(standalone.url.rpartition(":")[2])
    standalone.process.send_signal(signal.SIGSTOP)
    try:
        with contextlib.ExitStack() as held:
            came = [held.enter_context(socket.create_connection(address, timeout=5)) for _ in range(64)]
    finally:
        standalone.process.send_signal(signal.SIGCONT)
    assert len(came) == 64


def test_it_is_for_the_user_alone(standalone: Standalone) -> None:
    assert standalone.directory.stat().st_mode & 0o777 == 0o700
    assert (standalone.directory / "keys").stat().st_mode & 0o777 == 0o600
    assert standalone.url.startswith("http://127.0.0.1:")
