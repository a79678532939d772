# SPDX-License-Identifier: Apache-2.0
"""A real agent with a real collectd on a real RabbitMQ, which comes and goes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import Generation
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, probation=0.5) as host:
        yield host


def test_live_over_the_bus_and_back(host: AgentHost) -> None:
    host.start()
    pid = host.pid
    status = host.apply(spec(1, "memory"))
    assert (status.outcome, status.driver, status.daemon["pid"]) == ("applied", "live", pid)
    assert status.plugins["memory"].health in ("registered", "observed")
    host.until(lambda: host.values("memory").rows)
    assert host.status().plugins["memory"].health == "observed"
    with pytest.raises(exception.StaleGeneration) as caught:
        host.apply(spec(0))
    assert caught.value.kwargs == {"generation": {"epoch": "e", "n": 1}}
    failed = host.apply(spec(2, "memory", "nonsense"))
    assert (failed.outcome, failed.error and failed.error["code"]) == ("failed", "plugin_not_loadable")
    assert (enabled(failed), host.pid) == ({"memory"}, pid)


def test_a_host_without_an_agent_is_known_to_be_silent_at_once(host: AgentHost) -> None:
    began = time.monotonic()
    with pytest.raises(exception.AgentUnreachable, match="is not on the bus"):
        host.status(timeout=PATIENCE)
    assert time.monotonic() - began < PATIENCE / 2


def test_so_is_one_whose_agent_was_killed(host: AgentHost) -> None:
    host.start()
    host.kill()
    with pytest.raises(exception.AgentUnreachable):
        host.status(timeout=10)
    host.until(lambda: _silent_at_once(host))


def _silent_at_once(host: AgentHost) -> bool:
    try:
        host.status(timeout=10)
    except exception.AgentUnreachable as error:
        return not error.kwargs["maybe_executed"]
    return False


def test_an_agent_comes_back_to_its_spec_without_the_bus(host: AgentHost, rabbitmq: RabbitMQ) -> None:
    host.start()
    host.apply(spec(1, "memory"))
    host.until(host.outlived)
    host.kill()
    assert host.pid is not None
    host.daemon.stop()
    rabbitmq.stop()
    try:
        host.start(wait=False)
        host.until(lambda: host.pid is not None)
    finally:
        rabbitmq.start()
    host.until(lambda: enabled(host.status()) == {"memory"})
    status = host.status()
    assert (status.generation, status.outcome, enabled(status)) == (Generation("e", 1), "applied", {"memory"})


def test_an_agent_outlives_a_restart_of_the_bus(host: AgentHost, rabbitmq: RabbitMQ) -> None:
    host.start()
    rabbitmq.restart()
    host.until(host.answers)
    assert host.apply(spec(1, "memory")).outcome == "applied"
