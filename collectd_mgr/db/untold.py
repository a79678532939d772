# SPDX-License-Identifier: Apache-2.0
"""Hosts and operations whose state is another than Ceilometer was told last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update

from collectd_mgr.db.engine import Executor, Session
from collectd_mgr.db.hosts import DOWN, UNKNOWN, UP, rows
from collectd_mgr.db.models import Host, Operation, table
from collectd_mgr.domain.operations import FAILED

#: Equal values are what every database finds in an index.
_NEWS = or_(
    (Host.state == UP) & Host.told.in_(("", UNKNOWN, DOWN)),
    (Host.state == DOWN) & Host.told.in_(("", UNKNOWN, UP)),
)


def hosts(session: Session, limit: int) -> list[tuple[str, str, datetime | None]]:
    """Those that came or went: name, state, and when they were heard last."""
    query = select(Host.name, Host.state, Host.heartbeat_at).where(_NEWS).limit(limit)
    return [(row.name, row.state, row.heartbeat_at) for row in session.execute(query)]


def host_told(session: Executor, name: str, state: str) -> None:
    """Safe to repeat. A host that changed meanwhile is news again."""
    rows(session, update(table(Host)).where(table(Host).c.name == name).values(told=state))


def operations(session: Session, limit: int) -> list[Operation]:
    """Those that failed, the oldest first."""
    query = select(Operation).where(Operation.state == FAILED, Operation.told == "")
    return list(session.scalars(query.order_by(Operation.updated_at).limit(limit)))


def operation_told(session: Executor, id_: str) -> None:
    """Safe to repeat."""
    rows(session, update(table(Operation)).where(table(Operation).c.id == id_).values(told=FAILED))
