# SPDX-License-Identifier: Apache-2.0
"""From the daemon to the disk: notifications, in their order, each once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from collectd_mgr import exception
from collectd_mgr.domain.mutes import muted
from collectd_mgr.domain.notifications import Batch, Notification, Position, collapsed
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.domain.sections import Settings
from collectd_mgr.publisher.losses import Losses
from collectd_mgr.publisher.spool import Spool

LOG = logging.getLogger(__name__)

#: How many are taken at once: all that the extension keeps.
_LIMIT = 10_000

#: How long the extension is asked to wait for the first one, in seconds.
_WAIT = 20.0

#: Between two readings: what comes meanwhile comes together, and goes to the disk in one write.
_PACE = 0.2

#: The same while somebody says the same again and again: that many become one.
_PACE_IN_A_FLOOD = 2.0

#: After an error.
_PAUSE = 1.0

#: What is in the files is on the disk this much later, at the latest, in seconds.
_SYNC = 1.0


#: What may be lost.
_DROPPED, _CUT_OFF = "notifications", "streams of notifications"


class Read(Protocol):
    """The daemon's notifications after a position: at most ``limit``, waiting up to ``wait`` seconds for the first."""

    def __call__(self, position: Position, limit: int, wait: float) -> Batch: ...


class Feeder:
    """:meth:`run` from one thread.

    :param mutes: the settings of the section ``mutes`` that are in force
    """

    def __init__(self, read: Read, spool: Spool, mutes: Callable[[], Settings], losses: Losses | None = None) -> None:
        self._read = read
        self._spool = spool
        self._mutes = mutes
        self._position = _position(spool)
        self._patience = _WAIT
        self._pace = _PACE
        self._synced = 0.0
        self._losses = losses or Losses()

    @property
    def dropped(self) -> int:
        """How many the daemon had to drop because nobody took them in time."""
        return self._losses[_DROPPED]

    @property
    def cut_off(self) -> int:
        """How often a daemon ended without handing on what it had: it died. What that was, nobody knows."""
        return self._losses[_CUT_OFF]

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set; a daemon that is away, or a full disk, does not end it."""
        while not stop.is_set():
            try:
                stop.wait(self._pace if self.round() else 0)
            except exception.CollectdMgrError as error:
                LOG.debug("Notifications cannot be read: %s", error.detail)
                stop.wait(_PAUSE)
            except Exception:
                LOG.exception("Notifications could not be kept; they stay where they are.")
                stop.wait(_PAUSE)

    def round(self) -> int:
        """Take what there is; how many that were. An error leaves everything to the next round."""
        batch = self._read(self._position, _LIMIT, self._patience)
        self._patience = _WAIT
        self._follow(batch)
        if batch.rows:
            self._keep(batch)
            self._patience = _SYNC
        if not batch.rows or time.monotonic() - self._synced > _SYNC:
            self._spool.sync()
            self._synced = time.monotonic()
        return len(batch.rows)

    def _follow(self, batch: Batch) -> None:
        """Notice another stream; a daemon that ends in order has the next one go on with its own."""
        if batch.stream != self._position.stream:
            self._losses.add(_CUT_OFF, bool(self._position.stream))
            # What was not dropped of those before was taken by an agent that is forgotten here.
            self._position = Position(batch.stream, max(0, batch.first - 1 - batch.dropped))

    def _keep(self, batch: Batch) -> None:
        rows, mutes = collapsed(batch.rows), self._mutes()
        self._pace = _PACE_IN_A_FLOOD if len(rows) < len(batch.rows) else _PACE
        self._spool.append([_entry(row, batch.position, mutes) for row in rows])
        self._losses.add(_DROPPED, batch.first - 1 - self._position.after)
        self._position = batch.position


def _entry(row: Notification, position: Position, mutes: Settings) -> dict[str, Any]:
    """The position is in each entry, so that both are in the file, or neither."""
    meta = {name: mask_text(value) if isinstance(value, str) else value for name, value in row.meta.items()}
    shown = replace(row, message=mask_text(row.message), meta=meta)
    return {**shown.to_dict(), "muted": muted(mutes, row), "position": position.to_dict()}


def _position(spool: Spool) -> Position:
    last = spool.last()
    return Position(**last.data["position"]) if last else Position()
