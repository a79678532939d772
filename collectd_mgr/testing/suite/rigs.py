# SPDX-License-Identifier: Apache-2.0
"""The rigs of the drivers that are shipped; a driver of somebody else's brings its own."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Driver, DriverSettings
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver
from collectd_mgr.drivers.snippet import snippet
from collectd_mgr.testing.suite.rig import PATIENCE, Rig

Kind = Callable[[DriverSettings], Driver]

RunBy = Callable[[DriverSettings], DriverSettings]

#: Plugins of the operator's own files, whichever driver.
_ORIGIN = {name: PluginGoal(True, origin="host") for name in ("csv", "load")}


def settings_in(directory: Path, daemon: str = "child") -> DriverSettings:
    """Settings with everything in ``directory``, whose name must be short: a socket is in it."""
    return DriverSettings(
        host="suite.example.org",
        state_dir=str(directory / "state"),
        config_file=str(directory / "collectd.conf"),
        managed_dir=str(directory / "managed"),
        socket=str(directory / "socket"),
        daemon=daemon,
        start_timeout=PATIENCE,
        stop_timeout=PATIENCE,
    )


def operators_file(directory: Path, settings: DriverSettings, more: str = "") -> None:
    """The operator's collectd.conf: an output, two plugins, what collectd_mgr needs, and ``more``.

    A value stays in the cache, however late somebody looks for it.
    """
    own = [f'Hostname "{settings.host}"', "FQDNLookup false", "Interval 10", "Timeout 1000", f'BaseDir "{directory}"']
    own += ["LoadPlugin csv", f'<Plugin csv>\n  DataDir "{directory}/csv"\n</Plugin>', "LoadPlugin load", more]
    Path(settings.config_file).write_text("\n".join([*own, snippet(settings)]), encoding="utf-8")


@contextmanager
def real_rig(kind: Kind, run_by: RunBy | None = None) -> Iterator[Rig]:
    """A driver of this kind and a real collectd of its own, for as long as the block lasts."""
    with real_host(kind, run_by=run_by) as host:
        yield host.rig()


@contextmanager
def real_host(kind: Kind, more: str = "", run_by: RunBy | None = None) -> Iterator[Host]:
    """The same before there is a driver.

    :param more: for the operator's collectd.conf
    :param run_by: gives the settings of a daemon that is somebody else's child
    """
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        settings = settings_in(Path(name))
        operators_file(Path(name), settings, more)
        settings = run_by(settings) if run_by else settings
        with Host(settings, kind).running() as host:
            yield host


@dataclass
class Host:
    """A real collectd, handled behind the driver's back.

    :ivar exits: what is to be closed with it
    """

    settings: DriverSettings
    kind: Kind
    drivers: list[Driver] = field(default_factory=list)
    exits: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.collectd = Collectd(self.settings)

    def rig(self) -> Rig:
        return Rig(
            self.driver(),
            {**_ORIGIN, "python": PluginGoal(True, origin="host")},
            rejected={"NoSuchOption": True},
            another=self.driver,
            kill=self.kill,
            again=self.again,
            disk=self.collectd.files.read,
        )

    def driver(self) -> Driver:
        self.drivers.append(self.kind(self.settings))
        return self.drivers[-1]

    @contextmanager
    def running(self) -> Iterator[Host]:
        """Its collectd runs when the block begins; all of it ends with that."""
        try:
            self.collectd.prepare()
            self.start()
            yield self
        finally:
            self.close()

    def start(self) -> None:
        self.collectd.await_ready(self.collectd.daemon.start())

    def again(self) -> None:
        self.collectd.daemon.stop()
        self.start()

    def kill(self) -> None:
        process = self.collectd.daemon.find()
        assert process is not None
        process.signal(signal.SIGKILL)
        assert process.wait(PATIENCE)

    def close(self) -> None:
        """From the last to the first, each of it whatever becomes of the others."""
        with self.exits:
            for driver in self.drivers:
                self.exits.callback(driver.close)
            self.exits.callback(self.collectd.wire.close)
            self.exits.callback(self.collectd.daemon.stop)
            self.exits.callback(self._end_successors)

    def _end_successors(self) -> None:
        """What an interrupted replacement has left would take the place of the daemon as soon as that ends."""
        current = self.collectd.daemon.find()
        for process in self.collectd.daemon.launched().values():
            if process != current:
                process.end(PATIENCE)


@contextmanager
def fake_rig() -> Iterator[Rig]:
    """The in-memory collectd; what would be on its disk is what it runs."""
    daemon = FakeDaemon()
    daemon.start(Goal(_ORIGIN))
    settings = settings_in(Path("/nonexistent"))

    def again() -> None:
        running, prepared = daemon.running, daemon.prepared
        daemon.start(prepared or Goal())
        if prepared is None:
            daemon.running = type(running)(**{**vars(running), "pid": daemon.running.pid})

    yield Rig(
        FakeDriver(settings, daemon),
        _ORIGIN,
        rejected={"Reject": "no such option"},
        another=lambda: FakeDriver(settings, daemon),
        kill=daemon.die,
        again=again,
        disk=lambda: None,
    )
