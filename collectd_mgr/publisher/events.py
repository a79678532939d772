# SPDX-License-Identifier: Apache-2.0
"""Notifications for Ceilometer and Aodh: one event each, for Aodh looks at events one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectd_mgr.domain import events
from collectd_mgr.domain.events import About
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.publisher.segment import Entry
from collectd_mgr.rpc.telemetry import Telemetry


class Events:
    """Of one host. The muted ones are left out."""

    def __init__(self, bus: Telemetry, about: About) -> None:
        self._bus = bus
        self._about = about
        #: The newest that the bus has confirmed: a batch that broke off goes on after it.
        self._sent = 0

    def send(self, entries: Sequence[Entry]) -> None:
        """:raises NotSent:"""
        for entry in entries:
            if entry.number > self._sent and entry.data.get("muted") is None:
                event = events.said(self._about, Notification.from_dict(entry.data), entry.number)
                self._bus.send(event.type, event.payload)
            self._sent = max(self._sent, entry.number)


def rows(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Entries as the conductors take them: each with its number, without what is the agent's own."""
    return [
        {**{key: value for key, value in entry.data.items() if key != "position"}, "number": entry.number}
        for entry in entries
    ]
