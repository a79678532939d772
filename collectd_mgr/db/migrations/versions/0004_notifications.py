# SPDX-License-Identifier: Apache-2.0
"""collectd's notifications."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"

LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
MARIADB: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("message", LONG_TEXT, nullable=False),
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("identifier", sa.String(700), nullable=False),
        sa.Column("plugin", sa.String(128), nullable=False),
        sa.Column("type", sa.String(128), nullable=False),
        sa.Column("meta", LONG_TEXT),
        sa.Column("muted", sa.String(63)),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("host", "number", name="uq_notifications_host_number"),
        **MARIADB,
    )
    op.create_index("ix_notifications_time", "notifications", ["time"])
    op.create_index("ix_notifications_received_at", "notifications", ["received_at"])
