# SPDX-License-Identifier: Apache-2.0
"""Chosen metrics as samples for Ceilometer: many in one message, and none that it could choke on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from collectd_mgr.domain import events
from collectd_mgr.domain.columns import Row
from collectd_mgr.domain.samples import Sample, samples, shared
from collectd_mgr.publisher.losses import Losses
from collectd_mgr.publisher.segment import Entry
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.publisher.watch import Watch
from collectd_mgr.rpc.telemetry import Telemetry

#: Samples in one message.
_BATCH = 100

#: How far in the future a value may be, in seconds. With one of next year Gnocchi takes nothing more of that metric
#: until then, and with one beyond 2262 nothing of the message.
_AHEAD = 3600.0

#: What may be lost.
_DROPPED, _LOST = "values that are no samples", "samples"


class Sampler:
    """From the daemon into the spool; :meth:`run` from one thread."""

    def __init__(self, watch: Watch, spool: Spool, host: str, losses: Losses | None = None) -> None:
        self._watch = watch
        self._spool = spool
        self._host = host
        self._losses = losses or Losses()

    @property
    def dropped(self) -> int:
        """How many values were no finite numbers, or of the future, and left out."""
        return self._losses[_DROPPED]

    @property
    def lost(self) -> int:
        """How many samples the disk had no room for."""
        return self._losses[_LOST]

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set, whatever happens to the daemon or to the disk."""
        self._watch.run(stop, self.round, "Samples could not be taken.")

    def round(self, now: float) -> None:
        """Take what is due at ``now``. What the disk does not take is counted, for it will not come again."""
        for name, _, rows in self._watch.look(now):
            messages, dropped = self._messages(shared(name, self._watch.choices, rows))
            self._losses.add(_DROPPED, dropped)
            for message in messages:
                try:
                    self._spool.append([message])
                except OSError as error:
                    self._losses.add(_LOST, len(message["samples"]), error)

    def put(self, rows: Iterable[Row], rates: bool) -> None:
        """Have all of them published, or none. :raises OSError: the disk has no room; safe to repeat then"""
        messages, dropped = self._messages((row, rates) for row in rows)
        if messages:
            self._spool.append(messages)
        self._losses.add(_DROPPED, dropped)

    def _messages(self, rows: Iterable[tuple[Row, bool]]) -> tuple[list[dict[str, Any]], int]:
        """What is to be published of them, of some with rates, and how many values are left out."""
        until = time.time() + _AHEAD
        found = [each for row, rates in rows for each in samples(row, rates, until)]
        good = [shown(self._host, each) for each in found if each is not None]
        batches = [good[begin : begin + _BATCH] for begin in range(0, len(good), _BATCH)]
        return [{"samples": batch} for batch in batches], len(found) - len(good)


def shown(host: str, sample: Sample) -> dict[str, Any]:
    """As Ceilometer takes it."""
    return {
        "name": events.text(sample.name),
        "type": sample.kind,
        "unit": sample.unit,
        "volume": sample.volume,
        "resource_id": events.resource_id(host),
        "timestamp": events.iso(sample.time),
        "identifier": events.text(sample.identifier),
    }


class SampleSender:
    """From the spool to the bus: an entry is a message."""

    def __init__(self, bus: Telemetry, about: events.About) -> None:
        self._bus = bus
        self._facts = about.facts()

    def send(self, entries: Sequence[Entry]) -> None:
        """:raises NotSent:"""
        for entry in entries:
            self._bus.send(events.SAMPLES, {**self._facts, **entry.data})
