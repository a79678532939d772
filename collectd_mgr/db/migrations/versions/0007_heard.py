# SPDX-License-Identifier: Apache-2.0
"""The place of the latest report of a host: one that is said again is no sign of life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("hosts", sa.Column("heard", sa.String(40), nullable=False, server_default=""))
