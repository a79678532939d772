# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for: the real services, each started once, and only in a run that needs it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import collectd_mgr.rpc  # noqa: F401  before any test imports oslo.messaging: it chooses threads, not eventlet
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.needed import Needed
from tests.services.postgresql import PostgreSQL
from tests.services.rabbitmq import RabbitMQ

NEEDED = pytest.StashKey[Needed]()

# How long an example takes is the machine's affair. The short form has the same examples each time, so that what it
# finds is of the change; the long form has many, and others each time.
LONG = bool(os.environ.get("CM_LONG"))
settings.register_profile(
    "patient",
    max_examples=1000 if LONG else 50,
    derandomize=not LONG,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Start what the collected tests will ask for while the first of them run already."""
    # A build that is cancelled gets SIGTERM: end in good order then, daemons included.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated"))
    needed = session.config.stash[NEEDED] = Needed()
    try:
        if not session.config.option.collectonly:
            needed.start(name for item in session.items for name in getattr(item, "fixturenames", ()))
        return (yield)
    finally:
        needed.close()


def pytest_make_parametrize_id(val: object) -> str | None:
    """gabbi's plugin takes every test with a colon in its name for one of its own, and stumbles over it."""
    if isinstance(val, str) and ":" in val:
        return val.encode("unicode_escape").decode().replace(":", ".")
    return None


@pytest.fixture(scope="session")
def rabbitmq(pytestconfig: pytest.Config) -> RabbitMQ:
    service: RabbitMQ = pytestconfig.stash[NEEDED].get("rabbitmq")
    return service


@pytest.fixture(scope="session")
def keystone(pytestconfig: pytest.Config) -> Keystone:
    service: Keystone = pytestconfig.stash[NEEDED].get("keystone")
    return service


@pytest.fixture(scope="session")
def mariadb(pytestconfig: pytest.Config) -> MariaDB:
    service: MariaDB = pytestconfig.stash[NEEDED].get("mariadb")
    return service


@pytest.fixture(scope="session")
def postgresql(pytestconfig: pytest.Config) -> PostgreSQL:
    service: PostgreSQL = pytestconfig.stash[NEEDED].get("postgresql")
    return service
