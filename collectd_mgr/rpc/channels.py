# SPDX-License-Identifier: Apache-2.0
"""What oslo.messaging and kombu leave to be done about connections of a bus that goes away.

A sender that has not been heard once is heard again, see below. And of as many calls at once as never before, some have
a connection made: where there is no bus, that fails as any other call does.

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
    """oslo.messaging's connection, which keeps no channel on which something failed.

    :raises MessageDeliveryFailure: there is no bus; oslo.messaging lets out what is kombu's
    """

    _closing = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().__init__(*args, **kwargs)
        except impl_rabbit.kombu.exceptions.OperationalError as error:
            raise exceptions.MessageDeliveryFailure(str(error)) from error

    def close(self) -> None:
        self._closing = True
        super().close()

    def on_return(self, *args: Any) -> None:
        """A message comes back. One that does so when this is closed has nobody who waits for it, and must not be in
        the way of that.
        """
        if not self._closing:
            super().on_return(*args)

    def ensure(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().ensure(*args, **kwargs)
        except exceptions.MessageDeliveryFailure:
            self.connection.revive(None)
            raise


def install() -> None:
    """Have the transports that are made from now on use it. Safe to repeat."""
    impl_rabbit.Connection = Connection
