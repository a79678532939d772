# SPDX-License-Identifier: Apache-2.0
"""The tables of the first release."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
MARIADB: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("epoch", sa.String(32), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("last_good", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("heartbeat_at", MOMENT),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("mode", sa.String(16)),
        sa.Column("driver", sa.String(64)),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("health", sa.String(32)),
        sa.Column("status", LONG_TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_hosts"),
        sa.UniqueConstraint("name", name="uq_hosts_name"),
        **MARIADB,
    )
    op.create_index("ix_hosts_heartbeat_at", "hosts", ["heartbeat_at"])
    op.create_index("ix_hosts_state", "hosts", ["state"])
    op.create_table(
        "host_labels",
        sa.Column("host_id", sa.String(36), sa.ForeignKey("hosts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("host_id", "name", name="pk_host_labels"),
        **MARIADB,
    )
    op.create_index("ix_host_labels_name_value", "host_labels", ["name", "value"])
    op.create_table(
        "generations",
        sa.Column("host_id", sa.String(36), sa.ForeignKey("hosts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(32), nullable=False),
        sa.Column("sealed", LONG_TEXT, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(16)),
        *_who_and_why(),
        sa.Column("rollback_of", sa.BigInteger()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host_id", "n", name="pk_generations"),
        **MARIADB,
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        *_who_and_why(),
        sa.Column("epoch", sa.String(32), nullable=False),
        sa.Column("from_n", sa.BigInteger(), nullable=False),
        sa.Column("to_n", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("driver", sa.String(64)),
        sa.Column("error", LONG_TEXT),
        sa.Column("warnings", LONG_TEXT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        **MARIADB,
    )
    op.create_index("ix_operations_created_at", "operations", ["created_at"])
    op.create_index("ix_operations_host_state", "operations", ["host", "state"])


def _who_and_why() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("plugin", sa.String(63), nullable=False),
        sa.Column("setting", sa.String(255), nullable=False),
        sa.Column("expires_in", sa.Double),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
    )
