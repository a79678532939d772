# SPDX-License-Identifier: Apache-2.0
"""Clocks of hosts beside this one: measured over the bus, and kept in the record for the list of hosts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collectd_mgr.db import hosts
from collectd_mgr.db.engine import Database, retried
from collectd_mgr.domain import clock
from collectd_mgr.domain.clock import Exchange, Reading
from collectd_mgr.rpc.agent import AgentAPI

#: Of the time that a caller has, how much a time service may take to measure anew.
_SHARE = 0.6


@dataclass(frozen=True)
class Measured:
    """A reading of a host's clocks, and the exchange over the bus that brought it."""

    reading: Reading
    exchange: Exchange

    @property
    def state(self) -> str:
        return clock.state(self.exchange, self.reading)


class Clocks:
    """``now``: the clock that the others are compared with, in seconds since 1970."""

    def __init__(self, database: Database, agents: AgentAPI, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._agents = agents
        self._now = now

    def measure(self, name: str, request_id: str = "", timeout: float | None = None) -> Measured:
        """The host's clocks now, by NTP's four timestamps; the record keeps what they came to. Safe to repeat.

        :raises AgentUnreachable: nothing is kept then
        """
        sent = self._now()
        reading = self._agents.clock(name, request_id=request_id, timeout=timeout)
        measured = Measured(reading, reading.exchange(sent, self._now()))
        self._keep(name, measured)
        return measured

    def sync(self, name: str, step: bool, request_id: str, timeout: float) -> tuple[Measured, dict[str, Any], Measured]:
        """Have the host's time service correct its clock: what was before, what was asked, what is after.

        A clock that is slewed takes its time: what is after may not differ much yet.

        :raises ClockStepDenied, ClockSyncFailed, HostNotManaged, NoTimeSource: nothing was changed
        """
        before = self.measure(name, request_id, timeout)
        asked = self._agents.clock_sync(name, step, timeout * _SHARE, request_id=request_id, timeout=timeout)
        return before, asked, self.measure(name, request_id, timeout)

    @retried
    def _keep(self, name: str, measured: Measured) -> None:
        with self._database.writer() as session:
            hosts.clocked(session, name, measured.state, measured.exchange.offset, measured.exchange.error)
