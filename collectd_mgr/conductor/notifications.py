# SPDX-License-Identifier: Apache-2.0
"""What the hosts say of their own accord: kept for a while."""

from __future__ import annotations

import threading

from collectd_mgr.control import notifications
from collectd_mgr.db.engine import Database
from collectd_mgr.rpc.notifications import Payload

#: Between two looks for what is too old, in seconds.
_ROUND = 60.0


class Notifications:
    """``retention`` in seconds; ``limit`` rows are kept at most."""

    def __init__(self, database: Database, retention: float, limit: int) -> None:
        self._database = database
        self._retention = retention
        self._limit = limit

    def receive(self, payloads: list[Payload]) -> None:
        """Store a batch. Safe to repeat."""
        notifications.store(self._database, payloads)

    def purge(self) -> int:
        """Forget what is too old, or too much; how many. Conductors that do it at once are in nobody's way."""
        total = 0
        while gone := notifications.purge(self._database, self._retention, self._limit):
            total += gone
        return total

    @staticmethod
    def wait(stop: threading.Event) -> bool:
        """Until the next :meth:`purge` is due; true when it is time to end."""
        return stop.wait(_ROUND)
