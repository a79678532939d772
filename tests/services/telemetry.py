# SPDX-License-Identifier: Apache-2.0
"""Gnocchi, Ceilometer and Aodh together, as a cloud has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.services.aodh import Aodh
from tests.services.ceilometer import Ceilometer
from tests.services.gnocchi import Gnocchi
from tests.services.keystone import Keystone
from tests.services.postgresql import PostgreSQL
from tests.services.rabbitmq import RabbitMQ


class Telemetry:
    """A context manager: about a gigabyte of memory, so for the tests of one module."""

    def __init__(self, rabbitmq: RabbitMQ, keystone: Keystone, postgresql: PostgreSQL) -> None:
        self.gnocchi = Gnocchi(keystone, postgresql)
        self.ceilometer = Ceilometer(rabbitmq, keystone)
        self.aodh = Aodh(rabbitmq, keystone)

    def __enter__(self) -> Telemetry:
        with ThreadPoolExecutor() as pool:
            for start in [pool.submit(self.aodh.start), pool.submit(self._store)]:
                start.result()
        return self

    def _store(self) -> None:
        """Ceilometer asks for Gnocchi when it starts."""
        self.gnocchi.start()
        self.ceilometer.start()

    def __exit__(self, *_: object) -> None:
        with ThreadPoolExecutor() as pool:
            for each in (self.gnocchi, self.ceilometer, self.aodh):
                pool.submit(each.close)

    def log(self) -> str:
        return self.ceilometer.log()[-4000:] + self.gnocchi.log() + self.aodh.log()
