# SPDX-License-Identifier: Apache-2.0
"""tinyd: a daemon that collects a little, for the driver to manage. It knows nothing of collectd_mgr.

``python daemon.py HOST OPERATORS-FILE MANAGED-FILE SOCKET``; the files are JSON, and what the second says of a plugin
counts. It reads them when it starts and when it is told to, and answers one line of JSON with another.
"""

from __future__ import annotations

import json
import os
import socketserver
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Plugin = dict[str, Any]


def _cpu(options: Plugin) -> dict[str, float]:
    rows = [line.split() for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu")]
    chosen = rows[1:] if options.get("ReportByCpu", True) else rows[:1]
    return {f"cpu-{row[0][3:] or 'all'}/gauge-idle": float(row[4]) for row in chosen}


def _load(options: Plugin) -> dict[str, float]:
    return {"load/gauge-shortterm": os.getloadavg()[0]}


def _memory(options: Plugin) -> dict[str, float]:
    known = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    keys = {"buffered": "Buffers", "cached": "Cached", "free": "MemFree"}
    return {f"memory/memory-{name}": 1024.0 * int(known[key].split()[0]) for name, key in keys.items()}


#: Each plugin: how it reads, and which options it takes.
PLUGINS: dict[str, tuple[Callable[[Plugin], dict[str, float]], set[str]]] = {
    "cpu": (_cpu, {"ReportByCpu"}),
    "load": (_load, set()),
    "memory": (_memory, set()),
}


class Answer(socketserver.StreamRequestHandler):
    server: Tinyd
    timeout = 10

    def handle(self) -> None:
        answer = self.server.answer(**json.loads(self.rfile.readline()))
        self.wfile.write(json.dumps(answer).encode() + b"\n")


class Tinyd(socketserver.UnixStreamServer):
    def __init__(self, host: str, own: Path, managed: Path, address: str) -> None:
        Path(address).unlink(missing_ok=True)
        self.host, self.files, self.started = host, (own, managed), time.time()
        self.plugins: dict[str, Plugin] = {}
        self.rows: dict[str, list[Plugin]] = {}
        self.take()
        super().__init__(address, Answer)

    def take(self) -> None:
        """The files as they are now; a plugin that they leave as it is goes on undisturbed."""
        before, texts = self.plugins, [file.read_text() for file in self.files if file.exists()]
        self.plugins = {name: plugin for text in texts for name, plugin in json.loads(text).items()}
        self.rows = {name: rows for name, rows in self.rows.items() if self.plugins.get(name) == before[name]}

    def service_actions(self) -> None:
        """Read what is due; the loop comes by here several times between two reads."""
        now = time.time()
        for name, plugin in self.plugins.items():
            interval = plugin["interval"] or 10.0
            last = max((row["last_update"] for row in self.rows.get(name, ())), default=0)
            if plugin["enabled"] and now >= last + interval:
                values = PLUGINS[name][0](plugin["config"] or {})
                self.rows[name] = [
                    {"id": f"{self.host}/{key}", "interval": interval, "last_update": now, "value": value}
                    for key, value in values.items()
                ]

    def answer(self, ask: str, plugins: dict[str, Plugin] | None = None) -> Any:
        if ask == "check":
            options = {name: set(plugin["config"] or {}) - PLUGINS[name][1] for name, plugin in (plugins or {}).items()}
            return [f"{name}: no such option: {option}" for name in options for option in sorted(options[name])]
        if ask == "take":
            self.take()
        if ask == "values":
            return [row for rows in self.rows.values() for row in rows]
        return {"pid": os.getpid(), "started": self.started, "version": "1.0", "plugins": self.plugins}


if __name__ == "__main__":
    host, own, managed, address = sys.argv[1:]
    Tinyd(host, Path(own), Path(managed), address).serve_forever(poll_interval=0.02)
