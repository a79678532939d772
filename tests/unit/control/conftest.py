# SPDX-License-Identifier: Apache-2.0
"""A deployment without processes: database, bus, control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.testing import configuration
from tests.unit.rpc.buses import rpc_bus
from tests.waiting import PATIENCE


@pytest.fixture
def bus() -> Any:
    return rpc_bus()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    yield database
    database.close()


@pytest.fixture
def control(database: Database, bus: Any) -> HostControl:
    return HostControl(database, AgentAPI(bus, timeout=PATIENCE), wait=PATIENCE)
