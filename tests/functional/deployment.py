# SPDX-License-Identifier: Apache-2.0
"""A whole deployment as operators have it: APIs under gunicorn, conductors, agents, each a process of its own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectd_mgr.db import sealing
from tests.forks import Forked, Forks
from tests.services.place import directory, free_port
from tests.services.process import Process
from tests.waiting import PATIENCE, eventually

#: What the collectd of a fresh host is configured to do, at its default interval of 10 seconds.
TEN = ("cpu", "df", "disk", "entropy", "interface", "load", "processes", "swap", "uptime", "users")


@dataclass(frozen=True)
class Answer:
    """``body`` is the decoded JSON, None for an empty one."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The stable code of the error."""
        return str(self.body["errors"][0]["code"])


class Agent:
    """One host: an agent and a collectd of its own, in a directory of its own."""

    def __init__(self, host: str, bus: str, options: Mapping[str, Mapping[str, object]]) -> None:
        self.host = host
        self.home = directory()
        self.conf = self.home / "agent.conf"
        self._options = options
        self._write(bus)
        self.process = _Service("collectd_mgr.cmd.agent", self._files(), self.home / "agent.log")

    def _files(self) -> list[str]:
        return ["--config-file", str(self.conf)]

    def _write(self, bus: str) -> None:
        sections: dict[str, dict[str, object]] = {
            "DEFAULT": {"transport_url": bus},
            "agent": {
                "host": self.host,
                "mode": "manage",
                "state_dir": self.home / "state",
                "mode_file": self.home / "mode",
                "heartbeat_interval": 1,
            },
            "collectd": {
                "daemon": "child",
                "config_file": self.home / "collectd.conf",
                "managed_dir": self.home / "managed",
                "socket": self.home / "socket",
            },
        }
        for name, values in self._options.items():
            sections.setdefault(name, {}).update(values)
        write(self.conf, sections)

    def furnish(self, plugins: tuple[str, ...] = TEN, more: str = "") -> None:
        """Write the operator's collectd.conf: the snippet that the agent prints, and what it collects."""
        snippet = _printed("collectd_mgr.cmd.agent", *self._files(), "--print-snippet")
        lines = [f'BaseDir "{self.home}"', f'Hostname "{self.host}"', "FQDNLookup false", "LoadPlugin csv"]
        lines += [f'<Plugin csv>\n  DataDir "{self.home}/csv"\n</Plugin>', "LoadPlugin logfile"]
        lines += [f'<Plugin logfile>\n  File "{self.home}/collectd.log"\n</Plugin>']
        lines += [f"LoadPlugin {plugin}" for plugin in plugins]
        (self.home / "collectd.conf").write_text("\n".join([*lines, more, snippet]))

    def start(self) -> None:
        self.process.start()

    def close(self) -> None:
        """The agent, and the collectd that outlives it."""
        self.process.stop()
        for pid in self.collectds():
            with suppress(ProcessLookupError):
                os.kill(pid, 15)
        eventually(lambda: not self.collectds())
        shutil.rmtree(self.home, ignore_errors=True)

    def collectds(self) -> list[int]:
        """The PIDs of the collectds that run with this host's configuration; scratch instances have another."""
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if self._is_ours(path)]

    def _is_ours(self, path: Path) -> bool:
        try:
            arguments = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return arguments[0].endswith(b"collectd") and str(self.home / "collectd.conf").encode() in arguments


class Deployment:
    """APIs and conductors on one bus and one database; ``options`` is for the configuration that they share."""

    def __init__(
        self, bus: str, database: str, options: Mapping[str, Mapping[str, object]], apis: int = 1, conductors: int = 1
    ) -> None:
        self.home = directory()
        self.bus = bus
        self._conf = self.home / "collectd-mgr.conf"
        sections: dict[str, dict[str, object]] = {
            "DEFAULT": {"transport_url": bus},
            "database": {"connection": database},
            # None of these tests is about a host that is too slow; one that is away is known to be at once.
            "api": {"wait": 120, "read_timeout": 60},
            "conductor": {"heartbeat_interval": 2, "resend_interval": 2},
        }
        for name, values in options.items():
            sections.setdefault(name, {}).update(values)
        sections["secrets"] = {"fernet_keys": sealing.new_key()}
        write(self._conf, sections)
        self.urls = [f"http://127.0.0.1:{free_port()}" for _ in range(apis)]
        self.apis = [self._api(number, url) for number, url in enumerate(self.urls)]
        self.conductors = [self._conductor(number) for number in range(conductors)]
        self.agents: list[Agent] = []

    def manage(self, *arguments: str) -> str:
        """What collectd-mgr-manage prints."""
        return _printed("collectd_mgr.cmd.manage", "--config-file", str(self._conf), *arguments)

    def _api(self, number: int, url: str) -> Process:
        bind = url.removeprefix("http://")
        arguments = ["--bind", bind, "--worker-class", "gthread", "--threads", "8", "collectd_mgr.wsgi.api:application"]
        env = {"COLLECTD_MGR_CONFIG_FILES": str(self._conf)}
        return _Service("tests.functional.api_process", arguments, self.home / f"api{number}.log", env)

    def _conductor(self, number: int) -> Process:
        arguments = ["--config-file", str(self._conf)]
        return _Service("collectd_mgr.cmd.conductor", arguments, self.home / f"conductor{number}.log")

    def start(self) -> None:
        self.manage("db", "sync")
        for process in (*self.apis, *self.conductors):
            process.start()
        for url, process in zip(self.urls, self.apis, strict=True):
            process.wait_until(functools.partial(answers, f"{url}/healthcheck"))

    def agent(self, host: str, **options: Mapping[str, object]) -> Agent:
        """A fresh host, furnished and not started."""
        agent = Agent(host, self.bus, options)
        self.agents.append(agent)
        agent.furnish()
        return agent

    def dismiss(self) -> None:
        """End all hosts: one that reports every second keeps conductors, bus and database busy too."""
        # All at the same time: each takes seconds to take leave of the bus.
        for agent in self.agents:
            agent.process.ask()
        for agent in self.agents:
            agent.close()
        self.agents.clear()

    def close(self) -> None:
        for process in (*(agent.process for agent in self.agents), *self.apis, *self.conductors):
            process.ask()
        self.dismiss()
        for process in (*self.apis, *self.conductors):
            process.stop()
        shutil.rmtree(self.home, ignore_errors=True)


class Caller:
    """Somebody with a token (or none) at one API."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json", **({"X-Auth-Token": token} if token else {})}

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data, self._headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return Answer(response.status, _decoded(response.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, _decoded(error.read()))

    def up(self, host: str) -> None:
        """Wait until the host is up, and its whole status known."""

        def shown() -> Any:
            return self("GET", f"/v1/hosts/{host}").body.get("host", {})

        eventually(lambda: shown().get("daemon", {}).get("pid"), tell=shown)
        eventually(lambda: shown()["status"] == "up", tell=shown)


class _Service(Process):
    """A daemon that runs what its executable runs, in a fork of a process that has imported it."""

    def __init__(self, module: str, arguments: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        super().__init__([module, *arguments], log, env)

    def _spawn(self) -> Forked:
        module, *arguments = self.argv
        return _forks().start(module, arguments, self.log, self.env)


@functools.cache
def _forks() -> Forks:
    programs = [f"collectd_mgr.cmd.{program}" for program in ("agent", "conductor", "manage")]
    return Forks("collectd-mgr", *programs, "tests.functional.api_process")


def _printed(module: str, *arguments: str) -> str:
    said = _forks().run(module, arguments, os.environ)
    assert said.code == 0, said
    return said.out


def _decoded(content: bytes) -> Any:
    return json.loads(content) if content else None


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def write(path: Path, sections: Mapping[str, Mapping[str, object]]) -> None:
    """An oslo.config file."""
    lines = [
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for name, values in sections.items()
    ]
    path.write_text("\n".join(lines))
