# SPDX-License-Identifier: Apache-2.0
"""From the disk to the bus: what the bus did not confirm is sent again, and nothing overtakes it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from collectd_mgr.publisher.cursor import Cursor
from collectd_mgr.publisher.segment import Entry
from collectd_mgr.rpc.confirmed import NotSent

LOG = logging.getLogger(__name__)

#: Entries in one message: 50 of them cost the bus little more than one.
BATCH = 50

#: Between two tries while the bus is away, in seconds: the first, and the longest.
_FIRST, _LONGEST = 0.2, 5.0

#: A look at ``stop`` at least this often, in seconds.
_MOMENT = 0.5


class Courier:
    """One reader of a spool, and where it brings what it reads; :meth:`run` from a thread of its own.

    :param send: gives entries to the bus; raises :class:`NotSent` when it did not take them
    """

    def __init__(self, cursor: Cursor, send: Callable[[Sequence[Entry]], None], batch: int = BATCH) -> None:
        self._cursor = cursor
        self._send = send
        self._batch = batch
        self._pause = 0.0

    @property
    def away(self) -> bool:
        """Whether the bus did not take what it was given last."""
        return bool(self._pause)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                if not self.round():
                    self._cursor.wait(_MOMENT)
            except Exception:
                LOG.exception("What is in the spool could not be read, or its place not be noted.")
                stop.wait(_LONGEST)
            stop.wait(self._pause)

    def round(self) -> int:
        """Send one batch; how many the bus has taken. Those that it has not stay the next ones."""
        entries = self._cursor.peek(self._batch)
        if not entries:
            return 0
        try:
            self._send(entries)
        except NotSent as error:
            if not self._pause:
                LOG.warning("The bus takes nothing; what there is to say is kept on the disk: %s", error)
            self._pause = min(_LONGEST, max(_FIRST, self._pause * 2))
            return 0
        self._pause = 0.0
        self._cursor.done(entries)
        return len(entries)
