# SPDX-License-Identifier: Apache-2.0
"""A real collectd that hangs (SIGSTOP): the host is heard all the time, says so, and leaves it alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.domain.states import UNTOLD
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import status as rpc_status
from collectd_mgr.rpc import transport
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.freezing import freeze, frozen
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE, eventually


@pytest.fixture(scope="module")
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, collectd={"stop_timeout": 1}, probation=600) as host:
        host.start()
        host.apply(spec(1, "memory"))
        host.until(lambda: host.status().plugins["memory"].health == "observed")
        yield host


def hung(host: AgentHost) -> AbstractContextManager[int]:
    assert host.pid is not None
    return frozen(host.pid)


@contextmanager
def heard(host: AgentHost) -> Iterator[list[rpc_status.Reports]]:
    reports: list[rpc_status.Reports] = []
    bus = transport.notifications(host.conf)
    listener = rpc_status.listener(bus, reports.append, size=10, seconds=0.05)
    listener.start()
    try:
        yield reports
    finally:
        listener.stop()
        listener.wait()
        bus.cleanup()


def plugin(status: HostStatus, name: str) -> tuple[bool, str]:
    return status.plugins[name].enabled, status.plugins[name].health


def health(status: HostStatus, name: str) -> str | None:
    """None in what was said before there was any."""
    return status.plugins[name].health if name in status.plugins else None


def beats(reports: list[rpc_status.Reports]) -> int:
    return sum(len(each.heartbeats) for each in reports)


def test_it_is_said_and_nothing_is_done(host: AgentHost) -> None:
    before = host.memory()
    assert before.probation is not None
    with hung(host) as pid:
        silence = f"collectd runs (pid {pid}) and does not answer."
        # It is waited for once in a look, whatever is asked in it: more than ten seconds each before.
        status = host.status(timeout=20)
        assert (plugin(status, "memory"), status.outcome) == ((True, "unknown"), "applied")
        host.until(lambda: silence in host.status().warnings)
        with host.bus() as api:
            with pytest.raises(exception.DaemonUnreachable) as caught:
                host.values("memory")
            assert caught.value.detail == silence
            assert api.explain(host.name, f"{host.name}/memory/memory-used", timeout=PATIENCE).link == "daemon_silent"
            assert api.clock(host.name, timeout=20).grid == ()
        memory = host.memory()
        assert (memory.quarantine, memory.good, memory.probation) == (None, before.good, before.probation)
        assert host.pid == pid
    host.until(lambda: plugin(host.status(), "memory") == (True, "observed"))
    assert not host.status().warnings
    assert host.pid == pid


def test_the_host_is_heard_meanwhile(host: AgentHost) -> None:
    with hung(host), heard(host) as reports:
        eventually(lambda: any(health(status, "memory") == "unknown" for each in reports for status in each.statuses))
        known = beats(reports)
        eventually(lambda: beats(reports) > known + 3)


def test_it_is_restarted_where_somebody_asks_for_that(host: AgentHost) -> None:
    """It need not tell what it runs for that: it is to end."""
    pid = host.pid
    assert pid is not None
    freeze(pid)
    layer = Layer(HOST, {"memory": PluginSetting(True, 1.0)}, Counters(daemon_restarts=1))
    status = host.apply(HostSpec(Generation("e", 2), (layer,)))
    assert (status.outcome, status.driver, enabled(status)) == ("applied", "restart", {"memory"})
    assert host.pid not in (None, pid)
    assert UNTOLD in status.warnings
