# SPDX-License-Identifier: Apache-2.0
"""Operations. What their states mean and how they follow each other is the domain's business."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from collectd_mgr import exception
from collectd_mgr.db.engine import now
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.models import Operation
from collectd_mgr.db.paging import Paging, page
from collectd_mgr.domain.operations import PENDING, STATES, SUCCEEDED
from collectd_mgr.domain.spec import Generation

SORT_KEYS = ("created_at", "updated_at", "host", "plugin", "state")

_OPEN = tuple(state.name for state in STATES.values() if not state.final)


@dataclass(frozen=True)
class Filters:
    """Which operations a list is of; ``None`` lets all pass."""

    host: str | None = None
    user: str | None = None
    state: str | None = None
    plugin: str | None = None
    since: datetime | None = None


def add(session: Session, host: str, wanted: Generation, from_n: int, origin: Origin) -> Operation:
    """A pending operation that wants ``wanted``."""
    at = now()
    who = {key: value for key, value in vars(origin).items() if key != "rollback_of"}
    row = Operation(id=str(uuid.uuid4()), host=host, epoch=wanted.epoch, from_n=from_n, to_n=wanted.n, **who)
    row.state, row.created_at, row.updated_at = PENDING, at, at
    session.add(row)
    session.flush()
    return row


def get(session: Session, operation_id: str) -> Operation:
    """:raises OperationNotFound:"""
    row = session.get(Operation, operation_id)
    if row is None:
        raise exception.OperationNotFound(f"There is no operation {operation_id!r}.", operation=operation_id)
    return row


def listed(session: Session, filters: Filters, paging: Paging) -> list[Operation]:
    """A page of operations; the marker is an id."""
    query = select(Operation)
    for name in ("host", "user", "state", "plugin"):
        if getattr(filters, name) is not None:
            query = query.where(getattr(Operation, name) == getattr(filters, name))
    if filters.since is not None:
        query = query.where(Operation.created_at >= filters.since)
    return page(session, query, Operation, "id", paging, "created_at")


def open_of(session: Session, host: str) -> list[Operation]:
    """The host's operations whose outcome is not known, the oldest first."""
    query = select(Operation).where(Operation.host == host, Operation.state.in_(_OPEN))
    return list(session.scalars(query.order_by(Operation.to_n)))


def succeeded(session: Session, host: str, generation: Generation) -> list[Operation]:
    """The host's operations that reached this very generation."""
    chosen = (Operation.host == host, Operation.epoch == generation.epoch, Operation.to_n == generation.n)
    return list(session.scalars(select(Operation).where(*chosen, Operation.state == SUCCEEDED)))


def move(session: Session, row: Operation, state: str, **facts: Any) -> bool:
    """Bring an operation to ``state``; False when somebody else moved it first."""
    chosen = (Operation.id == row.id, Operation.state == row.state)
    statement = update(Operation).where(*chosen).values(state=state, updated_at=now(), **facts)
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(result.rowcount == 1)


def want(session: Session, host: str, old: Generation, new: Generation) -> None:
    """Open operations that wanted ``old`` want ``new``: the same content, above what the agent had."""
    chosen = (Operation.host == host, Operation.state.in_(_OPEN), Operation.epoch == old.epoch, Operation.to_n == old.n)
    statement = update(Operation).where(*chosen).values(epoch=new.epoch, to_n=new.n, updated_at=now())
    session.execute(statement.execution_options(synchronize_session=False))
