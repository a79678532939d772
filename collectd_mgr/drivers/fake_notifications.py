# SPDX-License-Identifier: Apache-2.0
"""What the in-memory collectd says, until somebody has it safe."""

from __future__ import annotations

import threading
import uuid

from collectd_mgr.domain.notifications import Batch, Notification, Position


class Said:
    """One stream, that never has to drop anything."""

    def __init__(self) -> None:
        self._stream = uuid.uuid4().hex
        self._rows: list[Notification] = []
        self._first = 1
        self._came = threading.Condition()

    def add(self, notification: Notification) -> None:
        with self._came:
            self._rows.append(notification)
            self._came.notify_all()

    def read(self, position: Position, limit: int, wait: float) -> Batch:
        with self._came:
            if position.stream == self._stream:
                done = min(max(0, position.after - self._first + 1), len(self._rows))
                del self._rows[:done]
                self._first += done
            self._came.wait_for(lambda: self._rows, wait)
            return Batch(self._stream, self._first, tuple(self._rows[:limit]))
