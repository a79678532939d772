# SPDX-License-Identifier: Apache-2.0
"""The life of the extension: configured, started by collectd's init, stopped by its shutdown."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import time
from functools import partial
from typing import Any

from collectd_mgr import exception
from collectd_mgr.extension import VERSION, abi, chains, handover, live, process, unit
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.inside import Inside
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.memory import statics
from collectd_mgr.extension.methods import Methods
from collectd_mgr.extension.metrics import Metrics
from collectd_mgr.extension.missing import Missing
from collectd_mgr.extension.names import names
from collectd_mgr.extension.notifications import Notifications
from collectd_mgr.extension.output import Output
from collectd_mgr.extension.probes import Probes
from collectd_mgr.extension.report import Report
from collectd_mgr.extension.settings import Settings
from collectd_mgr.extension.sight import Sight
from collectd_mgr.extension.threads import Threads
from collectd_mgr.wire import farewell
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.listener import CannotListen
from collectd_mgr.wire.server import WireServer

#: The name of the extension's callbacks in collectd, and of its ``<Module>`` block.
NAME = "collectd_mgr"

#: What collectd imported this from, whatever becomes of the links on the way there: the directory on its path.
IMPORTED_FROM = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

#: Seconds that the shutdown of collectd waits for a running operation.
PATIENCE = 5.0

#: How long a socket is tried for that another process has just left, and how long to wait in between, in seconds.
_PATIENCE, _PAUSE = 10.0, 0.05


def install(collectd: Any, sight: type[Sight] = Sight, **guards: Any) -> None:
    """Register the extension with ``collectd``, the module; done when the extension is imported.

    :param sight: how the cache is looked at
    :param guards: see :func:`collectd_mgr.extension.live.assemble`
    """
    service = Service(collectd, sight, guards)
    service.listen()
    collectd.register_config(service.configure, name=NAME)
    collectd.register_init(service.start, name=NAME)
    collectd.register_shutdown(service.stop, name=NAME)
    collectd.register_notification(service.notifications.take, name=NAME)


class Service:
    """One per collectd."""

    def __init__(self, collectd: Any, sight: type[Sight], guards: dict[str, Any]) -> None:
        self._collectd = collectd
        self._sight = sight
        self._guards = guards
        self._log = Log(collectd.info, collectd.error)
        self._settings = Settings()
        #: From here on, so that what plugins say in their init callbacks is not lost.
        self.notifications = Notifications(collectd.Notification)
        library = ctypes.CDLL(None)
        self._missing = Missing(library, partial(names, library))
        self._server: WireServer | None = None
        #: Whether our log callback is registered.
        self._heard = False
        #: Whether this process has what the one before it left, which nobody else has now.
        self._resumed = False
        self._inside: Inside | None = None

    def listen(self) -> None:
        """Hear what the plugins that are configured after us say, in a collectd where that may stay."""
        if abi.known(abi.version(process.binary())):
            self._collectd.register_log(self._log.write, name=NAME)
            self._heard = True

    def configure(self, node: Any) -> None:
        """The config callback, once for each ``<Module>`` block.

        :raises BadOption: collectd logs it
        """
        self._settings = self._settings.with_options(node.children)
        if self._settings.ignorelist:
            chains.insist(ctypes.CDLL(None))
        if self._settings.succeeds and self._heard:
            self._missing.hold()

    def start(self) -> None:
        """The init callback: threads must not start before, and disabled plugins would be read after.

        Whatever goes wrong here, collectd itself goes on.
        """
        self._log.configured()
        try:
            inside = build(self._settings, self._log, self.notifications, self._missing, self._sight, self._guards)
            if self._heard and inside.live is None:
                self._collectd.unregister_log(f"python.{NAME}")
            self._listen(inside)
        except Exception as error:  # noqa: BLE001 - see above
            self._log.error(f"{NAME}: not started: {type(error).__name__}: {error}")

    def _listen(self, inside: Inside) -> None:
        facts = hello(extension=VERSION, pid=os.getpid(), collectd=inside.version, imported_from=IMPORTED_FROM)
        methods = Methods(inside)
        if self._settings.succeeds:
            unit.hide()
        else:
            self._resume()
        server = WireServer(self._settings.socket, methods.table(), facts)
        if inside.live is not None:
            inside.live.plugins.aside = partial(server.exclusively, 0.0)
        server.start()
        if self._settings.metrics:
            Report(self._collectd, methods.counters, inside.longest_hold).register()
        self._inside = inside
        farewell.take_back(self._settings.socket, os.getpid())
        self._server = server
        self._log.ending = partial(_settle, inside, server)
        if inside.live is not None:
            self._share(inside.live.output, inside, server)

    def _share(self, output: Output, inside: Inside, server: WireServer) -> None:
        """What a collectd wants that has another one beside it."""
        output.probe = Probes(inside.metrics, self._collectd.Values)
        output.exclusively = server.exclusively
        output.alone = partial(self._be_alone, inside, server)
        if self._settings.succeeds:
            output.watch()

    def _be_alone(self, inside: Inside, server: WireServer) -> None:
        inside.missing.open()
        self._take_seat(server)
        deadline = time.monotonic() + _PATIENCE
        while not _told(inside, server) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        while (pause := inside.missing.pause()) is not None:
            time.sleep(pause)
            with contextlib.suppress(exception.Busy, exception.LiveOff), server.exclusively():
                inside.missing_look()

    def _take_seat(self, server: WireServer) -> None:
        """The other collectd has ended: be found where that was found, and go on with what it left."""
        seat = self._settings.succeeds["seat"]
        if self._settings.socket == seat:
            return
        self._settings = dataclasses.replace(self._settings, socket=seat)
        self._resume()
        farewell.take_back(self._settings.socket, os.getpid())
        deadline = time.monotonic() + _PATIENCE
        while not _moved(server, self._settings.socket):
            if time.monotonic() > deadline:
                self._log.error(f"{NAME}: nobody reaches this collectd: {self._settings.socket} cannot be had")
                return
            time.sleep(_PAUSE)

    def _resume(self) -> None:
        self._resumed = True
        try:
            left = handover.take(self._settings.socket)
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._log.error(f"{NAME}: what the last collectd left cannot be read: {type(error).__name__}: {error}")
            return
        if left is not None:
            self.notifications.resume(left)

    def stop(self) -> None:
        """The shutdown callback: takes no more and waits, bounded, for the running operation."""
        if self._inside is not None:
            self._inside.drain()  # So that an operation that waits to begin gives up at once.
        # Before the socket is gone: whoever misses that finds this.
        with contextlib.suppress(OSError):
            farewell.leave(self._settings.socket, os.getpid())
        self.notifications.close()
        if self._server is not None and not self._server.stop(PATIENCE):
            self._log.error(f"{NAME}: an operation or a flush was still running when collectd stopped")
        if self._inside is not None:
            self._inside.end(PATIENCE)
        if self._resumed:
            self._hand_over()

    def _hand_over(self) -> None:
        """Nobody takes anything any more: what is left is for the next process."""
        left = self.notifications.left()
        try:
            handover.leave(self._settings.socket, left)
        except (OSError, ValueError) as error:
            self._log.error(f"{NAME}: {len(left.rows)} notifications that nobody has taken are lost: {error}")


def _told(inside: Inside, server: WireServer) -> bool:
    """Raise what the other one may have had no time for: better twice than not at all."""
    try:
        with server.exclusively():
            inside.missing_tell()
    except (exception.Busy, exception.LiveOff):
        return False
    return True


def _moved(server: WireServer, path: str) -> bool:
    try:
        server.move(path)
    except (CannotListen, OSError):
        return False
    return True


def _settle(inside: Inside, server: WireServer) -> None:
    """collectd stops: an operation that walks its lists ends before they are freed, and no other begins."""
    inside.drain()
    server.settle(PATIENCE)


def build(
    settings: Settings,
    log: Log,
    notifications: Notifications,
    missing: Missing,
    sight: type[Sight],
    guards: dict[str, Any],
) -> Inside:
    """Look at this collectd, and put together what can be had in it."""
    library = ctypes.CDLL(None)
    unread = abi.bind(library, abi.READING)
    version = abi.version(process.binary())
    threads = Threads(statics())
    loader = Loader(threads.reading)
    found: list[str] = []
    gate = Gate(threads, found, lambda: process.replaced(loader.loaded()))
    reason = live.check(library, version, threads)
    parts: live.Live | None = None
    if reason is None:
        try:
            parts = live.assemble(library, gate, threads, loader, log, settings, **guards)
        except live.Unfit as unfit:
            reason = str(unfit)
    if reason is not None:
        gate.close(reason)
    metrics = None if unread else _metrics(library, version, sight)
    began = process.started()
    return Inside(library, version, began, gate, loader, log, parts, metrics, notifications, missing, settings.marker)


def _metrics(library: ctypes.CDLL, version: str, sight: type[Sight]) -> Metrics:
    held = ctypes.PyDLL(None)
    abi.bind(held, abi.READING)
    library.free.argtypes, library.free.restype = (ctypes.c_void_p,), None
    why = None if abi.known(version) else f"the version of collectd is not one that is known: {version or 'none found'}"
    return Metrics(sight(library, held, why))
