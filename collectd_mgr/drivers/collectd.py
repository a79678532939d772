# SPDX-License-Identifier: Apache-2.0
"""The one collectd of this host, as every driver that works on it sees it."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import difference, grammar, managed, sections
from collectd_mgr.domain.difference import NONE, Difference
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.secrets import mask_items
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers import bundle, instance, observation, operators, process
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.attached import AttachedDaemon
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.drivers.commands import CommandsDaemon
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.files import ManagedFiles
from collectd_mgr.drivers.installation import launcher_of
from collectd_mgr.drivers.listener import Listener
from collectd_mgr.drivers.observation import SILENCE
from collectd_mgr.drivers.process import Process
from collectd_mgr.drivers.systemd import SystemdDaemon
from collectd_mgr.wire import farewell
from collectd_mgr.wire.client import WireClient

LOG = logging.getLogger(__name__)

#: Seconds for an answer that needs no waiting inside collectd.
_PATIENCE = 10.0

#: Seconds between a look at the daemon and the choice of a driver for what was seen.
_MOMENT = 0.1

#: Seconds after which a managed file is compared with its goal although neither has changed: the operator's files, of
#: which it has a part, may have.
_FRESH = 5.0


class Collectd:
    """Its process, its socket and its managed file."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self.wire = WireClient(settings.socket, timeout=_PATIENCE)
        self._account = account(settings.user)
        self.files = ManagedFiles(settings.managed_dir, self._account)
        self.daemon = _daemon(settings, self.wire)
        self._listener = Listener(self.wire)
        self._furnished = False
        #: The managed file as it was found to be in order.
        self._sound: str | None = None
        #: The last goal, the text of a managed file that was found to mean it, and when.
        self._alike: tuple[Goal | None, str | None, float] = (None, None, float("-inf"))
        self._last: tuple[float, dict[str, Any]] = (float("-inf"), {})

    def prepare(self) -> tuple[str, ...]:
        """What a start of collectd needs on the disk, and nothing half done beside it. Safe to repeat.

        :returns: what was half done and was ended, in sentences
        """
        self._furnish()
        notes = instance.settle(self._settings, self.daemon)
        self._finish()
        self._tidy()
        if self.files.read() is None:
            # collectd warns of an Include that finds nothing.
            self.files.restore(managed.render(Goal()))
        return notes

    def _furnish(self) -> None:
        """Have the directories that collectd reads from and listens in, and the extension."""
        self._account.pass_through(Path(self._settings.state_dir))
        self._account.seat(Path(self._settings.socket))
        self.files.prepare()
        bundle.install(self._settings.state_dir)
        self._furnished = True

    def _tend(self) -> None:
        """Somebody may have removed what collectd imports: it would not start any more, whoever starts it."""
        self.daemon.tend()
        if self._furnished and not bundle.is_there(self._settings.state_dir):
            with suppress(OSError):  # The next look tries it again.
                self._furnish()
                LOG.warning("The extension was gone from %s. It was put there anew.", self._settings.state_dir)

    def _finish(self) -> None:
        """A driver that was killed between its last live change and the file: what runs is what was staged."""
        staged = self.files.staged()
        if staged and managed.is_marked(staged) and observation.runs(self.observe(), managed.marker_in(staged)):
            self.files.commit()
        self.files.discard()

    def _tidy(self) -> None:
        """Remove what daemons of earlier versions imported, where it is known what the one that runs did."""
        try:
            used = self.wire.hello().get("imported_from")
        except SILENCE:
            used = None if self.daemon.hands_off or self.daemon.find() else ""
        if used is not None:
            bundle.tidy(self._settings.state_dir, str(used))

    def status(self) -> dict[str, Any]:
        """The extension's own words. :raises DaemonUnreachable, RequestTimeout, WireMismatch: no answer"""
        status = dict(self.wire.call("status"))
        self._last = (time.monotonic(), status)
        return status

    def just_now(self) -> dict[str, Any]:
        """As :meth:`status`, or what that said a moment ago: enough to choose by.

        It could be no newer when it is acted upon; the extension makes its own checks in each operation.
        """
        said, status = self._last
        return status if time.monotonic() - said < _MOMENT else self.status()

    def observe(self) -> Running:
        """The daemon as it is; without version and plugins when it runs and does not answer, or is starting."""
        self._tend()
        try:
            status, ended = self.status(), None
            # What is not registered yet would be taken for what is not there.
            starting = bool(status.get("starting"))
            running = observation.process(status) if starting else observation.running(status)
        except SILENCE:
            process = self.daemon.find()
            ended = None if process else self.daemon.ended_by_somebody()
            running = _silent(process) if process else Running()
        orderly = farewell.left(self._settings.socket)
        return replace(running, ended_by_somebody=tuple(pid for pid in (orderly, ended) if pid is not None))

    def remember(self, goal: Goal, generation: str) -> Running:
        """Tell the daemon what it runs now; the daemon as it is then."""
        status = self.wire.call("generation_set", {"marker": managed.marker(goal, generation).to_text()})
        if not status:  # From an extension of an earlier version.
            return self.observe()
        self._last = (time.monotonic(), status)
        return observation.running(status)

    def render(self, goal: Goal, generation: str) -> str:
        """The managed file of ``goal`` beside the operator's own. :raises CollectdMgrError: it cannot be written"""
        chain = operators.chain(self._settings) if goal.section(sections.IGNORELIST) else None
        return managed.render(goal, generation, chain)

    def at_next_start(self, goal: Goal, generation: str) -> None:
        """Have the managed file of ``goal``; one that is there is not written again. Safe to repeat."""
        text = self.render(goal, generation)
        if text != self.files.read():
            self.files.restore(text)

    def flaw(self) -> str | None:
        """What somebody has done to the managed file that collectd could not start with, or that empties it."""
        text = self.files.read()
        if text is None:
            return f"{self.files.path} is gone."
        if text == self._sound:
            return None
        try:
            managed.parse(text)
        except exception.BadGrammar as error:
            return f"{self.files.path} was changed and cannot be read: {error.detail}."
        if not managed.is_marked(text):
            return f"{self.files.path} was changed and is not whole."
        self._sound = text
        return None

    def difference(self, goal: Goal, generation: str) -> Difference:
        """See :meth:`.base.Driver.difference`."""
        text, now = self.files.read(), time.monotonic()
        if self._alike[:2] == (goal, text) and now - self._alike[2] < _FRESH:
            return NONE
        there, wanted = managed.meaning(text), managed.meaning(self.render(goal, generation))
        if there == wanted:
            self._alike = (goal, text, now)
            return NONE
        old, new = (grammar.render(mask_items(items)) for items in (there, wanted))
        lines = difference.lines(old, new, "on the disk", "wanted", context=1)
        return Difference(lines or difference.UNSEEN, difference.plugins(there, wanted))

    def instances(self) -> tuple[int, ...]:
        """See :meth:`.base.Driver.instances`."""
        programs = dict.fromkeys((self._settings.binary, *self.daemon.programs()))
        found = [each for program in programs for each in process.with_config(program, self._settings.config_file)]
        # One that took the place of another reads a file of its own, and one in a container has files of its own.
        found += [*self.daemon.launched().values(), *filter(None, [self._listener.find()])]
        return tuple(sorted({each.pid for each in found}))

    def start(self) -> None:
        """Start it where it does not run, and wait until it is ready; who runs it may leave a record of it, where that
        can be written.

        :raises DaemonNotStarted: it does not come up
        """
        self.await_ready(self.daemon.start())

    def await_ready(self, process: Process, wire: WireClient | None = None, beside: Process | None = None) -> None:
        """Wait until it answers and reads.

        :param wire: where it answers; None: where the daemon does
        :param beside: a process beside which it is to be, for as long as it starts

        :raises DaemonNotStarted: it ended, or the time was over; with what it logged
        """
        deadline = time.monotonic() + self._settings.start_timeout
        while not self._ready(process, wire or self.wire):
            if not process.alive():
                raise self.not_started("collectd ended while it started.")
            if beside is not None and not beside.alive():
                raise self.not_started("The old collectd ended while the new one started.")
            if time.monotonic() > deadline:
                raise self.not_started(f"collectd was not ready after {self._settings.start_timeout:g} s.")
            time.sleep(0.01)

    def not_started(self, detail: str) -> exception.DaemonNotStarted:
        return exception.DaemonNotStarted(detail, messages=list(self.daemon.messages()))

    def drain(self, process: Process | None = None) -> None:
        """Ask the daemon, if it is this process, to take no operation any more: it is about to be stopped."""
        try:
            self.wire.call("drain", {} if process is None else {"pid": process.pid})
        except SILENCE:
            return

    def log(self, request_id: str, text: str) -> None:
        """Leave a line in collectd's own log, as an operation inside it does; no line is no reason to fail."""
        try:
            self.wire.call("operation_log", {"text": text}, request_id=request_id)
        except exception.CollectdMgrError as error:
            LOG.warning("collectd's log has no line of request %s: %s", request_id, error)

    def _ready(self, process: Process, wire: WireClient) -> bool:
        """collectd starts its read threads after the last init callback, so by then everything is registered."""
        if not any(name.startswith("reader#") for name in process.threads()):
            return False
        try:
            return bool(wire.hello()["pid"] == process.own_pid)
        except SILENCE:
            return False


def _silent(process: Process) -> Running:
    return Running(process.own_pid, process.started, since_boot=process.since_boot)


def _daemon(settings: DriverSettings, wire: WireClient) -> Daemon:
    if settings.daemon == "attached":
        return AttachedDaemon(wire)
    if settings.daemon == "commands":
        return CommandsDaemon(settings, wire)
    if settings.daemon == "systemd":
        return SystemdDaemon(settings, wire)
    return ChildDaemon(settings, launcher_of(settings))
