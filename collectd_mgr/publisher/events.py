# SPDX-License-Identifier: Apache-2.0
"""Notifications for Ceilometer and Aodh: one event each, for Aodh looks at events one by one.

What Ceilometer cannot read it takes again and again, for ever: so times are ISO 8601 with a zone, and numbers finite.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from collectd_mgr.domain.notifications import Notification
from collectd_mgr.publisher.segment import Entry
from collectd_mgr.rpc.confirmed import Confirmed
from collectd_mgr.rpc.transport import Outlet

TOPIC = "notifications"

#: What a threshold says, and everything else.
THRESHOLD = "collectd_mgr.threshold.crossed"
OTHER = "collectd_mgr.notification"

#: The ids of hosts as resources, and of notifications, are made in this namespace: the same on every run.
NAMESPACE = uuid.UUID("7a4c0f5c-3c0e-4b53-9a3b-0f6b3b0d3d11")

#: What collectd's threshold plugin puts beside its message: the value that crossed.
_VALUE = "CurrentValue"


def resource_id(host: str) -> str:
    """The id of a host as Gnocchi and Aodh know it."""
    return str(uuid.uuid5(NAMESPACE, host))


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601, in UTC; the beginning of 1970 for what is no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return "1970-01-01T00:00:00.000Z"


class Events:
    """Of one host, in the name of a project. The muted ones are left out."""

    def __init__(self, outlet: Outlet, host: str, project: str) -> None:
        self._bus = Confirmed(outlet, f"collectd-mgr.{host}")
        self._host = host
        self._project = project
        #: The newest that the bus has confirmed: a batch that broke off goes on after it.
        self._sent = 0

    def send(self, entries: Sequence[Entry]) -> None:
        """:raises NotSent:"""
        for entry in entries:
            if entry.number > self._sent and entry.data.get("muted") is None:
                said = Notification.from_dict(entry.data)
                payload = self.payload(said, f"{self._host}/{entry.number}")
                self._bus.send(TOPIC, event_type(said), payload, {})
            self._sent = max(self._sent, entry.number)

    def payload(self, said: Notification, name: str) -> dict[str, Any]:
        """The event. ``id`` is the same when it is sent twice."""
        value = said.meta.get(_VALUE)
        measured = {"value": value} if isinstance(value, (int, float)) and math.isfinite(value) else {}
        return {
            "id": str(uuid.uuid5(NAMESPACE, name)),
            "resource_id": resource_id(self._host),
            "project_id": self._project,
            "user_id": "",
            "host": self._host,
            "plugin": said.plugin,
            "identifier": said.identifier,
            "severity": said.severity.upper(),
            "message": said.message,
            "count": said.count,
            "since": iso(said.began),
            "timestamp": iso(said.time),
            **measured,
        }


def event_type(said: Notification) -> str:
    return THRESHOLD if _VALUE in said.meta else OTHER


def rows(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Entries as the conductors take them: each with its number, without what is the agent's own."""
    return [
        {**{key: value for key, value in entry.data.items() if key != "position"}, "number": entry.number}
        for entry in entries
    ]
