# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-standalone as a process, in a directory of its own below /tmp."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.place import free_port
from tests.waiting import PATIENCE, eventually

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
        eventually(happened, seconds, lambda: (self.directory / "log").read_text()[-3000:])

    def close(self) -> None:
        """The service, its collectd, and what they kept."""
        if self.process.poll() is None:
            self.stop()
        subprocess.run([*self.arguments, "--stop-collectd"], check=True)
        shutil.rmtree(self.directory)
