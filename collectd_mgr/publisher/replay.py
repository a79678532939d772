# SPDX-License-Identifier: Apache-2.0
"""What the ring holds, as samples to the bus when somebody asks: page by page, each when the bus has the last."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from collectd_mgr import disk, exception
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.publisher.losses import Losses

LOG = logging.getLogger(__name__)

#: Rows that are published at once: what they give fits into the smallest spool.
_PAGE = 200

#: Messages that may wait for the bus when the next page comes.
_AHEAD = 4

#: Orders that may wait.
_MOST = 16

#: Between two looks at what there is to be done, in seconds: while there is something, and while there is not.
_SOON, _LATER = 0.05, 0.5

#: After an error, in seconds.
_PAUSE = 5.0

#: What may be lost.
_FAILED = "orders to publish recent values"


class Replay:
    """:meth:`run` from one thread, :meth:`ask` from any.

    :param file: where it is written down what is yet to be published; the next agent goes on with it
    :param read: a page of the ring
    :param put: has a page published, or raises OSError where the disk has no room
    :param waiting: how many messages wait for the bus
    """

    def __init__(
        self,
        file: Path,
        read: Callable[[RingQuery], Page],
        put: Callable[[Page], None],
        waiting: Callable[[], int],
        losses: Losses | None = None,
    ) -> None:
        self._file = file
        self._read = read
        self._put = put
        self._waiting = waiting
        self._losses = losses or Losses()
        self._lock = threading.Lock()
        self._stuck = False
        self._orders = disk.read(file, _understood, list[RingQuery]())

    def ask(self, query: RingQuery) -> int:
        """Have these values published, after what was asked for before; how many orders there are now.

        :raises Busy: too many wait
        """
        with self._lock:
            if len(self._orders) >= _MOST:
                raise exception.Busy(f"{_MOST} orders to publish recent values wait already.", plugin="")
            self._write([*self._orders, replace(query, limit=_PAGE, marker=None)])
            return len(self._orders)

    @property
    def orders(self) -> int:
        """Those that are not done yet."""
        return len(self._orders)

    @property
    def failed(self) -> int:
        """Those of which not all could be published."""
        return self._losses[_FAILED]

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set, whatever happens to the disk."""
        while not stop.is_set():
            try:
                if not self.round():
                    stop.wait(_SOON if self._orders else _LATER)
                self._stuck = False
            except Exception:
                # A disk stays full for long, and the log may be on it.
                level = logging.DEBUG if self._stuck else logging.ERROR
                LOG.log(level, "Recent values could not be published; it is tried again.", exc_info=True)
                self._stuck = True
                stop.wait(_PAUSE)

    def round(self) -> bool:
        """Have one page published, if the bus has those before; whether it was so. A kill in it sends a page twice.

        :raises OSError: the disk has no room, and may have it the next time; nothing is lost of the order
        """
        if not self._orders or self._waiting() > _AHEAD:
            return False
        order = self._orders[0]
        page = self._published(order)
        with self._lock:
            left = [] if page.marker is None else [replace(order, marker=page.marker)]
            self._write([*left, *self._orders[1:]])
        return True

    def _published(self, order: RingQuery) -> Page:
        """The page of it that is published now; an empty last one of an order that will not do."""
        try:
            page = self._read(order)
            self._put(page)
        except (exception.CollectdMgrError, ValueError, TypeError, LookupError) as error:
            self._losses.add(_FAILED, 1, error)
            return Page()
        return page

    def _write(self, orders: list[RingQuery]) -> None:
        disk.replace(self._file, json.dumps([order.to_dict() for order in orders]))
        self._orders = orders


def _understood(data: Iterable[Mapping[str, Any]]) -> list[RingQuery]:
    return [RingQuery.from_dict(order) for order in data]
