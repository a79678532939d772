# SPDX-License-Identifier: Apache-2.0
"""What a request set of a plugin, where that was not the whole: it may have to be tried again without the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("operations", sa.Column("parts", sa.String(32), nullable=False, server_default=""))
