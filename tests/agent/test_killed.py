# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent and of collectd at every step: effective equals desired again."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import faults
from collectd_mgr.domain.spec import Generation
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ

POINTS = [point for point in faults.POINTS if point != faults.QUARANTINED]


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url) as host:
        yield host


@pytest.mark.parametrize("point", POINTS)
def test_at_every_step_of_the_journal(host: AgentHost, point: str) -> None:
    host.start("--die-at", point)
    pid = host.pid
    with contextlib.suppress(exception.AgentUnreachable):
        host.apply(spec(1, "memory", "swap"), timeout=2)
    host.until(host.ended)
    host.start()
    host.until(lambda: host.status().outcome == "applied")
    status = host.status()
    assert (status.generation, status.error) == (Generation("e", 1), None)
    assert enabled(status) == {"memory", "swap"}
    assert host.pid == pid


def test_both_in_a_live_operation(host: AgentHost) -> None:
    """Nobody can tell whether collectd died of it: what was good before is back, and the status says so."""
    host.start("--die-at", faults.ACTING)
    pid = host.pid
    assert pid is not None
    with pytest.raises(exception.AgentUnreachable):
        host.apply(spec(1, "memory"), timeout=2)
    host.until(host.ended)
    os.kill(pid, signal.SIGKILL)
    host.start()
    host.until(lambda: host.pid not in (None, pid) and host.status().outcome == "failed")
    status = host.status()
    assert status.error is not None
    assert (status.generation, status.error["code"]) == (Generation("e", 1), "daemon_died")
    assert "plugin.load memory" in status.error["detail"]
    assert (enabled(status), status.quarantine) == (set(), status.error["detail"])


def test_collectd_is_back_with_what_it_is_to_run(host: AgentHost) -> None:
    host.start()
    host.apply(spec(1, "memory"))
    pid = host.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    host.until(lambda: host.pid not in (None, pid) and enabled(host.status()) == {"memory"})
    status = host.status()
    assert (status.outcome, status.quarantine) == ("applied", None)
