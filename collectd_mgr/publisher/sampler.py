# SPDX-License-Identifier: Apache-2.0
"""Chosen metrics as samples for Ceilometer: many in one message, and none that it could choke on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from collectd_mgr.domain import events
from collectd_mgr.domain.columns import Row
from collectd_mgr.domain.metrics import Identifier
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
    """From the daemon into the spool; :meth:`run` from one thread.

    :param host: in whose name it is sent
    :param hostname: how the daemon calls it; empty: not known. What bears another name (a guest's, a switch's) is sent
        in that one's: those of several hosts are one series to nobody
    """

    def __init__(
        self,
        watch: Watch,
        spool: Spool,
        host: str,
        losses: Losses | None = None,
        hostname: Callable[[], str] = lambda: "",
    ) -> None:
        self._watch = watch
        self._spool = spool
        self._host = host
        self._losses = losses or Losses()
        self._hostname = hostname

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
        good = [each for each in found if each is not None]
        hosts = self._by_host(good).items()
        return [message for host, those in hosts for message in _messages(host, those)], len(found) - len(good)

    def _by_host(self, found: Iterable[Sample]) -> dict[str, list[Sample]]:
        own, hosts = self._hostname(), dict[str, list[Sample]]()
        for each in found:
            named = Identifier.of(each.identifier).host
            hosts.setdefault(self._host if own in ("", named) else events.text(named), []).append(each)
        return hosts


def _messages(host: str, found: Sequence[Sample]) -> Iterator[dict[str, Any]]:
    for begin in range(0, len(found), _BATCH):
        yield {"host": host, "samples": [shown(host, each) for each in found[begin : begin + _BATCH]]}


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
        self._about = about

    def send(self, entries: Sequence[Entry]) -> None:
        """:raises NotSent:"""
        for entry in entries:
            # An agent of an earlier release has not written whose they are.
            about = replace(self._about, host=entry.data.get("host", self._about.host))
            self._bus.send(events.SAMPLES, {**about.facts(), **entry.data})
