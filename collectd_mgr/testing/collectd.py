# SPDX-License-Identifier: Apache-2.0
"""A real collectd of one's own, in a directory of its own, for tests and for trying things."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import collectd_mgr
from collectd_mgr import exception
from collectd_mgr.domain.columns import Columns
from collectd_mgr.wire.client import WireClient

BINARY = "/usr/sbin/collectd"
PLUGINS = "/usr/lib/collectd"
TYPES = "/usr/share/collectd/types.db"

#: Where the package is that collectd's Python imports.
_MODULES = str(Path(collectd_mgr.__file__).parents[1])


class CollectdFailed(Exception):
    """collectd did not start; the message has its output."""


class ScratchCollectd:
    """A collectd that runs in the foreground, as a child, from :meth:`start` to :meth:`stop`; a context manager.

    :param plugins: loaded by its configuration, in this order
    :param config: more of collectd.conf, after the plugins are loaded
    :param interval: the global one, in seconds
    :param csv: have it write to CSV files (:attr:`csv`); without any output collectd complains about every value
    :param own_plugins: shared objects to put beside Debian's plugins
    :param entry: the module that is the extension; none leaves it out
    :param modules: more Python modules to import, from ``module_path``
    :param options: global options, for example ``{"ReadThreads": 2}``
    :param binary: another collectd
    :param wrapper: a command to run it with, for example valgrind's
    :param patience: seconds that its start, its stop and a call may take
    """

    def __init__(
        self,
        plugins: Sequence[str] = (),
        config: str = "",
        *,
        interval: float = 10,
        csv: bool = True,
        own_plugins: Sequence[Path] = (),
        entry: str = "collectd_mgr.extension.entry",
        modules: Sequence[str] = (),
        module_path: Path | None = None,
        options: Mapping[str, object] | None = None,
        binary: str = BINARY,
        wrapper: Sequence[str] = (),
        patience: float = 120.0,
    ) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
        self.socket = str(self.directory / "socket")
        self.state = self.directory / "state"
        self.csv = self.directory / "csv"
        self.log = self.directory / "log"
        self.conf = self.directory / "collectd.conf"
        self.client = WireClient(self.socket, timeout=patience)
        self._patience = patience
        self._entry = entry
        self._command = [*wrapper, binary, "-f", "-C", str(self.conf)]
        self._child: subprocess.Popen[bytes] | None = None
        self.state.mkdir()
        lines = [*self._options(interval, options or {}), *self._plugin_dir(own_plugins), *self._output(csv)]
        lines += self._python(modules, module_path) if entry or modules else []
        lines += [f'LoadPlugin "{plugin}"' for plugin in plugins]
        self.conf.write_text("\n".join([*lines, config, ""]))

    def _options(self, interval: float, options: Mapping[str, object]) -> list[str]:
        fixed = [f'BaseDir "{self.directory}"', f'PIDFile "{self.directory}/pid"', f'TypesDB "{TYPES}"']
        fixed += ['Hostname "scratch.example.org"', "FQDNLookup false", f"Interval {interval}"]
        return [*fixed, *(f"{name} {value}" for name, value in options.items())]

    def _plugin_dir(self, own_plugins: Sequence[Path]) -> list[str]:
        """collectd follows no links to plugins, and a hard link would touch Debian's files: so copies."""
        if not own_plugins:
            return [f'PluginDir "{PLUGINS}"']
        directory = self.directory / "plugins"
        directory.mkdir()
        for plugin in [*Path(PLUGINS).glob("*.so"), *own_plugins]:
            shutil.copy2(plugin, directory)
        return [f'PluginDir "{directory}"']

    def _output(self, csv: bool) -> list[str]:
        lines = ['LoadPlugin "logfile"', f'<Plugin logfile>\n  LogLevel info\n  File "{self.log}"\n</Plugin>']
        return [*lines, 'LoadPlugin "csv"', f'<Plugin csv>\n  DataDir "{self.csv}"\n</Plugin>'] if csv else lines

    def _python(self, modules: Sequence[str], path: Path | None) -> list[str]:
        lines = ['LoadPlugin "python"', "<Plugin python>", f'  ModulePath "{_MODULES}"', "  LogTraces true"]
        lines += [f'  ModulePath "{path}"'] if path else []
        if self._entry:
            lines += [f'  Import "{self._entry}"', "  <Module collectd_mgr>"]
            lines += [f'    Socket "{self.socket}"', "  </Module>"]
        return [*lines, *(f'  Import "{module}"' for module in modules), "</Plugin>"]

    def __enter__(self) -> ScratchCollectd:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self.remove()

    def start(self, timeout: float | None = None) -> ScratchCollectd:
        """Start it and wait until it reads.

        :raises CollectdFailed: with its output
        """
        with (self.directory / "output").open("ab") as output:
            self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + (self._patience if timeout is None else timeout)
        while not self._ready():
            if self._child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CollectdFailed(f"collectd did not start:\n{self.output}\n{self.log_text}")
            time.sleep(0.02)
        return self

    def _ready(self) -> bool:
        if not self._entry:
            return "Initialization complete" in self.log_text
        try:
            self.client.hello()
        except exception.DaemonUnreachable:
            return False
        return any("reader#" in name for name in self.threads)

    def stop(self) -> int | None:
        """End it by SIGTERM; its exit status (negative: the signal that ended it), None when it did not run."""
        self.client.close()
        if self._child is None:
            return None
        child, self._child = self._child, None
        child.send_signal(signal.SIGTERM)
        try:
            return child.wait(self._patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise

    def remove(self) -> None:
        """Remove its directory; it must have been stopped."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def call(self, method: str, **params: Any) -> Any:
        """One call over the extension's socket; columns of metrics come as lists: see :func:`_unpacked`."""
        answer = self.client.call(method, params, request_id="req-test")
        return _unpacked(answer) if isinstance(answer, dict) and "byteorder" in answer else answer

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def output(self) -> str:
        path = self.directory / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def threads(self) -> list[str]:
        """The names of its threads."""
        names = []
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                names.append((task / "comm").read_text().strip())
            except OSError:
                continue  # It ended meanwhile.
        return names

    @property
    def resident(self) -> int:
        """Its resident memory, in bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def _unpacked(answer: dict[str, Any]) -> dict[str, Any]:
    """``names``, ``times``, ``intervals``, ``states`` and ``marker``; with values also ``types``, ``sources``,
    and ``values`` and ``rates`` with a list for each metric, None for NaN.
    """
    columns = Columns(answer)
    plain = {name: getattr(columns, name) for name in ("names", "times", "intervals", "states")}
    if columns.has_values:
        rows = [row["values"] for row in columns]
        plain |= {"types": columns.types, "sources": answer["sources"]}
        plain |= {f"{name}s": [[value[name] for value in row] for row in rows] for name in ("value", "rate")}
    return {**plain, "marker": answer["marker"]}


def compile_plugin(source: Path, directory: Path) -> Path:
    """Compile a plugin of one C file against collectd's installed headers; the path of its ``.so``.

    :raises subprocess.CalledProcessError: it does not compile
    """
    target = directory / f"{source.stem}.so"
    include = [f"-I/usr/include/collectd/{name}" for name in ("core", "core/daemon", "liboconfig")]
    flags = [
        "-shared",
        "-fPIC",
        "-O1",
        "-g",
        "-Wall",
        "-DHAVE_CONFIG_H",
        "-include",
        "/usr/include/collectd/core/config.h",
    ]
    subprocess.run(["gcc", *flags, *include, "-I/usr/include/collectd", str(source), "-o", str(target)], check=True)
    return target
