# SPDX-License-Identifier: Apache-2.0
"""The migrations lead to the tables that the models describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database
from collectd_mgr.db.models import Base


def test_models_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_sync_is_safe_to_repeat(database: Database) -> None:
    schema.sync(database)
    assert schema.version(database) == schema.head() is not None
