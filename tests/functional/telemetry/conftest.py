# SPDX-License-Identifier: Apache-2.0
"""Ceilometer, Gnocchi, Aodh, and a webhook for alarms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.aodh import Webhook
from tests.services.keystone import Keystone
from tests.services.postgresql import PostgreSQL
from tests.services.rabbitmq import RabbitMQ
from tests.services.telemetry import Telemetry


@pytest.fixture(scope="package")
def telemetry(rabbitmq: RabbitMQ, keystone: Keystone, postgresql: PostgreSQL) -> Iterator[Telemetry]:
    with Telemetry(rabbitmq, keystone, postgresql) as telemetry:
        yield telemetry


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook
