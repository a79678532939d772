# SPDX-License-Identifier: Apache-2.0
"""Many changes at once that each need a restart of a real collectd come to few, and each operation tells of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from collectd_mgr.control import edits
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.control.requester import Requester
from collectd_mgr.db import operations, schema
from collectd_mgr.db.engine import Database
from collectd_mgr.db.models import Operation
from collectd_mgr.domain.sections import THRESHOLDS
from collectd_mgr.rpc import transport
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.status import Reports
from collectd_mgr.testing import configuration
from tests.agent.agent_host import PLUGINS, AgentHost
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE

CHANGES = 20


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, own_plugins=(PLUGINS / "threshold.so",), drivers="restart") as host:
        host.start()
        host.until(lambda: host.status().daemon["pid"])
        yield host


@pytest.fixture
def control(host: AgentHost, mariadb: MariaDB) -> Iterator[HostControl]:
    database = Database(configuration.scratch(mariadb.database()))
    schema.sync(database)
    bus = transport.rpc(host.conf)
    control = HostControl(database, AgentAPI(bus, timeout=PATIENCE), wait=PATIENCE)
    control.receive(Reports(statuses=(host.status(),)))
    yield control
    bus.cleanup()
    database.close()


def restarts(host: AgentHost) -> int:
    return host.log.read_text().count("applied by restart")


def test_a_storm_of_changes_is_a_few_restarts(host: AgentHost, control: HostControl) -> None:
    def change(number: int) -> Operation:
        name = f"t{number}"
        edit = edits.set_setting(THRESHOLDS, name, {"type": "gauge", "type_instance": name, "failure_max": 1.0})
        return control.change(Requester(f"user{number}"), host.name, edit, "thresholds.set", setting=name).operation

    before = restarts(host)
    with ThreadPoolExecutor(CHANGES) as pool:
        rows = list(pool.map(change, range(CHANGES)))
    with control.database.reader() as session:
        done = [operations.get(session, row.id) for row in rows]
    assert [(row.state, row.driver) for row in done] == [("succeeded", "restart")] * CHANGES
    # Three, where a machine is not so busy that some are stored only after a restart.
    assert 1 <= restarts(host) - before <= CHANGES // 2
    assert len(host.status().sections[THRESHOLDS]["settings"]) == CHANGES
