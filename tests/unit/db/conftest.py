# SPDX-License-Identifier: Apache-2.0
"""A database of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database
from collectd_mgr.testing import configuration


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    yield database
    database.close()
