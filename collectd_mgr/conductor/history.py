# SPDX-License-Identifier: Apache-2.0
"""What was, as far as it is kept."""

from __future__ import annotations

import threading

from collectd_mgr.control import history
from collectd_mgr.db.engine import Database

#: Between two looks for generations that are too many, in seconds.
_ROUND = 600.0


class History:
    """``kept`` generations of each host."""

    def __init__(self, database: Database, kept: int) -> None:
        self._database = database
        self._kept = kept

    def prune(self) -> int:
        """Forget what is beyond that; how many. Conductors that do it at once are in nobody's way."""
        return history.prune(self._database, self._kept)

    @staticmethod
    def wait(stop: threading.Event) -> bool:
        """Until the next :meth:`prune` is due; true when it is time to end."""
        return stop.wait(_ROUND)
