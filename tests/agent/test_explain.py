# SPDX-License-Identifier: Apache-2.0
"""Why a metric of a real collectd is missing, as its agent finds out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain.explain import Explanation
from collectd_mgr.domain.spec import Generation, HostSpec, Layer
from tests.agent.agent_host import AgentHost, spec
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE

#: Nobody listens there: every read fails.
MEMCACHED = """
LoadPlugin memcached
<Plugin memcached>
  <Instance "nobody">
    Host "127.0.0.1"
    Port "9"
  </Instance>
</Plugin>
"""


@pytest.fixture(scope="module")
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, own_plugins=(Path("/usr/lib/collectd/memcached.so"),), config=MEMCACHED) as host:
        host.start()
        host.apply(spec(1, "memory", "uptime"))
        yield host


def explained(host: AgentHost, rest: str, name: str = "") -> Explanation:
    with host.bus() as api:
        return api.explain(host.name, f"{name or host.status().daemon['hostname']}/{rest}", timeout=PATIENCE)


def test_what_is_there(host: AgentHost) -> None:
    host.until(lambda: explained(host, "uptime/uptime").facts.get("row"))
    assert explained(host, "uptime/uptime").link == "not_published"
    chosen = Layer("chosen", sections={"samples": {"all": {"identifier": "*/uptime/*"}}})
    host.apply(HostSpec(Generation("e", 2), (*spec(2, "memory", "uptime", "users").layers, chosen)))
    assert explained(host, "uptime/uptime").link == "publishing_off", "the agent has no telemetry"


def test_a_metric_that_went(host: AgentHost) -> None:
    host.until(lambda: explained(host, "users/users").facts.get("row"))
    host.apply(spec(3, "memory", "uptime"))
    assert explained(host, "users/users").link == "not_enabled"


def test_what_no_plugin_of_that_name_gives(host: AgentHost) -> None:
    host.until(lambda: explained(host, "collectd_mgr/operations-done").facts.get("row"))
    assert explained(host, "collectd_mgr/operations-done").link in ("not_published", "publishing_off")


def test_a_plugin_that_is_not_on_the_host(host: AgentHost) -> None:
    assert explained(host, "nosuch/gauge").link == "not_installed"


def test_a_plugin_that_nobody_asked_for(host: AgentHost) -> None:
    found = explained(host, "swap/swap-used")
    assert (found.link, found.facts) == ("not_enabled", {"desired": None})


def test_a_metric_that_the_plugin_does_not_have(host: AgentHost) -> None:
    host.until(lambda: explained(host, "memory/memory-imaginary").facts.get("metrics"))
    assert explained(host, "memory/memory-imaginary").link == "never_seen"


def test_a_plugin_whose_reads_fail(host: AgentHost) -> None:
    host.until(lambda: explained(host, "memcached-nobody/df-cache-used").link == "read_failed")
    found = explained(host, "memcached-nobody/df-cache-used")
    assert found.facts["until"] > 0


def test_a_name_that_this_host_does_not_bear(host: AgentHost) -> None:
    assert explained(host, "uptime/uptime", "somebody.else").link == "another_host"
