# SPDX-License-Identifier: Apache-2.0
"""What Ceilometer would hear of a real agent on a real bus: events and samples that it can take, and no others."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import oslo_messaging
import pytest

from collectd_mgr.domain import sections
from collectd_mgr.domain.events import resource_id
from collectd_mgr.domain.leases import granted
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.rpc import transport
from tests.agent.agent_host import PLUGINS, AgentHost
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE

_MORE = """
[oslo_messaging_notifications]
driver = messagingv2
[publisher]
project_id = infrastructure
"""

_CHOSEN = {
    sections.SAMPLES: {
        "cpu": {"identifier": "*/cpu-0/cpu-*", "interval": 1.0},
        "guests": {"identifier": "guest*/*", "interval": 1.0},
    },
    sections.RING: {"load": {"identifier": "*/load/load", "interval": 1.0}},
    sections.MUTES: {"noise": {"identifier": "*/noise/*"}},
}

#: Metrics of other hosts, as ``virt`` has them of its guests.
_GUESTS = """Interval 1
LoadPlugin aggregation
<Plugin aggregation>
  <Aggregation>
    Plugin "cpu"
    Type "cpu"
    SetHost "guest1"
    GroupBy "TypeInstance"
    CalculateSum true
  </Aggregation>
  <Aggregation>
    Plugin "cpu"
    Type "cpu"
    SetHost "guest2"
    GroupBy "TypeInstance"
    CalculateSum true
  </Aggregation>
</Plugin>
"""


class Ceilometer:
    """Hears what it would hear."""

    def __init__(self, host: AgentHost) -> None:
        outlet = transport.telemetry(transport.prepare(host.conf))
        assert outlet is not None
        self._bus = outlet.transport
        self.events: list[tuple[str, dict[str, Any]]] = []
        target = oslo_messaging.Target(exchange="collectd_mgr_telemetry", topic="notifications")
        self.listener = oslo_messaging.get_notification_listener(self._bus, [target], [self])

    def info(self, _context: Any, _publisher: str, event: str, payload: dict[str, Any], _metadata: Any) -> None:
        self.events.append((event, payload))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.events if name == event]

    def samples(self, host: str) -> list[Mapping[str, Any]]:
        """Those that were sent in the name of that one."""
        found = [payload for payload in self.of("collectd_mgr.samples") if payload["host"] == host]
        assert {payload["resource_id"] for payload in found} <= {resource_id(host)}
        return [sample for payload in found for sample in payload["samples"]]

    def close(self) -> None:
        self.listener.stop()
        self.listener.wait()
        self._bus.cleanup()


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, (PLUGINS / "aggregation.so",), _GUESTS) as host:
        host.file.write_text(host.file.read_text() + _MORE)
        host.conf.reload_config_files()
        host.start()
        host.apply(HostSpec(Generation("e", 1), (replace(Layer(HOST), sections=sections.read(_CHOSEN)),)))
        yield host


@pytest.fixture
def ceilometer(host: AgentHost) -> Iterator[Ceilometer]:
    ceilometer = Ceilometer(host)
    ceilometer.listener.start()
    yield ceilometer
    ceilometer.close()


def finite(samples: Iterable[Mapping[str, Any]]) -> bool:
    return all(isinstance(each["volume"], (int, float)) and math.isfinite(each["volume"]) for each in samples)


def test_samples_and_events(host: AgentHost, ceilometer: Ceilometer) -> None:
    with host.bus() as api:
        for plugin in ("noise", "pager"):
            api.notify(host.name, Notification("failure", f"from {plugin}", plugin=plugin))
    host.until(lambda: ceilometer.of("collectd_mgr.notification"))
    host.until(lambda: len({each["timestamp"] for each in ceilometer.samples(host.name)}) > 2)
    # collectd knows a rate at a metric's second read; the first samples may be of the first one.
    host.until(lambda: any(each["name"].endswith(".rate") for each in ceilometer.samples(host.name)))
    _check_events(ceilometer.of("collectd_mgr.notification"), host)
    samples = ceilometer.samples(host.name)
    assert finite(samples)
    assert {each["type"] for each in samples if each["name"].endswith(".rate")} == {"gauge"}
    assert {each["type"] for each in samples if not each["name"].endswith(".rate")} == {"cumulative"}
    assert "collectd.cpu.0.idle" in {each["name"] for each in samples}
    assert all(datetime.fromisoformat(each["timestamp"]).tzinfo for each in samples)
    assert len({(each["name"], each["timestamp"]) for each in samples}) == len(samples), "each value once"
    assert not [each for each in samples if "aggregation" in each["name"]]
    _check_guests(host, ceilometer)
    _check_ring(host, ceilometer)
    _check_lease(host, ceilometer)


def _check_guests(host: AgentHost, ceilometer: Ceilometer) -> None:
    """Called alike, they are told apart by whose they are."""
    for guest in ("guest1", "guest2"):
        host.until(lambda guest=guest: ceilometer.samples(guest))  # type: ignore[misc]
        found = ceilometer.samples(guest)
        assert {each["resource_id"] for each in found} == {resource_id(guest)}
        assert all(each["identifier"].startswith(f"{guest}/aggregation-cpu-sum/") for each in found)
    first, second = ({each["name"] for each in ceilometer.samples(guest)} for guest in ("guest1", "guest2"))
    assert first == second


def _check_lease(host: AgentHost, ceilometer: Ceilometer) -> None:
    """Its end is told by the host that ended it."""
    layer = Layer("lease:1", {"swap": PluginSetting(True)}, lease=granted(1.0, time.time()))
    host.apply(HostSpec(Generation("e", 2), (replace(Layer(HOST), sections=sections.read(_CHOSEN)), layer)))
    host.until(lambda: ceilometer.of("collectd_mgr.lease.ended"))
    (event,) = ceilometer.of("collectd_mgr.lease.ended")
    assert (event["host"], event["plugin"], event["lease"]) == (host.name, "swap", "lease:1")


def _check_events(events: list[dict[str, Any]], host: AgentHost) -> None:
    (event,) = events
    assert (event["host"], event["plugin"], event["severity"], event["count"]) == (host.name, "pager", "FAILURE", 1)
    assert event["project_id"] == "infrastructure"
    assert datetime.fromisoformat(event["since"]).tzinfo


def _check_ring(host: AgentHost, ceilometer: Ceilometer) -> None:
    """What was kept is read, and published when somebody asks."""
    with host.bus() as api:
        since = time.time() - 600
        host.until(lambda: len(api.recent(host.name, RingQuery(since)).rows) > 2)
        assert not [each for each in ceilometer.samples(host.name) if ".load." in each["name"]]
        assert api.publish(host.name, RingQuery(since, "load")) == 1
        host.until(lambda: api.buffer(host.name)["ring"]["publishing"] == 0)
        host.until(lambda: len([each for each in ceilometer.samples(host.name) if ".load." in each["name"]]) >= 9)
        assert api.buffer(host.name)["samples"]["readers"]["telemetry"]["dropped"] == 0


@pytest.fixture
def deaf(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    """A host whose Ceilometer has a bus of its own, which is away: it answers, and nobody hears of it otherwise."""
    with AgentHost(rabbitmq.url, config="Interval 1") as host:
        away = "transport_url = rabbit://nobody:nothing@127.0.0.1:9//\n[publisher]"
        host.file.write_text(host.file.read_text() + _MORE.replace("[publisher]", away))
        host.start()
        host.apply(HostSpec(Generation("e", 1), (replace(Layer(HOST), sections=sections.read(_CHOSEN)),)))
        yield host


def test_what_waits_is_told_while_the_bus_is_away(deaf: AgentHost) -> None:
    with deaf.bus() as api:
        for number in range(3):
            api.notify(deaf.name, Notification("failure", f"number {number}", plugin="pager"))

        def waiting(spool: str) -> int:
            return int(api.buffer(deaf.name)[spool]["readers"]["telemetry"]["waiting"])

        deaf.until(lambda: waiting("notifications") == 3)
        metric = f"{deaf.status().daemon['hostname']}/cpu-0/cpu-idle"
        deaf.until(lambda: api.explain(deaf.name, metric, timeout=PATIENCE).link == "spooled")
        before = waiting("samples")
        explained = api.explain(deaf.name, metric, timeout=PATIENCE)
        assert 0 < before <= explained.facts["spooled"] <= waiting("samples")
        assert waiting("notifications") == 3
