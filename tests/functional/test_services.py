# SPDX-License-Identifier: Apache-2.0
"""The real services do what the tests built on them take for granted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import oslo_messaging
import pytest
import sqlalchemy
from keystoneauth1 import exceptions
from oslo_config import cfg

from collectd_mgr.rpc import transport as bus
from tests.services.identity import ASSIGNMENTS, SERVICE_PROJECT, SERVICE_USER
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.postgresql import PostgreSQL
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE


class Echo:
    target = oslo_messaging.Target(version="1.0")

    def echo(self, context: dict[str, str], value: object) -> list[object]:
        return [value, context["request_id"]]


@pytest.fixture
def transport(rabbitmq: RabbitMQ) -> Iterator[oslo_messaging.Transport]:
    conf = cfg.ConfigOpts()
    conf([], project="test")
    bus.prepare(conf).set_override("transport_url", rabbitmq.url)
    transport = bus.rpc(conf)
    yield transport
    transport.cleanup()


@pytest.fixture
def client(transport: oslo_messaging.Transport) -> Iterator[oslo_messaging.RPCClient]:
    target = oslo_messaging.Target(topic=f"echo-{uuid.uuid4()}", server="host.example.org")
    server = oslo_messaging.get_rpc_server(transport, target, [Echo()])
    server.start()
    yield oslo_messaging.get_rpc_client(transport, target, timeout=PATIENCE)
    server.stop()
    server.wait()


def call(client: oslo_messaging.RPCClient, value: object) -> object:
    return client.call({"request_id": "req-1"}, "echo", value=value)


def test_rpc_over_rabbitmq(client: oslo_messaging.RPCClient) -> None:
    assert call(client, {"interval": 10}) == [{"interval": 10}, "req-1"]


def test_rabbitmq_comes_back_at_the_same_url_with_its_queues(rabbitmq: RabbitMQ) -> None:
    with rabbitmq.connect() as connection, connection.channel() as channel:
        channel.queue_declare("kept", durable=True, auto_delete=False)
    rabbitmq.stop()
    with pytest.raises(OSError, match="refused"):
        rabbitmq.connect()
    rabbitmq.start()
    with rabbitmq.connect() as connection, connection.channel() as channel:
        assert channel.queue_declare("kept", passive=True).queue == "kept"


def test_a_frozen_rabbitmq_answers_nobody_until_it_thaws(rabbitmq: RabbitMQ) -> None:
    rabbitmq.freeze()
    try:
        with pytest.raises(TimeoutError):
            rabbitmq.connect(timeout=1)
    finally:
        rabbitmq.thaw()
    rabbitmq.connect().close()


@pytest.mark.parametrize(("user", "project", "role"), [("admin", "admin", "admin"), *ASSIGNMENTS])
def test_a_token_of_every_user_is_valid(keystone: Keystone, user: str, project: str, role: str) -> None:
    service = keystone.session(SERVICE_USER, SERVICE_PROJECT)
    headers = {"X-Subject-Token": keystone.token(user, project)}
    token = service.get(f"{keystone.url}/auth/tokens", headers=headers).json()["token"]
    assert (token["user"]["name"], token["project"]["name"]) == (user, project)
    assert role in {each["name"] for each in token["roles"]}


def test_a_token_that_keystone_did_not_issue_is_refused(keystone: Keystone) -> None:
    service = keystone.session(SERVICE_USER, SERVICE_PROJECT)
    with pytest.raises(exceptions.NotFound):
        service.get(f"{keystone.url}/auth/tokens", headers={"X-Subject-Token": "nonsense"})


def test_a_registered_service_is_in_the_catalogue(keystone: Keystone) -> None:
    keystone.register("smoke", "smoke-test", "http://127.0.0.1:1/v1")
    assert keystone.session("alice", "demo").get_endpoint(service_type="smoke-test") == "http://127.0.0.1:1/v1"


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_every_database_is_new_and_takes_any_text(kind: str, request: pytest.FixtureRequest) -> None:
    service: MariaDB | PostgreSQL = request.getfixturevalue(kind)
    for _ in range(2):
        engine = sqlalchemy.create_engine(service.database())
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE t (word VARCHAR(9))"))
            connection.execute(sqlalchemy.text("INSERT INTO t VALUES ('ключ 🗝')"))
            assert connection.execute(sqlalchemy.text("SELECT word FROM t")).all() == [("ключ 🗝",)]
        engine.dispose()
