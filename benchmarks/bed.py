# SPDX-License-Identifier: Apache-2.0
"""What a measurement runs on: RabbitMQ, MariaDB, one API, one conductor, agents; and the empty call beside them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import figures
from benchmarks.empty import Empty
from benchmarks.http import Connection
from tests.functional.deployment import Agent, Caller, Deployment
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.process import Process
from tests.services.rabbitmq import RabbitMQ

Section = Mapping[str, object]

_ROOT = Path(__file__).parents[1]

#: The product's defaults, where tests are in a hurry.
_CALM = {"heartbeat_interval": 10}

#: Collected on every host; memory and df are left for the measurement to switch.
PLUGINS = ("cpu", "disk", "entropy", "interface", "load", "processes", "swap", "uptime", "users")


class Bed:
    """One deployment, with (``keystone``) or without tokens."""

    def __init__(self, rabbitmq: RabbitMQ, mariadb: MariaDB, keystone: Keystone | None, api: Section) -> None:
        self.rabbitmq, self.mariadb = rabbitmq, mariadb
        options: dict[str, Section] = {"conductor": {**_CALM, "resend_interval": 10}, "api": api}
        if keystone:
            options["keystone_authtoken"] = keystone.authtoken()
        else:
            options["api"] = {**api, "auth_strategy": "none"}
        self.deployment = Deployment(rabbitmq.url, mariadb.database(), options)
        self.token = keystone.token("admin", "admin") if keystone else None
        command = [sys.executable, "-m", "benchmarks.empty", rabbitmq.url]
        log = self.deployment.home / "empty.log"
        self.server = Process(command, log, {"PYTHONPATH": str(_ROOT)})
        self.empty = Empty(rabbitmq.url)

    def start(self) -> None:
        self.deployment.start()
        self.server.start()
        self.server.wait_until(lambda: "listening" in self.server.tail())

    def host(self, name: str, more: str = "", **options: Section) -> Agent:
        """A running host that the API has heard of."""
        agent = self.deployment.agent(name, **{**options, "agent": {**_CALM, **options.get("agent", {})}})
        agent.furnish(PLUGINS, more)
        agent.start()
        Caller(self.deployment.urls[0], self.token).up(name)
        return agent

    def connection(self) -> Connection:
        return Connection(self.deployment.urls[0], self.token)

    def close(self) -> None:
        self.server.stop()
        self.deployment.close()


def services(stack: ExitStack) -> tuple[RabbitMQ, MariaDB]:
    """The two that every bed needs, running until ``stack`` ends."""
    rabbitmq, mariadb = RabbitMQ(), MariaDB()
    for service in (rabbitmq, mariadb):
        stack.callback(service.close)
        service.start()
    return rabbitmq, mariadb


def laid(
    stack: ExitStack, rabbitmq: RabbitMQ, mariadb: MariaDB, keystone: Keystone | None = None, **api: object
) -> Bed:
    """A bed that is ready, until ``stack`` ends; ``api`` are options of its [api]."""
    bed = Bed(rabbitmq, mariadb, keystone, api)
    stack.callback(bed.close)
    bed.start()
    return bed


@contextmanager
def own() -> Iterator[Bed]:
    """A bed without tokens, for as long as the block lasts; how busy the machine is is printed before and after."""
    print(figures.load())
    with ExitStack() as stack:
        yield laid(stack, *services(stack))
    print(figures.load())
