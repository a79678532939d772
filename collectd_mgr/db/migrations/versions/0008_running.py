# SPDX-License-Identifier: Apache-2.0
"""Whether the collectd of a host runs, as far as anybody knows: a host without one is in sync with nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("hosts", sa.Column("running", sa.Boolean(), nullable=False, server_default=sa.true()))
