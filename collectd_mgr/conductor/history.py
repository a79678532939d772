# SPDX-License-Identifier: Apache-2.0
"""What was, as far as it is kept."""

from __future__ import annotations

import threading

from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.control import history
from collectd_mgr.db.engine import Database

#: Between two looks for what is too old or too much, in seconds.
_ROUND = 600.0


class History:
    """The newest generations of each host; of operations, what went wrong for a while, and the rest for longer."""

    def __init__(self, database: Database, settings: ConductorSettings) -> None:
        self._database = database
        self._kept = settings.generations_kept
        self._ages = {"details": settings.operation_retention, "records": settings.audit_retention}

    def prune(self) -> int:
        """Forget what is beyond that; how much. Conductors that do it at once are in nobody's way."""
        return history.prune(self._database, self._kept) + history.purge(self._database, **self._ages)

    @staticmethod
    def wait(stop: threading.Event) -> bool:
        """Until the next :meth:`prune` is due; true when it is time to end."""
        return stop.wait(_ROUND)
