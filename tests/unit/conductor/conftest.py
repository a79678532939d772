# SPDX-License-Identifier: Apache-2.0
"""A conductor and an agent of an in-memory collectd, on one in-memory bus and a scratch database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collectd_mgr.conductor.service import ConductorService
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.testing import configuration
from tests.unit.agent.agents import Agent
from tests.waiting import PATIENCE

FAST = ConductorSettings(
    batch_size=10, batch_timeout=0.05, heartbeat_interval=0.4, resend_interval=0.2, call_timeout=10.0, workers=2
)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    """Not started yet."""
    agent = Agent(tmp_path / "agent")
    yield agent
    agent.service.stop()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    yield database
    database.close()


@pytest.fixture
def control(agent: Agent, database: Database) -> HostControl:
    return HostControl(database, AgentAPI(agent.bus, timeout=10.0), wait=PATIENCE)


@pytest.fixture
def conductors(agent: Agent, control: HostControl) -> Iterator[list[ConductorService]]:
    """Two, as a normal deployment has them."""
    found = [ConductorService(FAST, control, agent.bus, agent.notifications) for _ in range(2)]
    for conductor in found:
        conductor.start()
    yield found
    with ThreadPoolExecutor() as pool:
        list(pool.map(ConductorService.stop, found))
