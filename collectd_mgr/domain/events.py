# SPDX-License-Identifier: Apache-2.0
"""Events as Ceilometer and Aodh take them: which there are, and what each of them tells.

What Ceilometer cannot read it takes again and again, for ever. So times are ISO 8601 with a zone, numbers finite, and
texts of a bounded length and of whole characters. :data:`TRAITS` is what is promised; the definitions that operators
install (``etc/ceilometer``) are held to it by a test.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from collectd_mgr.domain.notifications import FAILURE, OKAY, Notification

#: What a threshold says, and everything else that collectd says.
THRESHOLD = "collectd_mgr.threshold.crossed"
OTHER = "collectd_mgr.notification"

#: What the service says itself.
HOST_UP = "collectd_mgr.host.up"
HOST_DOWN = "collectd_mgr.host.down"
OPERATION_FAILED = "collectd_mgr.operation.failed"

#: What an agent says itself.
LEASE_ENDED = "collectd_mgr.lease.ended"

#: Many samples in one message; Ceilometer makes no event of it.
SAMPLES = "collectd_mgr.samples"

TEXT, INTEGER, FLOAT, TIME = "text", "int", "float", "datetime"

_EVERY = {
    "id": TEXT,
    "resource_id": TEXT,
    "project_id": TEXT,
    "user_id": TEXT,
    "host": TEXT,
    "plugin": TEXT,
    "severity": TEXT,
    "message": TEXT,
    "timestamp": TIME,
}

_SAID = {**_EVERY, "identifier": TEXT, "count": INTEGER, "since": TIME, "value": FLOAT}

_OPERATION = ("operation", "action", "setting", "code", "request_id", "requester", "requester_project")

#: Event type -> the names in its payload, and their types as traits. ``value`` may be absent.
TRAITS: dict[str, dict[str, str]] = {
    THRESHOLD: _SAID,
    OTHER: _SAID,
    HOST_UP: {**_EVERY, "since": TIME},
    HOST_DOWN: {**_EVERY, "since": TIME},
    OPERATION_FAILED: {**_EVERY, **dict.fromkeys(_OPERATION, TEXT)},
    LEASE_ENDED: {**_EVERY, **dict.fromkeys(("lease", "section", "setting"), TEXT)},
}

#: The ids of hosts as resources, and of events, are made in this namespace: the same on every run.
NAMESPACE = uuid.UUID("7a4c0f5c-3c0e-4b53-9a3b-0f6b3b0d3d11")

#: What collectd's threshold plugin puts beside its message: the value that crossed.
_VALUE = "CurrentValue"

#: Of a text, in characters.
_LONGEST = 1000

Payload = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """``payload`` has the names of :data:`TRAITS`; its ``id`` is the same when the event is sent twice."""

    type: str
    payload: Payload


@dataclass(frozen=True)
class About:
    """A host, and the project in whose name its events and samples are."""

    host: str
    project: str

    def facts(self) -> Payload:
        """What everything that is sent begins with."""
        host = {"host": self.host, "resource_id": resource_id(self.host)}
        return {**host, "project_id": self.project, "user_id": ""}

    def event(self, type_: str, name: str, time: float, severity: str, message: str, **more: Any) -> Event:
        """:param name: of the event: another one for each"""
        told = {"id": _id(f"{self.host}/{name}"), "plugin": "", "severity": severity.upper(), "message": text(message)}
        return Event(type_, {**self.facts(), **told, "timestamp": iso(time), **more})


def said(about: About, what: Notification, number: int) -> Event:
    """A notification of collectd's, the ``number``-th of its host."""
    value = what.meta.get(_VALUE)
    more = {"plugin": text(what.plugin), "identifier": text(what.identifier), "count": what.count}
    measured = {"value": value} if finite(value) else {}
    type_ = THRESHOLD if _VALUE in what.meta else OTHER
    return about.event(
        type_, str(number), what.time, what.severity, what.message, since=iso(what.began), **more, **measured
    )


def host_up(about: About, heard: float) -> Event:
    """``heard``: when it was heard last, in seconds since 1970."""
    message = f"{about.host} is up."
    return about.event(HOST_UP, f"up/{heard}", heard, OKAY, message, since=iso(heard))


def host_down(about: About, heard: float, now: float) -> Event:
    """As :func:`host_up`, of a host that is not heard any more."""
    message = f"{about.host} is down: nothing was heard of it since {iso(heard)}."
    return about.event(HOST_DOWN, f"down/{heard}", now, FAILURE, message, since=iso(heard))


def operation_failed(about: About, time: float, error: Mapping[str, Any], facts: Mapping[str, str]) -> Event:
    """An operation that ended as failed at ``time``.

    :param error: of the operation, masked: ``code`` and ``detail``
    :param facts: ``plugin``, and what :data:`TRAITS` names of an operation besides the code
    """
    told = {key: text(value) for key, value in {**facts, "code": error.get("code", "")}.items()}
    message = str(error.get("detail") or error.get("code") or "")
    return about.event(OPERATION_FAILED, f"failed/{facts['operation']}", time, FAILURE, message, **told)


def lease_ended(about: About, time: float, lease: str, plugin: str, section: str, setting: str) -> Event:
    """The time of a setting was over: of ``plugin``, or of ``setting`` in ``section``."""
    message = f"The time of {plugin or f'{setting} in {section}'} is over on {about.host}."
    told = {"plugin": plugin, "lease": lease, "section": section, "setting": setting}
    shown = {key: text(value) for key, value in told.items()}
    return about.event(LEASE_ENDED, f"lease/{lease}", time, OKAY, message, **shown)


def resource_id(host: str) -> str:
    """The id of a host as Gnocchi and Aodh know it."""
    return _id(host)


def _id(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, text(name, None)))


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601, in UTC; the beginning of 1970 for what is no time."""
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError, TypeError):
        return "1970-01-01T00:00:00.000Z"


def finite(value: object) -> bool:
    """Whether it is a number that every consumer can hold."""
    try:
        return isinstance(value, (int, float)) and math.isfinite(value)
    except OverflowError:
        return False


def text(value: object, longest: int | None = _LONGEST) -> str:
    """Whole characters only, none of them NUL, and at most ``longest``."""
    whole = str(value)[:longest].encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\0", "?")
