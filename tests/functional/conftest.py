# SPDX-License-Identifier: Apache-2.0
"""Whole deployments on the real services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.deployment import Caller, Deployment
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.postgresql import PostgreSQL
from tests.services.rabbitmq import RabbitMQ


@pytest.fixture(scope="module")
def deployment(rabbitmq: RabbitMQ, keystone: Keystone, mariadb: MariaDB) -> Iterator[Deployment]:
    """Two APIs and two conductors on MariaDB, with Keystone."""
    yield from deployed(rabbitmq, keystone, mariadb.database())


@pytest.fixture
def deployment_on_postgresql(rabbitmq: RabbitMQ, keystone: Keystone, postgresql: PostgreSQL) -> Iterator[Deployment]:
    """The same on PostgreSQL."""
    yield from deployed(rabbitmq, keystone, postgresql.database())


def deployed(rabbitmq: RabbitMQ, keystone: Keystone, database: str) -> Iterator[Deployment]:
    options = {"keystone_authtoken": keystone.authtoken()}
    deployment = Deployment(rabbitmq.url, database, options, apis=2, conductors=2)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.close()


@pytest.fixture
def hosts_leave(deployment: Deployment) -> Iterator[None]:
    """Those of a test with it."""
    yield
    deployment.dismiss()


@pytest.fixture
def admin(deployment: Deployment, keystone: Keystone) -> Caller:
    return Caller(deployment.urls[0], keystone.token("admin", "admin"))
