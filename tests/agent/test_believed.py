# SPDX-License-Identifier: Apache-2.0
"""Somebody has a credential for the bus, that of another host, and is believed nothing that concerns this one."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import amqp
import pytest

from collectd_mgr import exception
from collectd_mgr.conductor.service import ConductorService
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.control import edits, notifications
from collectd_mgr.control.hosts import HostControl, status_of
from collectd_mgr.control.requester import Requester
from collectd_mgr.db import operations, schema
from collectd_mgr.db.engine import Database
from collectd_mgr.db.models import Operation
from collectd_mgr.db.notifications import Filters
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.spec import PluginSetting
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import agent, identity, keys, transport
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.identity import HostKeys, Identity
from collectd_mgr.rpc.notifications import Sender
from collectd_mgr.rpc.signing import Verifier
from collectd_mgr.rpc.status import StatusNotifier
from collectd_mgr.testing import configuration
from tests.agent.agent_host import AgentHost
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE, eventually

_STATUS, _SAID = "collectd_mgr.status.info", "collectd_mgr.notifications.info"

FAST = ConductorSettings(batch_timeout=0.05, heartbeat_interval=0.5, resend_interval=0.5, call_timeout=10)


class Ear:
    """Hears all that hosts report, and can say it again."""

    def __init__(self, connection: amqp.Connection) -> None:
        self._channel = connection.channel()
        self._queue = self._channel.queue_declare(exclusive=True).queue
        self._channel.queue_bind(self._queue, exchange="collectd_mgr", routing_key=_STATUS)

    def heard(self, host: str, event: str) -> amqp.Message:
        """The next report of this kind."""
        found: list[amqp.Message] = []

        def listen() -> bool:
            message = self._channel.basic_get(self._queue, no_ack=True)
            if message is not None and f'\\"{event}\\"' in message.body and host in message.body:
                found.append(message)
            return bool(found)

        eventually(listen)
        return found[0]

    def say(self, message: amqp.Message, change: Callable[[dict[str, Any]], None] = lambda said: None) -> None:
        """Publish it once more; the bus's own number of the message is new, so that nobody takes it for a double."""
        body = json.loads(message.body)
        said = json.loads(body["oslo.message"])
        said["_unique_id"] = uuid.uuid4().hex
        change(said)
        body["oslo.message"] = json.dumps(said)
        self._channel.basic_publish(
            amqp.Message(json.dumps(body), **message.properties), exchange="collectd_mgr", routing_key=_STATUS
        )


class Plane:
    """A conductor that knows the keys of two hosts, one of which is there."""

    def __init__(self, rabbitmq: RabbitMQ, directory: Path) -> None:
        self.host = AgentHost(rabbitmq.url)
        self.other = Identity([keys.new()])
        file = directory / "host-keys"
        own = identity.of_host(str(self.host.directory / "agent")).public[0]
        file.write_text(f"{self.host.name} {own}\nother.example.org {self.other.public[0]}\n")
        self.keys = HostKeys(str(file), True, 300)
        self.bus = transport.rpc(self.host.conf)
        self.reports = transport.notifications(self.host.conf)
        self.lasting = transport.lasting(self.host.conf)
        database = Database(configuration.scratch(f"sqlite:///{directory}/state.db"))
        schema.sync(database)
        self.control = HostControl(database, AgentAPI(self.bus, 10, keys=self.keys), PATIENCE)
        self.conductor = ConductorService(FAST, self.control, self.bus, self.reports, self.lasting, keys=self.keys)

    def enable(self, plugin: str, wait: float = PATIENCE) -> Operation:
        control = HostControl(self.control.database, self.control.agents, wait)
        edit = edits.set_plugin(plugin, PluginSetting(True, 1.0))
        return control.change(Requester("alice"), self.host.name, edit, "set", plugin).operation

    def status(self) -> HostStatus:
        found = status_of(self.control.get(self.host.name))
        assert found is not None
        return found

    def managed(self) -> bool:
        try:
            return self.status().mode == Mode("manage", set_by="default")
        except (exception.HostNotFound, AssertionError):
            return False

    def state(self, row: Operation) -> str:
        with self.control.database.reader() as session:
            return operations.get(session, row.id).state

    def close(self) -> None:
        self.conductor.stop()
        for bus in (self.bus, self.reports, self.lasting.transport):
            bus.cleanup()
        self.control.database.close()


def empty(rabbitmq: RabbitMQ) -> None:
    """Of what hosts of earlier tests have said, with nobody there to hear it."""
    for queue in (_STATUS, _SAID):
        with rabbitmq.connect() as connection, contextlib.suppress(amqp.NotFound):
            connection.channel().queue_purge(queue)


@pytest.fixture
def plane(rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[Plane]:
    empty(rabbitmq)
    plane = Plane(rabbitmq, tmp_path)
    plane.conductor.start()
    with plane.host:
        plane.host.start(wait=False)
        eventually(plane.managed)
        yield plane
        plane.close()


def counted(plane: Plane) -> int:
    return plane.keys.refused.total()


def test_nobody_else_reports_for_the_host(plane: Plane, rabbitmq: RabbitMQ) -> None:
    name = plane.host.name
    with rabbitmq.connect() as connection:
        ear = Ear(connection)
        rows = [plane.enable("memory"), plane.enable("users")]
        heartbeat, status = ear.heard(name, "host.heartbeat"), ear.heard(name, "host.status")
        before = plane.control.get(name)
        assert (before.n, before.last_good, counted(plane)) == (2, 2, 0)

        lie = replace(plane.status(), boot=2**62, outcome="failed", error=exception.DaemonDied().to_dict())
        alarm = {**Notification("failure", "fire", 1e9, name, "cpu").to_dict(), "number": 1}
        for who in (None, plane.other, Identity([keys.new()])):
            StatusNotifier(plane.reports, name, who).status(lie)
            StatusNotifier(plane.reports, name, who).heartbeat(lie.heartbeat())
            Sender(plane.lasting, name, who).send([alarm])
        # One that is known by nobody makes no record either.
        StatusNotifier(plane.reports, "nobody.example.org", plane.other).heartbeat(
            {**lie.heartbeat(), "host": "nobody"}
        )

        def changed(said: dict[str, Any]) -> None:
            said["args" if "args" in said else "payload"]["boot"] = 2**62

        for message in (heartbeat, status):
            ear.say(message, changed)
        eventually(lambda: counted(plane) == 12)

        # What the host said itself, once more: it is late, and nothing comes of it.
        for message in (status, heartbeat, status):
            ear.say(message)
        eventually(lambda: plane.control.get(name).heard > before.heard)
        after = plane.control.get(name)
    assert (after.n, after.last_good, after.settled, after.boot) == (2, 2, 2, before.boot)
    assert [plane.state(row) for row in rows] == ["succeeded", "succeeded"]
    assert notifications.listed(plane.control.database, Filters(), Paging(10, None, "number", "asc")) == []
    with pytest.raises(exception.HostNotFound):
        plane.control.get("nobody")


def more_than(plane: Plane, count: int) -> bool:
    return counted(plane) > count


class Impostor:
    """Takes the calls of a host, and says that it failed."""

    target = agent.TARGET

    def __init__(self, truth: HostStatus, error: Exception | None) -> None:
        self._truth = truth
        self._error = error
        self._numbers = itertools.count(2**40)

    @agent.expected
    def apply(self, context: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        if self._error is not None:
            raise self._error
        failed = {"generation": spec["generation"], "outcome": "failed", "error": exception.DaemonDied().to_dict()}
        return {**self._truth.to_dict(), "sequence": next(self._numbers), **failed}

    @agent.expected
    def status(self, context: dict[str, Any]) -> dict[str, Any]:
        return {**self._truth.to_dict(), "sequence": next(self._numbers), "mode": Mode("off").to_dict()}


def test_nobody_else_answers_for_the_host(plane: Plane, tmp_path: Path) -> None:
    name = plane.host.name
    assert plane.enable("memory").state == "succeeded"
    plane.host.kill()
    truth, verifier = plane.status(), Verifier(name, str(tmp_path / "none"), False)
    for n, error in enumerate((None, exception.RefusedByAgent("no"), ZeroDivisionError("a bug")), start=2):
        impostor = agent.server(plane.bus, name, Impostor(truth, error), verifier, plane.other)
        impostor.start()
        refused = counted(plane)
        row = plane.enable("users", wait=1)
        eventually(functools.partial(more_than, plane, refused))
        impostor.stop()
        impostor.wait()
        assert (plane.control.get(name).n, plane.state(row)) == (n, "pending")
    plane.host.start(wait=False)
    eventually(lambda: plane.state(row) == "succeeded")
    assert plane.status().mode.mode == "manage"
