# SPDX-License-Identifier: Apache-2.0
"""collectd's notifications, from the agents to any of the conductors: none is lost, and each host's in order.

Its queue is durable and outlives its listeners, unlike the one of the heartbeats: what the bus has confirmed is
there after a restart of the bus, and while there is no conductor.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import oslo_messaging

from collectd_mgr import exception
from collectd_mgr.rpc.confirmed import Confirmed
from collectd_mgr.rpc.identity import HostKeys, Identity
from collectd_mgr.rpc.transport import Outlet

LOG = logging.getLogger(__name__)

TOPIC = "collectd_mgr.notifications"
EVENT = "host.notifications"

#: A payload may wait so long in the queue, in seconds.
LIFETIME = 604_800.0

#: Before a batch that could not be stored is put back, in seconds.
_PAUSE = 1.0

#: A host's notifications: ``host``, and ``rows`` as the agent keeps them, each with its ``number``.
Payload = Mapping[str, Any]


class Sender:
    """Of one agent. ``identity`` signs what it sends."""

    def __init__(self, outlet: Outlet, host: str, identity: Identity | None = None) -> None:
        self._host = host
        self._identity = identity
        self._bus = Confirmed(outlet, f"collectd-mgr-agent.{host}")

    def send(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """:raises NotSent:"""
        payload = {"host": self._host, "rows": list(rows)}
        context = self._identity.report(EVENT, payload) if self._identity else {}
        self._bus.send(TOPIC, EVENT, payload, context)


class _Endpoint:
    def __init__(self, receive: Callable[[list[Payload]], object], keys: HostKeys | None, lifetime: float) -> None:
        self._receive = receive
        self._keys = keys
        self._lifetime = lifetime

    def info(self, messages: Iterable[Mapping[str, Any]]) -> Any:
        believed = self._keys.believed(messages, self._lifetime) if self._keys else messages
        try:
            self._receive([message["payload"] for message in believed if _is_payload(message)])
        except exception.DatabaseUnreachable:
            time.sleep(_PAUSE)
            return oslo_messaging.NotificationResult.REQUEUE
        return oslo_messaging.NotificationResult.HANDLED


def _is_payload(message: Mapping[str, Any]) -> bool:
    """What is none is not to cost the others of its batch theirs."""
    if message["event_type"] != EVENT:
        return False
    if isinstance(message["payload"], Mapping):
        return True
    LOG.error("%.255s sent notifications that are none: %.255r", message.get("publisher_id"), message["payload"])
    return False


def listener(
    outlet: Outlet,
    receive: Callable[[list[Payload]], object],
    size: int = 20,
    seconds: float = 0.2,
    keys: HostKeys | None = None,
    lifetime: float = LIFETIME,
) -> Any:
    """A listener that hands over at most ``size`` payloads at once; ``DatabaseUnreachable`` puts them back.

    Of whom ``keys`` does not believe, nothing is handed over. Whatever else ``receive`` raises is logged by
    oslo.messaging and the batch dropped: it would never be taken.

    :param lifetime: seconds for which a payload counts. The queue may hold it for long; what is older than all that
        is kept could be one that came before and is forgotten
    """
    return oslo_messaging.get_batch_notification_listener(
        outlet.transport,
        [oslo_messaging.Target(exchange=outlet.exchange, topic=TOPIC)],
        [_Endpoint(receive, keys, lifetime)],
        batch_size=size,
        batch_timeout=seconds,
        allow_requeue=True,
    )
