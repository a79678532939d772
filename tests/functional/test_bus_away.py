# SPDX-License-Identifier: Apache-2.0
"""A server that is started while RabbitMQ is away: it answers, and does its work once the bus is there."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.rpc import agent, transport
from collectd_mgr.testing import configuration
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually


def test_calls_end_while_there_is_no_bus_and_begin_when_there_is(rabbitmq: RabbitMQ) -> None:
    conf = transport.prepare(configuration.scratch("sqlite://"))
    conf.set_override("transport_url", rabbitmq.url)
    calls = agent.AgentAPI(transport.rpc(conf), timeout=0.5)
    rabbitmq.stop()
    try:
        for _ in range(2):
            with pytest.raises(exception.AgentUnreachable, match="there is no bus") as refused:
                calls.status("cn1.example.org")
            assert refused.value.kwargs["maybe_executed"] is False
    finally:
        rabbitmq.start()

    def why() -> str:
        with pytest.raises(exception.AgentUnreachable) as error:
            calls.status("cn1.example.org")
        return error.value.detail

    eventually(lambda: why() == "The agent of cn1.example.org is not on the bus.")
