# SPDX-License-Identifier: Apache-2.0
"""Connections that were used a moment ago.

The pool tries each one that it gives out and resets each one that comes back: two round trips, where a whole
transaction is no more than four or five. One that answered a moment ago needs neither.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

#: Seconds for which a connection that has just answered is taken to be alive.
_MOMENT = 1.0

#: More than this many are given back to the pool.
_LIMIT = 8


class Warm:
    """The last ones used of ``engine``'s pool; may be used from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._idle: deque[tuple[float, Connection]] = deque()

    @contextmanager
    def connection(self, engine: Engine) -> Iterator[Connection]:
        """One with no transaction open; it must have none open in the end. After an exception it is not kept."""
        connection = self._taken() or engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        # SQLite's belong to the thread that opened them.
        if len(self._idle) < _LIMIT and connection.dialect.name != "sqlite":
            self._idle.append((self._clock(), connection))
        else:
            connection.close()

    def _taken(self) -> Connection | None:
        """The one that was used last: the others grow old if there are more than are needed."""
        try:
            since, connection = self._idle.pop()
        except IndexError:
            return None
        if self._clock() - since < _MOMENT:
            return connection
        connection.close()
        self.close()
        return None

    def close(self) -> None:
        """Give all of them back to the pool. Safe to repeat, and whoever else takes some of them meanwhile."""
        while True:
            try:
                _, connection = self._idle.popleft()
            except IndexError:
                return
            connection.close()
