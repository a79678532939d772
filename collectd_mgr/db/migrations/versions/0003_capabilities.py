# SPDX-License-Identifier: Apache-2.0
"""Capabilities in a column of their own: they are most of a status, and seldom change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("hosts", sa.Column("capabilities", LONG_TEXT))
    op.add_column("hosts", sa.Column("capabilities_digest", sa.String(32), nullable=False, server_default=""))
    # A health that no host has: with its next heartbeat each is asked for the whole of its status, capabilities too.
    op.execute(sa.text("UPDATE hosts SET health = NULL"))
