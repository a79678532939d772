# SPDX-License-Identifier: Apache-2.0
"""Somebody has a credential for the bus, that of another host, and commands nothing with it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import amqp
import pytest

from collectd_mgr import exception
from collectd_mgr.domain.reads import Flush
from collectd_mgr.domain.spec import HostSpec
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import keys, transport
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.signing import Signer
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually


class Plane:
    """The control plane with its key, and one host that trusts it and nobody else."""

    def __init__(self, rabbitmq: RabbitMQ, directory: Path) -> None:
        self.key = keys.new()
        trusted = directory / "trusted-keys"
        trusted.write_text(keys.public_half(self.key) + "\n")
        self.host = AgentHost(rabbitmq.url, require_signature=True, trusted_keys_file=trusted, probation=0.5)
        self.bus = transport.rpc(self.host.conf)

    def api(self, signer: Signer | None) -> AgentAPI:
        return AgentAPI(self.bus, 60, signer)

    def signed(self) -> AgentAPI:
        return self.api(Signer([self.key], 300))

    def status(self) -> HostStatus:
        return self.signed().status(self.host.name)

    def answers(self) -> bool:
        try:
            self.signed().status(self.host.name, timeout=10)
        except exception.AgentUnreachable:
            return False
        return True

    def refusals(self) -> int:
        return self.host.log.read_text().count("was refused (")

    def traces(self) -> dict[str, Any]:
        """All that a change would leave a trace in."""
        status, directory = self.status(), self.host.directory
        files = [directory / "agent" / "journal", *(directory / "managed").glob("*")]
        texts = {str(file): file.read_text() for file in files if file.is_file()}
        return {"pid": self.host.pid, "generation": status.generation, "enabled": enabled(status), **texts}


@pytest.fixture
def plane(rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[Plane]:
    plane = Plane(rabbitmq, tmp_path)
    with plane.host:
        plane.host.start(wait=False)
        eventually(plane.answers)
        yield plane
    plane.bus.cleanup()


class Ear:
    """Hears all that is sent to one host, and can say it again."""

    def __init__(self, connection: amqp.Connection, host: str) -> None:
        self._channel = connection.channel()
        self._key = f"collectd_mgr.agent.{host}"
        self._queue = self._channel.queue_declare(exclusive=True).queue
        self._channel.queue_bind(self._queue, exchange="collectd_mgr", routing_key=self._key)

    def heard(self, word: str) -> amqp.Message:
        """The first message that has ``word`` in it."""
        found: list[amqp.Message] = []

        def listen() -> bool:
            message = self._channel.basic_get(self._queue, no_ack=True)
            if message is not None and word in message.body:
                found.append(message)
            return bool(found)

        eventually(listen)
        return found[0]

    def say(self, message: amqp.Message, change: Callable[[dict[str, Any]], None] = lambda call: None) -> None:
        """Publish it once more; the bus's own number of the message is new, so that nobody takes it for a double."""
        body = json.loads(message.body)
        call = json.loads(body["oslo.message"])
        call["_unique_id"] = uuid.uuid4().hex
        change(call)
        body["oslo.message"] = json.dumps(call)
        again = amqp.Message(json.dumps(body), **message.properties)
        self._channel.basic_publish(again, exchange="collectd_mgr", routing_key=self._key)


def test_a_call_counts_once_whatever_becomes_of_the_agent(plane: Plane, rabbitmq: RabbitMQ) -> None:
    with rabbitmq.connect() as connection:
        ear = Ear(connection, plane.host.name)
        plane.signed().flush(plane.host.name, Flush())
        flush = ear.heard('\\"flush\\"')
        plane.host.kill()
        plane.host.start(wait=False)
        eventually(plane.answers)
        ear.say(flush)
        eventually(lambda: "A call of flush was refused (replayed" in plane.host.log.read_text())


def evil(n: int) -> HostSpec:
    return spec(n, "memory", "swap")


def test_nobody_else_commands_the_host(plane: Plane, rabbitmq: RabbitMQ) -> None:
    name = plane.host.name
    with rabbitmq.connect() as connection:
        ear = Ear(connection, name)
        assert plane.signed().apply(name, spec(1, "memory")).outcome == "applied"
        first = ear.heard('\\"apply\\"')
        assert plane.signed().apply(name, spec(2, "memory", "users")).outcome == "applied"
        second = ear.heard('\\"apply\\"')
        # The end of its probation leaves traces as well.
        plane.host.until(plane.host.outlived)
        eventually(lambda: plane.traces() == plane.traces())
        before, refused = plane.traces(), plane.refusals()

        def another_generation(call: dict[str, Any]) -> None:
            call["args"]["spec"] = evil(3).to_dict()

        def unsigned(call: dict[str, Any]) -> None:
            another_generation(call)
            del call["_context_signature"]

        messages = [(first, unsigned), (second, unsigned), (first, another_generation), (second, another_generation)]
        for message, change in messages:
            ear.say(message, change)
        for message in (first, second, second):
            ear.say(message)

        eventually(lambda: plane.refusals() == refused + 7)
        assert plane.traces() == before


def test_every_kind_of_it_is_told_apart(plane: Plane) -> None:
    name = plane.host.name
    assert plane.signed().apply(name, spec(5, "memory")).outcome == "applied"

    class ForAnother(Signer):
        """What the control plane signed for another host."""

        def sign(self, host: str, method: str, arguments: Any, request_id: str) -> dict[str, Any]:
            return super().sign("c2.example.org", method, arguments, request_id)

    attempts = {
        "unsigned": None,
        "unknown_key": Signer([keys.new()], 300),
        "other_host": ForAnother([plane.key], 300),
        "expired": Signer([plane.key], 300, lambda: time.time() - 301),
        "not_yet": Signer([plane.key], 300, lambda: time.time() + 600),
    }
    for reason, signer in attempts.items():
        with pytest.raises(exception.SignatureRefused) as caught:
            plane.api(signer).apply(name, evil(6))
        assert caught.value.kwargs["reason_code"] == reason
        with pytest.raises(exception.SignatureRefused):
            plane.api(signer).flush(name, Flush())
    # What is signed and old is refused for its generation: it was taken up before, or something later was.
    with pytest.raises(exception.StaleGeneration):
        plane.signed().apply(name, evil(4))
    with pytest.raises(exception.StaleGeneration):
        plane.signed().apply(name, evil(5))
    assert enabled(plane.status()) == {"memory"}
    warnings = plane.status().warnings
    assert any("refused: 2 (unknown_key)" in line for line in warnings), warnings
