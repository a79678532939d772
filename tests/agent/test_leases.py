# SPDX-License-Identifier: Apache-2.0
"""Leases on a real collectd: they end with the bus away, and over a kill of the agent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from collectd_mgr.domain.leases import granted
from collectd_mgr.domain.spec import HostSpec, Layer, PluginSetting
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url) as host:
        yield host


def leased(base: HostSpec, seconds: float) -> HostSpec:
    """``memory`` half as often, and ``swap`` besides, for so long."""
    settings = {"memory": PluginSetting(interval=2.0), "swap": PluginSetting(True, 1.0)}
    layer = Layer("lease:1", settings, lease=granted(seconds, time.time()))
    return replace(base, layers=(*base.layers, layer))


def test_it_ends_live_and_the_plugins_go_on_as_before(host: AgentHost) -> None:
    host.start()
    status = host.apply(leased(spec(1, "memory"), 10.0))
    assert status.driver == "live"
    pid = host.pid
    assert (enabled(status), status.plugins["memory"].interval) == ({"memory", "swap"}, 2.0)

    host.until(lambda: host.status().leases["lease:1"]["state"] == "ended")
    host.until(lambda: enabled(host.status()) == {"memory"})

    status = host.status()
    assert (status.plugins["memory"].interval, status.driver, host.pid) == (1.0, "live", pid)


def test_it_ends_although_the_agent_was_killed_and_sees_no_bus(host: AgentHost) -> None:
    host.start()
    host.apply(leased(spec(1, "memory"), 3.0))
    pid = host.pid
    host.kill()
    host.cut_off()
    host.start(wait=False)
    host.until(lambda: "swap" not in host.managed())
    assert "memory" in host.managed()
    assert host.pid == pid
