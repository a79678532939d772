# SPDX-License-Identifier: Apache-2.0
"""Each service once per session, and only when a test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.postgresql import PostgreSQL
from tests.services.rabbitmq import RabbitMQ


class Service(Protocol):
    def start(self) -> None: ...

    def close(self) -> None: ...


#: The name of the fixture -> what it gives.
KINDS: dict[str, Callable[[], Service]] = {
    "rabbitmq": RabbitMQ,
    "keystone": Keystone,
    "mariadb": MariaDB,
    "postgresql": PostgreSQL,
}


class Needed:
    """The services that this run needs; all of them start at once, because most of it is waiting."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=len(KINDS), thread_name_prefix="services")
        self._services: dict[str, Service] = {}
        self._started: dict[str, Future[None]] = {}

    def start(self, names: Iterable[str]) -> None:
        """Begin to start the services with these names; those that were asked for before are left alone."""
        for name in sorted(set(names) & KINDS.keys() - self._started.keys()):
            service = self._services[name] = KINDS[name]()
            self._started[name] = self._pool.submit(service.start)

    def get(self, name: str) -> Any:
        """The running service; raises what its start raised."""
        self.start([name])
        self._started[name].result()
        return self._services[name]

    def close(self) -> None:
        """End all of them; a start that is under way is waited for, so that nothing is left behind."""
        self._pool.shutdown(wait=True)
        for service in self._services.values():
            service.close()
