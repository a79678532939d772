# SPDX-License-Identifier: Apache-2.0
"""The life of the extension: configured, started by collectd's init, stopped by its shutdown."""

from __future__ import annotations

import ctypes
import os

from collectd_mgr.extension import VERSION, abi, live, process
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.inside import Inside
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.memory import statics
from collectd_mgr.extension.methods import Methods
from collectd_mgr.extension.metrics import Metrics
from collectd_mgr.extension.settings import Settings
from collectd_mgr.extension.threads import Threads
from collectd_mgr.extension.values import Cache
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.server import WireServer

#: Seconds that the shutdown of collectd waits for a running operation.
PATIENCE = 5.0


class Service:
    """One per collectd. ``log`` must be registered as a log callback by then."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._server: WireServer | None = None

    def start(self) -> None:
        """To be called from the init callback: not before, since threads are started, and not later, since
        the disabled plugins must not be read.

        :raises CannotListen: the socket cannot be had, or not safely
        """
        inside = build(self._settings, self._log)
        facts = hello(extension=VERSION, pid=os.getpid(), collectd=inside.version)
        self._server = WireServer(self._settings.socket, Methods(inside).table(), facts)
        self._server.start()

    def stop(self) -> None:
        """To be called from the shutdown callback: takes no more and waits, bounded, for the running operation."""
        if self._server is not None and not self._server.stop(PATIENCE):
            self._log.error("collectd_mgr: an operation was still running when collectd stopped")


def build(settings: Settings, log: Log) -> Inside:
    """Look at this collectd, and put together what can be had in it."""
    library = ctypes.CDLL(None)
    unread = abi.bind(library, abi.READING)
    version = abi.version(process.binary())
    threads, loader = Threads(statics()), Loader()
    found: list[str] = []
    gate = Gate(threads, found, lambda: process.replaced(loader.loaded()))
    reason = live.check(library, version, threads)
    parts: live.Live | None = None
    if reason is None:
        try:
            parts = live.assemble(library, gate, threads, log, _disabled(settings, log))
        except live.Unfit as unfit:
            reason = str(unfit)
    if reason is not None:
        gate.close(reason)
    metrics = None if unread else Metrics(Cache(library, ctypes.PyDLL(None)))
    return Inside(library, version, process.started(), gate, loader, log, parts, metrics)


def _disabled(settings: Settings, log: Log) -> list[str]:
    try:
        return settings.disabled()
    except (OSError, ValueError) as error:
        log.error(f"collectd_mgr: what is disabled cannot be read: {error}")
        return []
