# SPDX-License-Identifier: Apache-2.0
"""A host with a real collectd and a real agent process on a real bus."""

from __future__ import annotations

import functools
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from oslo_config import cfg

from collectd_mgr import exception
from collectd_mgr.agent.memory import Memory, MemoryFile
from collectd_mgr.cmd import agent as agent_cmd
from collectd_mgr.cmd import alone
from collectd_mgr.conf import opts
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.drivers.installation import launcher_of
from collectd_mgr.rpc import transport
from collectd_mgr.rpc.agent import AgentAPI
from tests.forks import Forked, Forks
from tests.waiting import PATIENCE, eventually

T = TypeVar("T")

_PROCESS = "tests.agent.agent_process"

ROOT = Path(__file__).parents[2]
PLUGINS = Path("/usr/lib/collectd")


@functools.cache
def _agents() -> Forks:
    return Forks("collectd-mgr-agent", _PROCESS)


class AgentHost:
    """A context manager. collectd outlives the agent and is stopped at the end."""

    def __init__(
        self,
        bus_url: str,
        own_plugins: tuple[Path, ...] = (),
        config: str = "",
        daemon: str = "child",
        collectd: Mapping[str, object] | None = None,
        **agent: Any,
    ) -> None:
        self.name = f"{uuid.uuid4().hex[:8]}.example.org"
        self.directory = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
        self.file = self.directory / "collectd-mgr.conf"
        self.log = self.directory / "agent.log"
        options = {"host": self.name, "state_dir": self.directory / "agent", "mode": "manage"}
        options |= {"mode_file": self.directory / "mode", "heartbeat_interval": 1, "watch_interval": 0.1, **agent}
        self.file.write_text(_sections(bus_url, options, _collectd(self.directory, daemon) | dict(collectd or {})))
        self.conf = _configuration(self.file)
        self.settings: DriverSettings = agent_cmd.settings(self.conf).daemon
        text = alone.configuration(self.directory, self.settings)
        Path(self.settings.config_file).write_text(f"{self._plugin_dir(own_plugins)}\n{config}\n{text}")
        Path(self.settings.state_dir).mkdir(mode=0o700)
        self.daemon = ChildDaemon(self.settings, launcher_of(self.settings))
        self.process: subprocess.Popen[bytes] | Forked | None = None

    def _plugin_dir(self, own: tuple[Path, ...]) -> str:
        """collectd follows no links to plugins: so copies, of the few that are needed."""
        directory = self.directory / "plugins"
        directory.mkdir()
        names = ("cpu", "interface", "load", "python", "memory", "df", "swap", "uptime", "users", "csv", "logfile")
        for plugin in (*(PLUGINS / f"{name}.so" for name in names), *own):
            shutil.copy2(plugin, directory)
        return f'PluginDir "{directory}"'

    def start(self, *arguments: str, wait: bool = True, within: tuple[str, ...] = ()) -> None:
        """Start the agent, and wait until it answers. What follows ``--die-at`` and ``--trust`` is for it.

        :param within: the beginning of a command that runs the rest, by exec
        """
        words = ["--config-file", str(self.file), *arguments]
        if within:
            command = [*within, sys.executable, "-m", _PROCESS, *words]
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        else:
            self.process = _agents().start(_PROCESS, words, self.log)
        if wait:
            self.until(lambda: self.answers() or self.ended())

    def kill(self) -> None:
        """kill -9, whatever it is doing."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def cut_off(self) -> None:
        """The next agent finds no bus where it looks for one."""
        text = self.file.read_text()
        url = self.conf.transport_url
        self.file.write_text(text.replace(url, "rabbit://nobody:nothing@127.0.0.1:9//"))

    def managed(self) -> str:
        """What a restart of collectd would load."""
        return "".join(path.read_text() for path in (self.directory / "managed").glob("*.conf"))

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @contextmanager
    def bus(self) -> Iterator[AgentAPI]:
        """A client for a moment: one that lives through an outage of the bus leaves sockets behind."""
        bus = transport.rpc(self.conf)
        try:
            yield AgentAPI(bus, timeout=PATIENCE)
        finally:
            bus.cleanup()

    def answers(self) -> bool:
        try:
            self.status(timeout=10)
        except exception.AgentUnreachable:
            return False
        return True

    def apply(self, spec: HostSpec, timeout: float = PATIENCE) -> HostStatus:
        return self._asked(lambda api: api.apply(self.name, spec, request_id="req-test", timeout=timeout))

    def status(self, timeout: float = PATIENCE) -> HostStatus:
        return self._asked(lambda api: api.status(self.name, timeout=timeout))

    def values(self, plugin: str) -> Page:
        return self._asked(lambda api: api.values(self.name, Query(plugin)))

    def _asked(self, ask: Callable[[AgentAPI], T]) -> T:
        """The answer. Each question has a connection of its own, and RabbitMQ may be too busy to take that one."""
        for again in (True, True, False):
            try:
                with self.bus() as api:
                    return ask(api)
            except exception.AgentUnreachable as error:
                if not again or "Unable to connect" not in error.detail:
                    raise
        raise AssertionError

    @property
    def pid(self) -> int | None:
        """Of collectd."""
        process = self.daemon.find()
        return None if process is None else process.pid

    def until(self, happened: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until it has happened; an agent that does not answer now may do so later."""
        eventually(lambda: _said(happened), seconds, lambda: self.log.read_text()[-4000:])

    def memory(self) -> Memory:
        """What the agent remembers."""
        return MemoryFile(str(self.directory / "agent")).load()

    def outlived(self) -> bool:
        """Whether collectd is known to have outlived the last live operation."""
        memory = self.memory()
        return memory.probation is None and memory.good == memory.current

    def __enter__(self) -> AgentHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        self.daemon.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _said(happened: Callable[[], object]) -> object:
    try:
        return happened()
    except exception.AgentUnreachable:
        return False


def enabled(status: HostStatus) -> set[str]:
    """The plugins that came through us and are known to run: of a collectd that does not answer yet, nothing is."""
    ours = {name: plugin for name, plugin in status.plugins.items() if plugin.origin == "managed"}
    return {name for name, plugin in ours.items() if plugin.enabled and plugin.health != "unknown"}


def spec(n: int, *plugins: str, clears: int = 0, interval: float = 1.0) -> HostSpec:
    layer = Layer(HOST, {name: PluginSetting(True, interval) for name in plugins}, Counters(quarantine_clears=clears))
    return HostSpec(Generation("e", n), (layer,))


def _collectd(directory: Path, daemon: str) -> dict[str, object]:
    return {
        "daemon": daemon,
        "config_file": directory / "collectd.conf",
        "plugin_dir": directory / "plugins",
        "managed_dir": directory / "managed",
        "socket": directory / "sock",
    }


def _sections(bus_url: str, agent: dict[str, object], collectd: dict[str, object]) -> str:
    sections: dict[str, dict[str, object]] = {
        "DEFAULT": {"transport_url": bus_url},
        "agent": agent,
        "collectd": collectd,
    }
    lines = []
    for name, options in sections.items():
        lines += [f"[{name}]", *(f"{key} = {value}" for key, value in options.items())]
    return "\n".join([*lines, ""])


def _configuration(file: Path) -> cfg.ConfigOpts:
    conf = transport.prepare(opts.register(cfg.ConfigOpts()))
    conf(["--config-file", str(file)], project="test", default_config_dirs=[])
    return conf
