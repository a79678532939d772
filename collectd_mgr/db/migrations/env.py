# SPDX-License-Identifier: Apache-2.0
"""Run by alembic: the engine comes from whoever asked for the migration, never from a file of alembic's own."""

from __future__ import annotations

from alembic import context

from collectd_mgr.db.models import Base

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
