# SPDX-License-Identifier: Apache-2.0
"""How far the clock of a host is off, as it was measured last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("hosts", sa.Column("clock", sa.String(16), nullable=False, server_default="unknown"))
    op.add_column("hosts", sa.Column("clock_offset", sa.Double))
    op.add_column("hosts", sa.Column("clock_error", sa.Double))
    op.create_index("ix_hosts_clock", "hosts", ["clock"])
