# SPDX-License-Identifier: Apache-2.0
"""Operations. What their states mean and how they follow each other is the domain's business."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, and_, bindparam, case, delete, insert, inspect, null, or_, select, update
from sqlalchemy.orm import Session

from collectd_mgr import exception
from collectd_mgr.db.engine import Executor, now
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.models import Operation, table
from collectd_mgr.db.paging import Paging, page
from collectd_mgr.domain.operations import APPLYING, FAILED, PENDING, QUEUED, STATES, SUCCEEDED
from collectd_mgr.domain.sections import REPLACE
from collectd_mgr.domain.spec import Generation

SORT_KEYS = ("created_at", "updated_at", "host", "plugin", "state")

#: Rows of one transaction.
_CHUNK = 500

_OPEN = tuple(state.name for state in STATES.values() if not state.final)


@dataclass(frozen=True)
class Filters:
    """Which operations a list is of; ``None`` lets all pass."""

    host: str | None = None
    user: str | None = None
    state: str | None = None
    plugin: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Brief:
    """What there is to know of an operation to settle it."""

    id: str
    state: str
    wanted: Generation
    #: The number of the generation that it was made on.
    from_n: int
    action: str


_TABLE = table(Operation)

_INSERT = insert(_TABLE)

#: The actions that may name the collectd that is to run; then the operation names that setting.
_ANEW = ("restart", "replace")

#: The actions that set nothing which a revert sets as well; but where they name a setting.
_NO_SETTING = ("restart", "reload", "replace", "clear_quarantine", "mode")

#: Of the record: its attributes, and their names in the table.
_ATTRIBUTES = {key: column.name for key, column in inspect(Operation).columns.items()}

_OF_HOST = select(_TABLE.c.id, _TABLE.c.state, _TABLE.c.epoch, _TABLE.c.from_n, _TABLE.c.to_n, _TABLE.c.action).where(
    _TABLE.c.host == bindparam("of_host")
)

_OPEN_OF = _OF_HOST.where(_TABLE.c.state.in_(_OPEN)).order_by(_TABLE.c.to_n)

_SUCCEEDED = _OF_HOST.where(
    _TABLE.c.state == SUCCEEDED,
    _TABLE.c.epoch == bindparam("in_epoch"),
    _TABLE.c.to_n.between(bindparam("from_n"), bindparam("at_n")),
)


def add(session: Executor, operation_id: str, host: str, wanted: Generation, from_n: int, origin: Origin) -> Operation:
    """A pending operation that wants ``wanted``; the record as it was stored, bound to no session."""
    at = now()
    who = {key: value for key, value in vars(origin).items() if key != "rollback_of"}
    row = Operation(id=operation_id, host=host, epoch=wanted.epoch, from_n=from_n, to_n=wanted.n, **who)
    row.state, row.told, row.created_at, row.updated_at = PENDING, "", at, at
    session.execute(_INSERT, {name: getattr(row, key) for key, name in _ATTRIBUTES.items()})
    return row


def get(session: Session, operation_id: str) -> Operation:
    """:raises OperationNotFound:"""
    row = session.get(Operation, operation_id)
    if row is None:
        raise exception.OperationNotFound(f"There is no operation {operation_id!r}.", operation=operation_id)
    return row


def known(session: Session, ids: Collection[str]) -> list[str]:
    """Those of ``ids`` that there are."""
    return list(session.scalars(select(Operation.id).where(Operation.id.in_(ids))))


def listed(session: Session, filters: Filters, paging: Paging) -> list[Operation]:
    """A page of operations; the marker is an id."""
    query = select(Operation)
    for name in ("host", "user", "state", "plugin"):
        if getattr(filters, name) is not None:
            query = query.where(getattr(Operation, name) == getattr(filters, name))
    if filters.since is not None:
        query = query.where(Operation.created_at >= filters.since)
    return page(session, query, Operation, "id", paging, "created_at")


def open_of(session: Executor, host: str) -> list[Brief]:
    """The host's operations whose outcome is not known, the oldest first."""
    return _found(session.execute(_OPEN_OF, {"of_host": host}))


def succeeded(session: Executor, host: str, generation: Generation, after: int) -> list[Brief]:
    """The host's operations that reached ``generation``, or one before it that came after the generation number
    ``after``: a death soon after can still take that back.
    """
    wanted = {"of_host": host, "in_epoch": generation.epoch, "from_n": after + 1, "at_n": generation.n}
    return _found(session.execute(_SUCCEEDED, wanted))


def failed(session: Session, host: str, wanted: Generation) -> Operation | None:
    """The latest of the host's operations that wanted this generation, and failed."""
    chosen = (Operation.host == host, Operation.epoch == wanted.epoch, Operation.to_n == wanted.n)
    query = select(Operation).where(*chosen, Operation.state == FAILED).order_by(Operation.created_at.desc())
    return session.scalars(query.limit(1)).first()


def _found(rows: Iterable[Any]) -> list[Brief]:
    return [Brief(row.id, row.state, Generation(row.epoch, row.to_n), row.from_n, row.action) for row in rows]


def move(session: Executor, row: Brief, state: str, **facts: Any) -> bool:
    """Bring an operation to ``state``; False when somebody else moved it first.

    That the agent is at work may be stored since ``row`` was read: nobody would come back to it.
    """
    given = {f"to_{name}": value for name, value in {"state": state, "updated_at": now(), **facts}.items()}
    states = [PENDING, APPLYING] if row.state == PENDING else [row.state]
    result: Any = session.execute(_moved(tuple(facts)), {"of_id": row.id, "in_states": states, **given})
    return bool(result.rowcount == 1)


@functools.cache
def _moved(facts: tuple[str, ...]) -> Update:
    names = ("state", "updated_at", *facts)
    chosen = (_TABLE.c.id == bindparam("of_id"), _TABLE.c.state.in_(bindparam("in_states", expanding=True)))
    return update(_TABLE).where(*chosen).values({name: bindparam(f"to_{name}") for name in names})


def strip(session: Session, before: datetime) -> int:
    """Drop errors and warnings of a bounded number of operations settled before then; how many. Who asked for what,
    when and why, and what became of it, stays."""
    detailed = or_(Operation.error.is_not(None), Operation.warnings.is_not(None))
    ids = session.scalars(_settled_before(before).where(detailed)).all()
    if ids:
        session.execute(update(_TABLE).where(_TABLE.c.id.in_(ids)).values(error=null(), warnings=null()))
    return len(ids)


def purge(session: Session, before: datetime) -> int:
    """Delete a bounded number of operations settled before then; how many."""
    ids = session.scalars(_settled_before(before)).all()
    if ids:
        session.execute(delete(_TABLE).where(_TABLE.c.id.in_(ids)))
    return len(ids)


def _settled_before(before: datetime) -> Select[str]:
    """What was asked of a host that was away long is settled long after it was made. It was made before it was settled,
    and when it was made has an index."""
    old = (Operation.created_at < before, Operation.updated_at < before)
    return select(Operation.id).where(*old, Operation.state.not_in(_OPEN)).limit(_CHUNK)


def want(session: Session, host: str, old: Generation, new: Generation) -> None:
    """Brief operations that wanted ``old`` want ``new``: the same content, above what the agent had.

    Those that wanted an earlier one want it in the epoch of ``new``: no report will ever speak of another again.
    """
    chosen = (Operation.host == host, Operation.state.in_(_OPEN), Operation.epoch == old.epoch)
    n = case((Operation.to_n == old.n, new.n), else_=Operation.to_n)
    statement = update(Operation).where(*chosen).values(epoch=new.epoch, to_n=n, updated_at=now())
    session.execute(statement.execution_options(synchronize_session=False))


def again(session: Session, row: Brief, wanted: Generation, from_n: int) -> bool:
    """A queued operation wants ``wanted`` now, which was made on ``from_n``; False when somebody else moved it."""
    chosen = (Operation.id == row.id, Operation.state == QUEUED)
    values = {"state": PENDING, "epoch": wanted.epoch, "to_n": wanted.n, "from_n": from_n, "updated_at": now()}
    statement = update(Operation).where(*chosen).values(values).execution_options(synchronize_session=False)
    result: Any = session.execute(statement)
    return bool(result.rowcount == 1)


def asked_later(session: Session, row: Operation) -> bool:
    """Whether somebody has set something else about the same since, and has it; other parts of a plugin are not, nor is
    what has the same name in another section. A revert is about everything, the
    replacement of a section about all of that. What is to stay lies below what others have for a while.
    """
    same = and_(Operation.plugin == row.plugin, Operation.setting == row.setting)
    section, _, verb = row.action.rpartition(".")
    if section and verb == REPLACE:
        same = Operation.action.startswith(f"{section}.")
    elif row.setting and section:
        same = and_(same, Operation.action.startswith(f"{section}."))
        same = or_(same, Operation.action == f"{section}.{REPLACE}")
    elif row.setting:
        same = and_(same, Operation.action.in_(_ANEW))
    elif row.action == "revert":
        same = or_(Operation.action.not_in(_NO_SETTING), Operation.setting != "")
    else:
        same = and_(same, Operation.action != "restart" if row.plugin else Operation.action == row.action)
    later = [Operation.host == row.host, Operation.state == SUCCEEDED, Operation.created_at > row.created_at]
    if row.expires_in is None:
        later.append(Operation.expires_in.is_(None))
    if row.setting or row.action not in _NO_SETTING:
        same = or_(same, Operation.action == "revert")
    query = select(Operation.parts).where(*later, same).distinct()
    return any(_meet(row.parts, parts) for parts in session.scalars(query))


def _meet(some: str, others: str) -> bool:
    """Whether two that set something of the same plugin set the same of it; nothing named is the whole."""
    return not (some and others) or not set(some.split(",")).isdisjoint(others.split(","))
