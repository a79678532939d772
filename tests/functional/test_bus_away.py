# SPDX-License-Identifier: Apache-2.0
"""A server without RabbitMQ, from its start or since then: it answers, and does its work once the bus is there."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor

import pytest

from collectd_mgr import exception
from collectd_mgr.rpc import agent, transport
from collectd_mgr.rpc.ping import Ping
from collectd_mgr.testing import configuration
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually

NOT_ON_THE_BUS = "The agent of cn1.example.org is not on the bus."


def why(calls: agent.AgentAPI, number: int = 1) -> str:
    with pytest.raises(exception.AgentUnreachable) as error:
        calls.status(f"cn{number}.example.org")
    return error.value.detail


def test_calls_end_while_there_is_no_bus_and_begin_when_there_is(rabbitmq: RabbitMQ) -> None:
    """Those of a server that comes then, and more at once than ever of one that was there."""
    conf = transport.prepare(configuration.scratch("sqlite://"))
    conf.set_override("transport_url", rabbitmq.url)
    calls = agent.AgentAPI(transport.rpc(conf), timeout=0.5)
    bus = transport.rpc(conf)
    # One connection is there; for the others new ones are to be made.
    more = agent.AgentAPI(bus, timeout=10)
    eventually(lambda: why(more) == NOT_ON_THE_BUS)
    rabbitmq.stop()
    try:
        with ThreadPoolExecutor(4) as pool:
            said = list(pool.map(functools.partial(why, more), range(4)))
        for _ in range(2):
            with pytest.raises(exception.AgentUnreachable, match="there is no bus") as refused:
                calls.status("cn1.example.org")
            assert refused.value.kwargs["maybe_executed"] is False
    finally:
        rabbitmq.start()
    assert all("cannot be reached" in each for each in said), said
    for each in (calls, more):
        eventually(lambda: why(each) == NOT_ON_THE_BUS)  # noqa: B023
    bus.cleanup()


def test_who_is_not_on_the_bus_does_not_hear_himself(rabbitmq: RabbitMQ) -> None:
    conf = transport.prepare(configuration.scratch("sqlite://"))
    conf.set_override("transport_url", rabbitmq.url)
    bus = transport.rpc(conf)
    assert not Ping(bus).comes_back(10)
    bus.cleanup()
