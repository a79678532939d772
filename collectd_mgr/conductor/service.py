# SPDX-License-Identifier: Apache-2.0
"""The conductor as a service: its parts put together, and its threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from collectd_mgr import exception
from collectd_mgr.conductor.clocks import ClockWatch
from collectd_mgr.conductor.errands import Errands
from collectd_mgr.conductor.events import Events
from collectd_mgr.conductor.history import History
from collectd_mgr.conductor.lost import Lost
from collectd_mgr.conductor.notifications import Notifications
from collectd_mgr.conductor.resend import Resend
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.conductor.statuses import Statuses
from collectd_mgr.control.clocks import Clocks
from collectd_mgr.control.events import Telling
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.rpc import notifications as heard
from collectd_mgr.rpc import status
from collectd_mgr.rpc.identity import HostKeys
from collectd_mgr.rpc.ping import Ping
from collectd_mgr.rpc.telemetry import Telemetry
from collectd_mgr.rpc.transport import Outlet

LOG = logging.getLogger(__name__)


class ConductorService:
    """One of any number. ``start`` once, ``stop`` once.

    :param lasting: for what must not be lost, where that is another transport than ``notifications``
    :param telemetry: to Ceilometer, ``None`` where it is not wanted
    :param project: the project that events belong to
    :param keys: by which hosts are believed
    """

    def __init__(
        self,
        settings: ConductorSettings,
        control: HostControl,
        rpc: Any,
        notifications: Any,
        lasting: Outlet | None = None,
        telemetry: Outlet | None = None,
        project: str = "",
        keys: HostKeys | None = None,
    ) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._errands = Errands(settings.workers)
        self._ping = Ping(rpc)
        self._lost = Lost(control, self._ping, settings.window)
        self._resend = Resend(control, self._errands, settings.resend_interval, settings.call_timeout)
        clocks = ClockWatch(Clocks(control.database, control.agents), self._errands, settings.call_timeout)
        statuses = Statuses(control, self._errands, clocks, settings.call_timeout, self._resend.soon)
        batches = settings.batch_size, settings.batch_timeout
        self._listener = status.listener(notifications, statuses.receive, *batches, keys=keys)
        self._notifications = Notifications(
            control.database, settings.notification_retention, settings.notification_limit
        )
        self._history = History(control.database, settings)
        bus = Telemetry(telemetry, "conductor") if telemetry else None
        self._events = Events(Telling(control.database, project), bus)
        self._heard = heard.listener(
            lasting or Outlet(notifications),
            self._notifications.receive,
            keys=keys,
            lifetime=settings.notification_retention,
        )
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Does not wait for the bus."""
        jobs = (self._listen, self._hear, self._send_again, self._look_for_lost, self._tell, self._purge, self._prune)
        for job in jobs:
            thread = threading.Thread(target=job, name=job.__qualname__, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """When what is under way is done."""
        self._stop.set()
        self._resend.soon()
        for thread in reversed(self._threads):
            thread.join(timeout=10)
        if not self._threads[0].is_alive():
            self._listener.stop()
            self._listener.wait()
            self._ping.stop()
        if not self._threads[1].is_alive():
            self._heard.stop()
            self._heard.wait()
        self._errands.stop()

    def _listen(self) -> None:
        """oslo.messaging waits here for a bus that is away, for as long as it takes."""
        self._ping.start()
        self._listener.start()

    def _hear(self) -> None:
        """As :meth:`_listen`."""
        self._heard.start()

    def _tell(self) -> None:
        while not self._events.wait(self._stop):
            self._guarded(self._events.round)

    def _purge(self) -> None:
        while not self._notifications.wait(self._stop):
            self._guarded(self._notifications.purge)

    def _prune(self) -> None:
        while not self._history.wait(self._stop):
            self._guarded(self._history.prune)

    def _send_again(self) -> None:
        while not self._stop.is_set():
            self._guarded(self._resend.round)
            self._resend.wait(self._stop)

    def _look_for_lost(self) -> None:
        while not self._stop.wait(self._settings.heartbeat_interval / 2):
            self._guarded(self._lost.look)

    def _guarded(self, job: Callable[[], object]) -> None:
        """An error does not end the work; a database that is away, which is no defect and may last, costs a line."""
        try:
            job()
        except exception.DatabaseUnreachable as error:
            LOG.error("%s is tried again: %s", job.__qualname__, error.detail)
        except Exception:
            LOG.exception("%s failed; it is tried again.", job.__qualname__)
