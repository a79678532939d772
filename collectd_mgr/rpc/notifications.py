# SPDX-License-Identifier: Apache-2.0
"""collectd's notifications, from the agents to any of the conductors: none is lost, and each host's in order.

Its queue is durable and outlives its listeners, unlike the one of the heartbeats: what the bus has confirmed is
there after a restart of the bus, and while there is no conductor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import oslo_messaging

from collectd_mgr import exception
from collectd_mgr.rpc.confirmed import Confirmed
from collectd_mgr.rpc.transport import Outlet

TOPIC = "collectd_mgr.notifications"
EVENT = "host.notifications"

#: Before a batch that could not be stored is put back, in seconds.
_PAUSE = 1.0

#: A host's notifications: ``host``, and ``rows`` as the agent keeps them, each with its ``number``.
Payload = Mapping[str, Any]


class Sender:
    """Of one agent."""

    def __init__(self, outlet: Outlet, host: str) -> None:
        self._host = host
        self._bus = Confirmed(outlet, f"collectd-mgr-agent.{host}")

    def send(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """:raises NotSent:"""
        self._bus.send(TOPIC, EVENT, {"host": self._host, "rows": list(rows)}, {})


class _Endpoint:
    def __init__(self, receive: Callable[[list[Payload]], object]) -> None:
        self._receive = receive

    def info(self, messages: Iterable[Mapping[str, Any]]) -> Any:
        payloads = [message["payload"] for message in messages if message["event_type"] == EVENT]
        try:
            self._receive(payloads)
        except exception.DatabaseUnreachable:
            time.sleep(_PAUSE)
            return oslo_messaging.NotificationResult.REQUEUE
        return oslo_messaging.NotificationResult.HANDLED


def listener(outlet: Outlet, receive: Callable[[list[Payload]], object], size: int = 20, seconds: float = 0.2) -> Any:
    """A listener that hands over at most ``size`` payloads at once; ``DatabaseUnreachable`` puts them back.

    Whatever else ``receive`` raises is logged by oslo.messaging and the batch dropped: it would never be taken.
    """
    return oslo_messaging.get_batch_notification_listener(
        outlet.transport,
        [oslo_messaging.Target(exchange=outlet.exchange, topic=TOPIC)],
        [_Endpoint(receive)],
        batch_size=size,
        batch_timeout=seconds,
        allow_requeue=True,
    )
