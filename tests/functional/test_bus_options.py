# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ as a large deployment has it: quorum queues, names of queues that stay the same, TLS."""

from __future__ import annotations

import shlex
import subprocess
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from oslo_config import cfg

from collectd_mgr import exception
from collectd_mgr.cmd import configuration
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import agent, notifications, status, transport
from tests.functional.deployment import write
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE

_HOST = "cn1.quorum.example.org"


class Endpoint:
    target = agent.TARGET

    @agent.expected
    def apply(self, context: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        return HostStatus(_HOST, 1, 1, HostSpec.from_dict(spec).generation).to_dict()


@pytest.fixture(scope="module")
def vhost(rabbitmq: RabbitMQ) -> str:
    """Of its own: queues of another kind have the same names elsewhere."""
    return f"quorum-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def conf(rabbitmq: RabbitMQ, vhost: str, tmp_path_factory: pytest.TempPathFactory) -> cfg.ConfigOpts:
    """As the operator guide has it (doc/source/admin/bus.rst)."""
    place = tmp_path_factory.mktemp("bus")
    tls = {"ssl": True, "ssl_ca_file": rabbitmq.certificate, "ssl_enforce_hostname_verification": True}
    queues = {"rabbit_quorum_queue": True, "rabbit_transient_quorum_queue": True, "use_queue_manager": True}
    sections: dict[str, dict[str, object]] = {
        "DEFAULT": {"transport_url": rabbitmq.vhost(vhost)},
        "oslo_messaging_rabbit": {**tls, **queues, "processname": vhost},
        "oslo_concurrency": {"lock_path": place / "locks"},
    }
    write(place / "conf", sections)
    conf = configuration.new()
    conf(["--config-file", str(place / "conf")], project="collectd-mgr")
    return conf


@pytest.fixture(scope="module")
def bus(conf: cfg.ConfigOpts) -> Iterator[Any]:
    bus = transport.rpc(conf)
    yield bus
    bus.cleanup()


def test_an_agent_is_called(bus: Any, rabbitmq: RabbitMQ, vhost: str) -> None:
    server = agent.server(bus, _HOST, Endpoint())
    server.start()
    answer = agent.AgentAPI(bus, PATIENCE).apply(_HOST, HostSpec(Generation("e", 1)))
    assert answer.generation == Generation("e", 1)
    command = [*shlex.split(rabbitmq.ctl), "-q", "-p", vhost, "list_queues", "name", "type"]
    queues = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert queues[queues.index(f"{agent.TOPIC}.{_HOST}") + 1] == "quorum"
    assert "classic" not in queues
    server.stop()
    server.wait()


def test_a_host_that_is_away_is_known_by_a_timeout(bus: Any) -> None:
    with pytest.raises(exception.AgentUnreachable):
        agent.AgentAPI(bus, 0.5).status("cn2.quorum.example.org")


def test_a_heartbeat_is_heard(conf: cfg.ConfigOpts) -> None:
    heard: list[Any] = []
    came = threading.Event()

    def receive(reports: status.Reports) -> None:
        heard.extend(reports.heartbeats)
        came.set()

    bus = transport.notifications(conf)
    listener = status.listener(bus, receive, 10, 0.05)
    listener.start()
    heartbeat = HostStatus(_HOST, 1, 1).heartbeat()
    status.StatusNotifier(bus, _HOST).heartbeat(heartbeat)
    assert came.wait(PATIENCE)
    assert heard == [heartbeat]
    listener.stop()
    listener.wait()
    bus.cleanup()


def test_what_must_not_be_lost_is_heard(conf: cfg.ConfigOpts) -> None:
    heard: list[Any] = []
    came = threading.Event()

    def receive(payloads: list[notifications.Payload]) -> None:
        heard.extend(payloads)
        came.set()

    outlet = transport.lasting(conf)
    listener = notifications.listener(outlet, receive, 10, 0.05)
    listener.start()
    notifications.Sender(outlet, _HOST).send([{"number": 1}])
    assert came.wait(PATIENCE)
    assert heard == [{"host": _HOST, "rows": [{"number": 1}]}]
    listener.stop()
    listener.wait()
    outlet.transport.cleanup()
