# SPDX-License-Identifier: Apache-2.0
"""A bus that confirms late for a while is no reason to be silent for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
