# SPDX-License-Identifier: Apache-2.0
"""A bus that confirms late for a while is no reason to be silent for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import amqp
import pytest
from oslo_messaging._drivers.common import PURPOSE_SEND

from collectd_mgr import exception
from collectd_mgr.rpc import transport
from collectd_mgr.rpc.agent import AgentAPI
from tests.agent.agent_host import AgentHost
from tests.services.rabbitmq import RabbitMQ
from tests.services.unconfirming import Unconfirming


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url) as host:
        host.start()
        yield host


def test_whoever_was_not_confirmed_is_heard_afterwards(host: AgentHost, rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    with Unconfirming(rabbitmq.port) as way:
        host.conf.set_override("transport_url", rabbitmq.url.replace(f":{rabbitmq.port}", f":{way.port}"))
        bus = transport.rpc(host.conf)
        api = AgentAPI(bus, 60)
        before = api.status(host.name)
        way.swallows = True
        for _ in range(2):
            with pytest.raises(exception.AgentUnreachable):
                api.status(host.name, timeout=1)
        way.swallows = False
        assert api.status(host.name).generation == before.generation
        bus.cleanup()


def test_what_comes_back_too_late_does_not_keep_a_connection_from_being_closed(rabbitmq: RabbitMQ) -> None:
    with AgentHost(rabbitmq.url) as host:
        bus = transport.rpc(host.conf)
        connection = bus._driver._get_connection(PURPOSE_SEND).connection
        # As where its sender has given up, and has another channel, before the bus says that nobody has this queue.
        channel, connection.channel = connection.channel, None
        channel.events["basic_return"].add(connection.on_return)
        channel._basic_publish(amqp.Message("{}"), routing_key="nobody", mandatory=True)
        connection.close()
        assert connection.connection is None
        bus.cleanup()
