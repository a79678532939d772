# SPDX-License-Identifier: Apache-2.0
"""Notifications over the bus: what the database cannot take now is put back, and an unknown bus is no loss."""

from __future__ import annotations

import oslo_messaging
import pytest

from collectd_mgr import exception
from collectd_mgr.rpc import notifications, transport
from collectd_mgr.rpc.confirmed import NotSent
from collectd_mgr.rpc.notifications import Payload
from tests.unit.rpc.buses import configuration
from tests.waiting import eventually


def test_what_the_database_cannot_take_comes_again() -> None:
    outlet = transport.lasting(configuration())
    seen: list[Payload] = []

    def receive(payloads: list[Payload]) -> None:
        seen.extend(payloads)
        if len(seen) == 1:
            raise exception.DatabaseUnreachable()

    listener = notifications.listener(outlet, receive, seconds=0.05)
    listener.start()
    notifications.Sender(outlet, "h").send([{"number": 1}])
    eventually(lambda: len(seen) == 2)
    listener.stop()
    listener.wait()
    assert seen[0] == seen[1] == {"host": "h", "rows": [{"number": 1}]}


def test_the_sender_knows_when_the_bus_has_it_not() -> None:
    conf = configuration()
    conf.set_override("transport_url", "rabbit://nobody:nothing@127.0.0.1:1/")
    conf.set_override("kombu_reconnect_delay", 0.01, group="oslo_messaging_rabbit")
    outlet = transport.lasting(conf)
    with pytest.raises(NotSent):
        notifications.Sender(outlet, "h").send([{"number": 1}])
    outlet.transport.cleanup()


def test_each_bus_has_exchanges_of_its_own_for_what_lasts() -> None:
    conf = configuration()
    assert transport.telemetry(conf) is None
    conf.set_override("driver", ["messagingv2"], group="oslo_messaging_notifications")
    outlet = transport.telemetry(conf)
    assert outlet is not None
    exchange = conf.control_exchange
    assert (transport.lasting(conf).exchange, outlet.exchange) == (f"{exchange}_lasting", f"{exchange}_telemetry")
    assert isinstance(outlet.transport, oslo_messaging.Transport)
