# SPDX-License-Identifier: Apache-2.0
"""Until when somebody is at work on a host, so that no other sends to it meanwhile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("hosts", sa.Column("claimed_until", MOMENT))
