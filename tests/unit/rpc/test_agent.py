# SPDX-License-Identifier: Apache-2.0
"""The client against a served endpoint, on the in-memory bus."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import oslo_messaging
import pytest

from collectd_mgr import exception
from collectd_mgr.domain.reads import Query
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import agent
from tests.unit.rpc.buses import rpc_bus
from tests.waiting import PATIENCE

HOST = "c1.example.org"


class Endpoint:
    target = agent.TARGET

    @agent.expected
    def apply(self, context: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        if spec["generation"]["n"] == 0:
            raise exception.StaleGeneration("old", generation={"epoch": "e", "n": 7})
        return HostStatus(HOST, 1, 1, HostSpec.from_dict(spec).generation, driver=context["request_id"]).to_dict()

    @agent.expected
    def status(self, context: dict[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError("a bug")


@pytest.fixture
def client() -> Iterator[agent.AgentAPI]:
    bus = rpc_bus()
    server = agent.server(bus, HOST, Endpoint())
    server.start()
    yield agent.AgentAPI(bus, timeout=PATIENCE)
    server.stop()
    server.wait()


def test_an_answer_comes_back_with_the_request_id_given(client: agent.AgentAPI) -> None:
    status = client.apply(HOST, HostSpec(Generation("e", 1)), "req-1")
    assert (status.generation, status.driver) == (Generation("e", 1), "req-1")


def test_a_typed_error_comes_back(client: agent.AgentAPI) -> None:
    with pytest.raises(exception.StaleGeneration) as caught:
        client.apply(HOST, HostSpec(Generation("e", 0)))
    assert caught.value.kwargs == {"generation": {"epoch": "e", "n": 7}}


def test_a_silent_host_is_unreachable(client: agent.AgentAPI) -> None:
    with pytest.raises(exception.AgentUnreachable, match=r"did not answer within 0\.1 s"):
        client.metrics("c2.example.org", Query(), timeout=0.1)


def test_the_version_of_the_endpoint_is_the_clients() -> None:
    assert Endpoint.target.version == agent.VERSION
    assert agent.SINCE["buffer"] == agent.VERSION


def test_the_history_names_every_method() -> None:
    methods = [name for name, _ in inspect.getmembers(agent.AgentAPI, inspect.isfunction) if not name.startswith("_")]
    assert set(methods) == set(agent.SINCE)


@pytest.fixture
def older() -> Iterator[agent.AgentAPI]:
    """A client of today, and an agent of the release before."""

    class Older(Endpoint):
        target = oslo_messaging.Target(version="1.0")

    bus = rpc_bus()
    server = agent.server(bus, HOST, Older())
    server.start()
    yield agent.AgentAPI(bus, timeout=PATIENCE)
    server.stop()
    server.wait()


def test_an_older_agent_does_what_it_knew(older: agent.AgentAPI) -> None:
    assert older.apply(HOST, HostSpec(Generation("e", 1)), "req-1").generation == Generation("e", 1)


def test_what_an_older_agent_does_not_know_is_said(older: agent.AgentAPI) -> None:
    with pytest.raises(exception.AgentOutdated, match=HOST):
        older.buffer(HOST)


def test_an_older_server_is_answered() -> None:
    bus = rpc_bus()
    server = agent.server(bus, HOST, Endpoint())
    server.start()
    client = oslo_messaging.get_rpc_client(bus, oslo_messaging.Target(topic=agent.TOPIC, version="1.0"))
    spec = HostSpec(Generation("e", 1)).to_dict()
    answer = client.prepare(server=HOST, timeout=PATIENCE).call({"request_id": "r"}, "apply", spec=spec)
    assert HostStatus.from_dict(answer).generation == Generation("e", 1)
    server.stop()
    server.wait()
