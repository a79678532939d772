# SPDX-License-Identifier: Apache-2.0
"""Host records. Every function takes the session of the caller's transaction first."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, exists, func, insert, not_, select, update
from sqlalchemy.orm import Session, defer, selectinload, undefer

from collectd_mgr import exception
from collectd_mgr.db.engine import Again, Executor, now
from collectd_mgr.db.models import Generation, Host, Label, table
from collectd_mgr.db.paging import Paging, page

UP = "up"
DOWN = "down"
UNKNOWN = "unknown"

SORT_KEYS = ("name", "created_at", "state", "n")

#: As many a host may have.
LABELS_LIMIT = 64


_LABELS = (selectinload(Host.label_rows),)
_ABLE = undefer(Host.capabilities)

#: A status is long, and parsed when it is loaded.
_WITHOUT_STATUS = defer(Host.status, raiseload=True)


@dataclass(frozen=True)
class Filters:
    """Which hosts a list is of; ``None`` lets all pass."""

    labels: Mapping[str, str] = field(default_factory=dict)
    state: str | None = None
    driver: str | None = None
    mode: str | None = None
    in_sync: bool | None = None
    clocks: Sequence[str] = ()


_TABLE = table(Host)
_LABEL = table(Label)

#: The columns that every record is loaded with.
_COLUMNS = tuple(column for column in _TABLE.c if column.name not in ("capabilities", "capabilities_digest"))

_SEALED = table(Generation).c

_NAMED = select(_TABLE.c.name).where(_TABLE.c.name == bindparam("of_name"))

_NEWEST = (
    select(*_COLUMNS, _SEALED.sealed)
    .join_from(_TABLE, table(Generation), (_SEALED.host_id == _TABLE.c.id) & (_SEALED.n == _TABLE.c.n))
    .where(_TABLE.c.name == bindparam("of_name"))
)


def newest(session: Executor, name: str) -> tuple[Host, str]:
    """The record, without labels and bound to no session, and its newest generation, sealed. :raises HostNotFound:"""
    row = session.execute(_NEWEST, {"of_name": name}).one_or_none()
    if row is None:
        raise _not_found(name)
    return Host(**{column.name: value for column, value in zip(_COLUMNS, row, strict=False)}), row[-1]


def known_as(session: Executor, name: str) -> str:
    """The name as the record has it. :raises HostNotFound:"""
    found = session.execute(_NAMED, {"of_name": name}).scalar()
    if found is None:
        raise _not_found(name)
    return str(found)


def _not_found(name: str) -> exception.HostNotFound:
    return exception.HostNotFound(f"No host {name!r} is known.", host=name)


def get(session: Session, name: str, labels: bool = False, status: bool = True, capabilities: bool = False) -> Host:
    """The record, with labels and capabilities if they are wanted, and with its status unless that is not.

    :raises HostNotFound: when no agent of this name was ever heard, or it was forgotten
    """
    wanted = (
        *(_LABELS if labels else ()),
        *(() if status else (_WITHOUT_STATUS,)),
        *((_ABLE,) if capabilities else ()),
    )
    host = session.scalars(select(Host).where(Host.name == name).options(*wanted)).one_or_none()
    if host is None:
        raise _not_found(name)
    return host


def listed(session: Session, filters: Filters, paging: Paging) -> list[Host]:
    """A page of hosts with their labels; the marker is a name."""
    return page(session, _matching(filters).options(*_LABELS), Host, "name", paging, "name")


def _matching(filters: Filters) -> Select[Host]:
    query = select(Host)
    for name, value in filters.labels.items():
        query = query.where(exists().where(Label.host_id == Host.id, Label.name == name, Label.value == value))
    for column, wanted in ((Host.state, filters.state), (Host.driver, filters.driver), (Host.mode, filters.mode)):
        if wanted is not None:
            query = query.where(column == wanted)
    if filters.clocks:
        query = query.where(Host.clock.in_(filters.clocks))
    if filters.in_sync is not None:
        in_sync = and_(Host.last_good == Host.n, Host.settled == Host.n, Host.running)
        query = query.where(in_sync if filters.in_sync else not_(in_sync))
    return query


def add(session: Session, name: str) -> Host:
    """A record for a host nobody knew. A second one of the same name fails when the transaction is flushed."""
    host = Host(id=str(uuid.uuid4()), name=name, epoch=uuid.uuid4().hex, created_at=now())
    session.add(host)
    session.flush()
    return host


def describe(
    session: Executor, host_id: str, description: str | None = None, labels: Mapping[str, str | None] | None = None
) -> None:
    """Set what people say of a host; None leaves it. Safe to repeat, and for many at once.

    :param labels: the ones to set, and with None those to take away; the others stay as they are
    :raises BadRequest: it would have more than :data:`LABELS_LIMIT`
    """
    if description is not None:
        rows(session, update(_TABLE).where(_TABLE.c.id == host_id).values(description=description))
    if labels:
        _label(session, host_id, labels)


def _label(session: Executor, host_id: str, labels: Mapping[str, str | None]) -> None:
    # One at a time: two that bring the same label would both find none.
    session.execute(select(_TABLE.c.id).where(_TABLE.c.id == host_id).with_for_update())
    session.execute(delete(_LABEL).where(_LABEL.c.host_id == host_id, _LABEL.c.name.in_(labels)))
    for name, value in labels.items():
        if value is not None:
            session.execute(insert(_LABEL).values(host_id=host_id, name=name, value=value))
    if session.execute(select(func.count()).where(_LABEL.c.host_id == host_id)).scalar_one() > LABELS_LIMIT:
        raise exception.BadRequest(f"A host has {LABELS_LIMIT} labels at most.", field="labels")


def forget(session: Session, host_id: str) -> None:
    """With its labels and generations."""
    session.execute(delete(Host).where(Host.id == host_id))


def known(session: Session, names: Iterable[str]) -> list[Host]:
    """The records of those names that have one, without their statuses."""
    return list(session.scalars(select(Host).where(Host.name.in_(list(names))).options(_WITHOUT_STATUS)))


def advance(
    session: Executor, host: Host, n: int, epoch: str | None = None, claimed_until: datetime | None = None
) -> bool:
    """Move the record to generation ``n``; False when somebody else moved it since ``host`` was read.

    :param claimed_until: the caller sends it himself, by then (see :mod:`collectd_mgr.db.claims`)
    """
    there = {"of_id": host.id, "at_n": host.n, "in_epoch": host.epoch}
    return rows(session, _ADVANCE, {**there, "to_n": n, "to_epoch": epoch or host.epoch, "until": claimed_until}) == 1


_ADVANCE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of_id"), _TABLE.c.n == bindparam("at_n"), _TABLE.c.epoch == bindparam("in_epoch"))
    .values(n=bindparam("to_n"), epoch=bindparam("to_epoch"), claimed_until=bindparam("until"))
)


def hold(session: Session, host: Host) -> None:
    """Have nobody else move the record, or settle it, before this transaction ends.

    :raises Again: somebody has moved it since it was read: where reads are repeatable (MariaDB), this transaction does
        not see the generation and the operation that came with that
    """
    n = host.n
    session.refresh(host, ("n", "settled"), with_for_update=True)
    if host.n != n:
        raise Again


def mark(session: Executor, host_id: str, n: int, good: bool) -> None:
    """Remember that the outcome of ``n`` is known. Safe to repeat, in any order."""
    values: dict[str, Any] = {"settled": case((_TABLE.c.settled < n, n), else_=_TABLE.c.settled)}
    if good:
        values["last_good"] = case((_TABLE.c.last_good < n, n), else_=_TABLE.c.last_good)
    rows(session, update(_TABLE).where(_TABLE.c.id == host_id).values(values))


def reopen(session: Session, host: Host) -> None:
    """The host is not where its record says: its newest generation is to be sent again. Safe to repeat."""
    stale = update(_TABLE).where(_TABLE.c.id == host.id, _TABLE.c.n == host.n, _TABLE.c.settled >= host.n)
    rows(session, stale.values(settled=host.n - 1, claimed_until=None))


def reset_good(session: Session, host_id: str, n: int) -> None:
    """The host does not run ``last_good`` any more, and nothing later than ``n``."""
    rows(session, update(_TABLE).where(_TABLE.c.id == host_id).values(last_good=n))


def clocked(session: Session, name: str, state: str, offset: float, error: float) -> None:
    """Keep what the clock of the host was found to be; offset and error are in seconds."""
    found = update(_TABLE).where(_TABLE.c.name == name)
    rows(session, found.values(clock=state, clock_offset=offset, clock_error=error))


def is_settled(session: Session, host_id: str) -> bool:
    """Whether the outcome of the newest generation is known."""
    return bool(session.scalar(select(Host.settled >= Host.n).where(Host.id == host_id)))


def silent(session: Session, since: datetime) -> list[str]:
    """The names of hosts that count as up and were not heard after ``since``."""
    query = select(Host.name).where(Host.state == UP, Host.heartbeat_at < since)
    return list(session.scalars(query))


def lose(session: Session, name: str, since: datetime) -> bool:
    """The host is down if it was not heard after ``since``; False when somebody else said so, or it was."""
    up = update(_TABLE).where(_TABLE.c.name == name, _TABLE.c.state == UP, _TABLE.c.heartbeat_at < since)
    return rows(session, up.values(state=DOWN)) == 1


def rows(session: Executor, statement: Any, values: Mapping[str, Any] | None = None) -> int:
    """Execute ``statement``; how many rows it was about."""
    result: Any = session.execute(statement, values)
    return int(result.rowcount)
