# SPDX-License-Identifier: Apache-2.0
"""Notifications whose sender knows whether the bus has them.

oslo.messaging's Notifier logs what it could not send, and goes on; whoever keeps a spool has to be told.
So the message is made as the Notifier makes it (messagingv2), and given to the transport directly.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import oslo_messaging

from collectd_mgr.rpc.transport import Outlet

#: The version of the message format that the driver ``messagingv2`` has.
_FORMAT = 2.0


class NotSent(Exception):
    """The bus has not confirmed the message; it may have it all the same."""


class Confirmed:
    """Sends in the name of ``publisher``; for one thread at a time.

    :param outlet: on the bus
    """

    def __init__(self, outlet: Outlet, publisher: str) -> None:
        self._outlet = outlet
        self._publisher = publisher

    def send(self, topic: str, event_type: str, payload: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """One notification of priority ``info``; the bus has it when this returns. :raises NotSent:"""
        message = {
            "message_id": str(uuid.uuid4()),
            "publisher_id": self._publisher,
            "event_type": event_type,
            "priority": "INFO",
            "payload": payload,
            "timestamp": str(datetime.now(UTC).replace(tzinfo=None)),
        }
        target = oslo_messaging.Target(exchange=self._outlet.exchange, topic=f"{topic}.info")
        try:
            self._outlet.transport._send_notification(target, dict(context), message, version=_FORMAT, retry=0)
        except Exception as error:
            # Whatever the libraries below let through: the message is not known to be there.
            raise NotSent(f"{type(error).__name__}: {error}") from error
