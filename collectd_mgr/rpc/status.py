# SPDX-License-Identifier: Apache-2.0
"""Heartbeats and statuses, from the agents to any of the conductors, in batches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import oslo_messaging

from collectd_mgr import exception
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc.identity import HostKeys, Identity

LOG = logging.getLogger(__name__)

TOPIC = "collectd_mgr.status"

HEARTBEAT = "host.heartbeat"
STATUS = "host.status"


class _Context(dict[str, Any]):
    """oslo.messaging sends of the context of a notification what this says may be seen by anybody."""

    def redacted_copy(self) -> dict[str, Any]:
        return dict(self)


class StatusNotifier:
    """Sends what one agent has to say. A message that the bus does not take is dropped: a later one says it again.

    :param identity: signs it
    """

    def __init__(self, transport: Any, host: str, identity: Identity | None = None) -> None:
        self._identity = identity
        self._notifier = oslo_messaging.Notifier(
            transport, publisher_id=f"collectd-mgr-agent.{host}", driver="messagingv2", topics=[TOPIC], retry=0
        )

    def heartbeat(self, heartbeat: Mapping[str, Any]) -> None:
        """``HostStatus.heartbeat()``."""
        self._say(HEARTBEAT, dict(heartbeat))

    def status(self, status: HostStatus) -> None:
        self._say(STATUS, status.to_dict())

    def _say(self, event: str, payload: dict[str, Any]) -> None:
        context = _Context(self._identity.report(event, payload) if self._identity else {})
        self._notifier.info(context, event, payload)


@dataclass(frozen=True)
class Reports:
    """One batch, in the order of arrival."""

    heartbeats: tuple[Mapping[str, Any], ...] = ()
    statuses: tuple[HostStatus, ...] = ()
    #: Host -> when it sent its last message of the batch, by its own clock, in seconds since 1970.
    sent: Mapping[str, float] = field(default_factory=dict)

    def by_host(self) -> list[Reports]:
        """The same, a batch for each host."""
        names = {str(beat.get("host")) for beat in self.heartbeats} | {status.host for status in self.statuses}
        return [self._of(name) for name in sorted(names)]

    def _of(self, name: str) -> Reports:
        return Reports(
            tuple(beat for beat in self.heartbeats if str(beat.get("host")) == name),
            tuple(status for status in self.statuses if status.host == name),
        )


class _Endpoint:
    def __init__(self, receive: Callable[[Reports], None], keys: HostKeys | None) -> None:
        self._receive = receive
        self._keys = keys

    def info(self, messages: Iterable[Mapping[str, Any]]) -> None:
        reports = _reports(list(self._keys.believed(messages) if self._keys else messages))
        try:
            self._receive(reports)
        except exception.DatabaseUnreachable as error:
            LOG.error("What hosts say is dropped until they say it again: %s", error.detail)


def _reports(messages: list[Mapping[str, Any]]) -> Reports:
    return Reports(
        tuple(filter(None, (_heartbeat(message) for message in messages if message["event_type"] == HEARTBEAT))),
        tuple(filter(None, (_status(message) for message in messages if message["event_type"] == STATUS))),
        dict(filter(None, map(_sent, messages))),
    )


def _heartbeat(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """As :func:`_status`."""
    try:
        said = message["payload"]
        return {**said, "host": str(said["host"]), "boot": int(said["boot"]), "seq": int(said["seq"])}
    except (LookupError, TypeError, ValueError):
        LOG.exception("%s sent a heartbeat that is none.", message.get("publisher_id"))
        return None


def _status(message: Mapping[str, Any]) -> HostStatus | None:
    """None for what is no status: it is not to cost the others of its batch theirs."""
    try:
        status = HostStatus.from_dict(message["payload"])
        return replace(status, host=str(status.host))
    except (LookupError, TypeError, ValueError, AttributeError):
        LOG.exception("%s sent a status that is none.", message.get("publisher_id"))
        return None


def _sent(message: Mapping[str, Any]) -> tuple[str, float] | None:
    """oslo.messaging puts the time into each notification: UTC, as ``str`` of a datetime writes it."""
    try:
        moment = datetime.fromisoformat(message["metadata"]["timestamp"])
        return str(message["payload"]["host"]), moment.replace(tzinfo=UTC).timestamp()
    except (LookupError, TypeError, ValueError):
        return None


def listener(
    transport: Any,
    receive: Callable[[Reports], None],
    size: int = 100,
    seconds: float = 0.2,
    keys: HostKeys | None = None,
) -> Any:
    """A listener that hands over batches of at most ``size``, at the latest after ``seconds``.

    Of whom ``keys`` does not believe, nothing is handed over.

    Several listeners share the work. What ``receive`` raises is logged (by oslo.messaging, with its traceback, if it is
    no outage of the database) and the batch dropped: heartbeats come again, and a status is asked for when its digest
    is not known.
    """
    return oslo_messaging.get_batch_notification_listener(
        transport,
        [oslo_messaging.Target(topic=TOPIC)],
        [_Endpoint(receive, keys)],
        batch_size=size,
        batch_timeout=seconds,
    )
