# SPDX-License-Identifier: Apache-2.0
"""Who sends to a host: one at a time, by a conditional UPDATE of its record.

A claim ends by itself: whoever made it may have been killed. It saves work and decides nothing, for to send twice is
harmless; so clocks that differ from node to node make it shorter or longer, and no more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, null, or_, select, update
from sqlalchemy.orm import Session

from collectd_mgr.db.engine import Executor
from collectd_mgr.db.hosts import UP, rows
from collectd_mgr.db.models import Host, table

_TABLE = table(Host)

_FREE = or_(_TABLE.c.claimed_until.is_(None), _TABLE.c.claimed_until <= bindparam("at"))

#: Hosts that were heard, and whose newest generation has no outcome yet.
_UNSETTLED = (_TABLE.c.settled < _TABLE.c.n) & (_TABLE.c.state == UP)

_CLAIM = (
    update(_TABLE)
    .where(_TABLE.c.name == bindparam("of_name"), _UNSETTLED, _FREE)
    .values(claimed_until=bindparam("until"))
)

_RELEASE = (
    update(_TABLE)
    .where(_TABLE.c.name == bindparam("of_name"), _TABLE.c.claimed_until == bindparam("until"))
    .values(claimed_until=null())
)


def unsettled(session: Session, at: datetime, limit: int) -> list[str]:
    """The names of those that are to be sent to again and that nobody is at work on, those silent longest last."""
    query = select(_TABLE.c.name).where(_UNSETTLED, _FREE).order_by(_TABLE.c.heartbeat_at.desc()).limit(limit)
    return list(session.scalars(query, {"at": at}))


def claim(session: Executor, name: str, at: datetime, until: datetime) -> bool:
    """Have the host to oneself; False when somebody else has it, or there is nothing more to send."""
    return rows(session, _CLAIM, {"of_name": name, "at": at, "until": until}) == 1


def release(session: Executor, name: str, until: datetime) -> None:
    """Give back what was claimed ``until`` then, if it is still so. Safe to repeat."""
    rows(session, _RELEASE, {"of_name": name, "until": until})
