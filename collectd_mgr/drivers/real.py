# SPDX-License-Identifier: Apache-2.0
"""What the drivers of a real collectd do alike: whatever is no change."""

from __future__ import annotations

from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.difference import Difference
from collectd_mgr.domain.notifications import Batch, Notification, Position
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers.base import Driver, DriverSettings
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.reader import Reader


class RealDriver(Driver):
    """The contract's reads, and what lies on the disk for the next process, of the one collectd of this host."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._collectd = Collectd(settings)
        self._reader = Reader(self._collectd.wire)

    def observe(self) -> Running:
        return self._collectd.observe()

    def at_next_start(self, goal: Goal, generation: str) -> None:
        self._collectd.at_next_start(goal, generation)

    def flaw(self) -> str | None:
        return self._collectd.flaw()

    def difference(self, goal: Goal, generation: str) -> Difference:
        return self._collectd.difference(goal, generation)

    def instances(self) -> tuple[int, ...]:
        return self._collectd.instances()

    def release(self) -> bool:
        try:
            return not self._collectd.wire.call("output_free")["gate"]
        except exception.CollectdMgrError:
            return False

    def metrics(self, query: Query) -> Page:
        return self._reader.metrics(query)

    def values(self, query: Query) -> Page:
        return self._reader.values(query)

    def notifications(self, position: Position, limit: int, wait: float) -> Batch:
        return self._reader.notifications(position, limit, wait)

    def notify(self, notification: Notification, request_id: str) -> None:
        self._reader.notify(notification, request_id)

    def flush(self, flush: Flush, request_id: str) -> dict[str, Any]:
        return self._reader.flush(flush, request_id)

    def close(self) -> None:
        self._collectd.wire.close()
