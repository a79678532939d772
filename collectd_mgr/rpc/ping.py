# SPDX-License-Identifier: Apache-2.0
"""A call to oneself over the bus: whoever hears it is on the bus, both ways."""

from __future__ import annotations

import uuid
from typing import Any

import oslo_messaging

TOPIC = "collectd_mgr.ping"


class _Endpoint:
    target = oslo_messaging.Target(version="1.0")

    def ping(self, context: dict[str, Any]) -> bool:
        return True


class Ping:
    """One process's own address on the bus. ``start()`` waits for the bus."""

    def __init__(self, transport: Any) -> None:
        self._name = uuid.uuid4().hex
        target = oslo_messaging.Target(topic=TOPIC, server=self._name)
        policy = oslo_messaging.DefaultRPCAccessPolicy
        self._server = oslo_messaging.get_rpc_server(transport, target, [_Endpoint()], access_policy=policy)
        options = oslo_messaging.TransportOptions(at_least_once=True)
        own = oslo_messaging.Target(topic=TOPIC, version="1.0")
        self._client = oslo_messaging.get_rpc_client(transport, own, retry=0, transport_options=options)

    def start(self) -> None:
        self._server.start()

    def comes_back(self, timeout: float) -> bool:
        """Whether a call to oneself is answered within ``timeout`` seconds."""
        try:
            return bool(self._client.prepare(server=self._name, timeout=timeout).call({}, "ping"))
        except (oslo_messaging.MessagingException, oslo_messaging.MessageUndeliverable):
            return False

    def stop(self) -> None:
        self._server.stop()
        self._server.wait()
