# SPDX-License-Identifier: Apache-2.0
"""What one conductor at a time does, by a conditional UPDATE of a row that the migrations have put there.

As with :mod:`collectd_mgr.db.claims`, it ends by itself, saves work and decides nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update

from collectd_mgr.db.engine import Executor
from collectd_mgr.db.hosts import rows
from collectd_mgr.db.models import Duty, table

EVENTS = "events"

_TABLE = table(Duty)


def hold(session: Executor, name: str, holder: str, at: datetime, until: datetime) -> bool:
    """Have the duty, or have it for longer; False when another holder has it at ``at``. Safe to repeat."""
    free = or_(_TABLE.c.holder == holder, _TABLE.c.until.is_(None), _TABLE.c.until <= at)
    mine = update(_TABLE).where(_TABLE.c.name == name, free)
    return rows(session, mine.values(holder=holder, until=until)) == 1
