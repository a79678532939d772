# SPDX-License-Identifier: Apache-2.0
"""What the hosts say, batch by batch, into the records; and whose whole status is to be asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable

from collectd_mgr import exception
from collectd_mgr.conductor.clocks import ClockWatch
from collectd_mgr.conductor.errands import Errands
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.rpc.status import Reports

LOG = logging.getLogger(__name__)


class Statuses:
    """``heard`` is called after each batch: a host may be back."""

    def __init__(
        self, control: HostControl, errands: Errands, clocks: ClockWatch, timeout: float, heard: Callable[[], None]
    ) -> None:
        self._control = control
        self._errands = errands
        self._clocks = clocks
        self._timeout = timeout
        self._heard = heard

    def receive(self, reports: Reports) -> None:
        """Store a batch. Safe to repeat."""
        for host in self._stored(reports):
            self._errands.run("status", host, self._ask)
        self._clocks.look(reports)
        self._heard()

    def _stored(self, reports: Reports) -> tuple[str, ...]:
        """Whose status is to be asked for. What one host says wrong is not to cost the others theirs."""
        try:
            return self._control.receive(reports)
        except exception.DatabaseUnreachable:
            raise
        except Exception:
            parts = reports.by_host()
            if len(parts) < 2:
                LOG.exception("What %s says cannot be stored.", [beat.get("host") for beat in reports.heartbeats])
                return ()
        return tuple(host for part in parts for host in self._stored(part))

    def _ask(self, host: str) -> None:
        self._control.settle(host, self._control.agents.status(host, timeout=self._timeout))
