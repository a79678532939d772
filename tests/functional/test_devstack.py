# SPDX-License-Identifier: Apache-2.0
"""What the DevStack plugin configured works: its database, its virtual host, its uWSGI, its agent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.devstack.node import Node
from tests.functional.deployment import Caller, answers
from tests.services.identity import PASSWORD
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.place import directory, free_port
from tests.services.process import Process
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually

_HOST = "cn1.devstack.example.org"


def commands(mariadb: MariaDB, rabbitmq: RabbitMQ) -> dict[str, str]:
    """Those that do here what they are asked for. The tests' Keystone has its accounts already."""
    return {
        "systemctl": "",
        "uwsgi": f'exec {sys.prefix}/bin/uwsgi "$@"',
        "mysql": f'for sql; do :; done; exec mariadb -uroot -h127.0.0.1 -P{mariadb.port} -e "$sql"',
        "rabbitmqctl": f'exec {rabbitmq.ctl} "$@"',
    }


def local(keystone: Keystone, mariadb: MariaDB, rabbitmq: RabbitMQ) -> dict[str, object]:
    """local.conf, as far as the services are elsewhere than in a DevStack."""
    return {
        "DEVSTACK_VENV": sys.prefix,
        "KEYSTONE_SERVICE_URI": keystone.url,
        "SERVICE_PASSWORD": PASSWORD,
        "BASE_SQL_CONN": f"mysql+pymysql://root@127.0.0.1:{mariadb.port}",
        "RABBIT_HOST": "127.0.0.1",
        "RABBIT_PORT": rabbitmq.port,
        "RABBIT_USERID": rabbitmq.user,
        "RABBIT_PASSWORD": rabbitmq.password,
        "COLLECTD_MGR_SERVICE_HOST": "127.0.0.1",
        "COLLECTD_MGR_SERVICE_PORT": free_port(),
        "COLLECTD_MGR_HOST": _HOST,
        "COLLECTD_MGR_DAEMON": "child",
    }


@pytest.fixture
def node(keystone: Keystone, mariadb: MariaDB, rabbitmq: RabbitMQ) -> Iterator[Node]:
    """Stacked, with the programs of its units running."""
    node = Node(directory(), local=local(keystone, mariadb, rabbitmq), commands=commands(mariadb, rabbitmq))
    started: list[Process] = []
    try:
        node.run("stack install", "stack post-config", "stack extra")
        for unit in sorted((node.place / "units").iterdir()):
            command, env = node.program(unit.stem)
            started.append(Process(command, node.place / f"{unit.stem}.log", env))
            started[-1].start()
        yield node
    finally:
        for process in started:
            process.stop()
        node.close()


def test_a_plugin_is_enabled_and_a_threshold_judged(node: Node, keystone: Keystone) -> None:
    url = f"http://127.0.0.1:{node.local['COLLECTD_MGR_SERVICE_PORT']}"
    eventually(lambda: answers(f"{url}/healthcheck"))
    admin = Caller(url, keystone.token("admin", "admin"))
    try:
        admin.up(_HOST)
    except AssertionError:
        print(*(log.read_text()[-3000:] for log in sorted(node.place.glob("*.log"))), sep="\n---\n")
        raise

    body = {"enabled": True, "reason": "a letter of four bytes: 🗝"}
    answer = admin("PUT", f"/v1/hosts/{_HOST}/plugins/swap", body)

    assert (answer.status, answer.body["operation"]["state"]) == (200, "succeeded"), answer
    assert answer.body["operation"]["reason"] == body["reason"]
    assert answer.body["plugin"]["effective"]["enabled"] is True
    _check_thresholds(admin)
    # As long as a page's end can be, and longer than uWSGI takes by itself.
    assert admin("GET", f"/v1/hosts?marker={quote('🗝' * 2048)}").status == 400


def _check_thresholds(admin: Caller) -> None:
    """In the collectd.conf that was written where there was none: a value past the bound is said to be."""
    bound = {"plugin": "load", "type": "load", "data_source": "shortterm", "failure_max": -1}
    assert admin("PUT", f"/v1/hosts/{_HOST}/thresholds/load", bound).status == 200
    eventually(lambda: admin("GET", f"/v1/hosts/{_HOST}/notifications?severity=failure").body["notifications"])
