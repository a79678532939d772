# SPDX-License-Identifier: Apache-2.0
"""A sender that has not been heard once is heard again.

A message of ours is sent once (``retry=0``): whoever sends it knows better when to try again. Where the bus takes
longer to confirm one than its sender waits, oslo.messaging closes the channel, and takes the default channel of the
connection from then on. kombu makes that once for a connection: the next such message leaves a closed one there, and
all that come after it fail with "connection already closed" for as long as the connection itself is in order, which is
until the process ends. Seen with oslo.messaging 18.3 and kombu 5.7.
"""

from __future__ import annotations

from typing import Any

from oslo_messaging import exceptions
from oslo_messaging._drivers import impl_rabbit


class Connection(impl_rabbit.Connection):  # type: ignore[misc]
    """oslo.messaging's connection, which keeps no channel on which something failed."""

    def ensure(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().ensure(*args, **kwargs)
        except exceptions.MessageDeliveryFailure:
            self.connection.revive(None)
            raise


def install() -> None:
    """Have the transports that are made from now on use it. Safe to repeat."""
    impl_rabbit.Connection = Connection
