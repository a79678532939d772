# SPDX-License-Identifier: Apache-2.0
"""Notifications over the bus: what the database cannot take now is put back, and an unknown bus is no loss."""

from __future__ import annotations

from queue import Queue
from typing import Any

import oslo_messaging
import pytest

from collectd_mgr import exception
from collectd_mgr.rpc import notifications, transport
from collectd_mgr.rpc.confirmed import Confirmed, NotSent
from collectd_mgr.rpc.notifications import Payload
from collectd_mgr.rpc.telemetry import Telemetry
from tests.unit.rpc.buses import configuration
from tests.waiting import PATIENCE, eventually


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


def test_what_is_no_payload_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    outlet = transport.lasting(configuration())
    seen: list[Payload] = []
    listener = notifications.listener(outlet, seen.extend, seconds=0.05)
    odd: list[Any] = ["x", ["x"], None, 7]
    for payload in odd:
        Confirmed(outlet, "collectd-mgr-agent.odd").send(notifications.TOPIC, notifications.EVENT, payload, {})
    notifications.Sender(outlet, "h").send([{"number": 1}])
    listener.start()
    eventually(lambda: {"host": "h", "rows": [{"number": 1}]} in seen)
    listener.stop()
    listener.wait()
    assert len(seen) == 1
    assert caplog.text.count("collectd-mgr-agent.odd sent notifications that are none") == len(odd)


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


@pytest.mark.parametrize("topics", [[], [""]])
def test_without_a_topic_nothing_is_sent_and_that_is_said(topics: list[str], caplog: pytest.LogCaptureFixture) -> None:
    conf = configuration()
    conf.set_override("driver", ["messagingv2"], group="oslo_messaging_notifications")
    conf.set_override("topics", topics, group="oslo_messaging_notifications")
    assert transport.telemetry(conf) is None
    assert "topics names none" in caplog.text


def test_each_topic_that_is_configured_gets_what_others_are_told() -> None:
    conf = configuration()
    conf.set_override("driver", ["messagingv2"], group="oslo_messaging_notifications")
    conf.set_override("topics", ["notifications", "vitrage"], group="oslo_messaging_notifications")
    outlet = transport.telemetry(conf)
    assert outlet is not None
    heard: Queue[tuple[str, str]] = Queue()
    targets = [oslo_messaging.Target(exchange=outlet.exchange, topic=topic) for topic in ("notifications", "vitrage")]
    listeners = [
        oslo_messaging.get_notification_listener(outlet.transport, [target], [_Ear(target.topic, heard)])
        for target in targets
    ]
    for listener in listeners:
        listener.start()
    Telemetry(outlet, "h").send("collectd_mgr.host.up", {})
    assert {heard.get(timeout=PATIENCE) for _ in targets} == {(each.topic, "collectd_mgr.host.up") for each in targets}
    for listener in listeners:
        listener.stop()
        listener.wait()


class _Ear:
    def __init__(self, topic: str, heard: Queue[tuple[str, str]]) -> None:
        self._topic, self._heard = topic, heard

    def info(self, context: Any, publisher: str, event_type: str, payload: Any, metadata: Any) -> None:
        self._heard.put((self._topic, event_type))
