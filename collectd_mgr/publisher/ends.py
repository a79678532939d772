# SPDX-License-Identifier: Apache-2.0
"""Ends of leases, from the agent that ends them to the bus; on the disk while that is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from collectd_mgr.domain import events
from collectd_mgr.domain.events import About
from collectd_mgr.domain.spec import Layer
from collectd_mgr.publisher.courier import Courier
from collectd_mgr.publisher.losses import Losses
from collectd_mgr.publisher.segment import Entry
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.rpc.telemetry import Telemetry

LOG = logging.getLogger(__name__)

#: What may be lost.
_LOST = "ends of leases"


class Ends:
    """Of one host."""

    def __init__(self, spool: Spool, about: About, losses: Losses | None = None) -> None:
        self._spool = spool
        self._about = about
        self._losses = losses or Losses()

    def tell(self, layer: Layer) -> None:
        """Keep the event. Told twice, it has the same ``id``. A full disk loses it: a lease ends all the same."""
        plugin, setting = layer.subject
        section = "" if plugin else next(iter(layer.sections), "")
        event = events.lease_ended(self._about, time.time(), layer.id, plugin, section, setting)
        try:
            self._spool.append([{"type": event.type, "payload": event.payload}])
            self._spool.sync()
        except OSError as error:
            self._losses.add(_LOST)
            LOG.error("Nobody will be told of the end of %s: %s", layer.id, error)

    def courier(self, bus: Telemetry) -> Courier:
        """What brings them to ``bus``, one by one."""

        def send(entries: Sequence[Entry]) -> None:
            for entry in entries:
                bus.send(entry.data["type"], entry.data["payload"])

        return Courier(self._spool.reader("telemetry"), send, batch=1)

    def facts(self) -> dict[str, Any]:
        """See :meth:`Spool.facts`; the disk had no room for those that are ``lost``."""
        return {**self._spool.facts(), "lost": self._losses[_LOST]}
