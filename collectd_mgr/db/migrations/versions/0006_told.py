# SPDX-License-Identifier: Apache-2.0
"""What Ceilometer was told of hosts and operations, and which conductor is at it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
MARIADB: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    for table in ("hosts", "operations"):
        op.add_column(table, sa.Column("told", sa.String(16), nullable=False, server_default=""))
        op.create_index(f"ix_{table}_state_told", table, ["state", "told"])
    # What was before is no news.
    op.execute("UPDATE hosts SET told = state")
    op.execute("UPDATE operations SET told = state WHERE state = 'failed'")
    duties = op.create_table(
        "duties",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(36), nullable=False, server_default=""),
        sa.Column("until", MOMENT),
        sa.PrimaryKeyConstraint("name", name="pk_duties"),
        **MARIADB,
    )
    op.bulk_insert(duties, [{"name": "events"}])
