# SPDX-License-Identifier: Apache-2.0
"""Host records. Every function takes the session of the caller's transaction first."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, delete, exists, literal, or_, select, update
from sqlalchemy.orm import Session, defer, selectinload

from collectd_mgr import exception
from collectd_mgr.db.engine import now
from collectd_mgr.db.models import Host, Label
from collectd_mgr.db.paging import Paging, page

UP = "up"
DOWN = "down"
UNKNOWN = "unknown"

SORT_KEYS = ("name", "created_at", "state", "n")


_LABELS = (selectinload(Host.label_rows),)

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


@dataclass(frozen=True)
class Report:
    """What a status says of its host, ready for the columns; ``status`` is masked."""

    name: str
    boot: int
    sequence: int
    health: str
    mode: str
    driver: str | None
    status: dict[str, Any]


def get(session: Session, name: str, labels: bool = False, status: bool = True) -> Host:
    """The record, with its labels if they are wanted, and with its status unless that is not.

    :raises HostNotFound: when no agent of this name was ever heard, or it was forgotten
    """
    wanted = (*(_LABELS if labels else ()), *(() if status else (_WITHOUT_STATUS,)))
    host = session.scalars(select(Host).where(Host.name == name).options(*wanted)).one_or_none()
    if host is None:
        raise exception.HostNotFound(f"No host {name!r} is known.", host=name)
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
        query = query.where((Host.last_good == Host.n) if filters.in_sync else (Host.last_good != Host.n))
    return query


def add(session: Session, name: str) -> Host:
    """A record for a host nobody knew. A second one of the same name fails when the transaction is flushed."""
    host = Host(id=str(uuid.uuid4()), name=name, epoch=uuid.uuid4().hex, created_at=now())
    session.add(host)
    session.flush()
    return host


def forget(session: Session, host_id: str) -> None:
    """With its labels and generations."""
    session.execute(delete(Host).where(Host.id == host_id))


def known(session: Session, names: Iterable[str]) -> list[Host]:
    """The records of those names that have one, without their statuses."""
    return list(session.scalars(select(Host).where(Host.name.in_(list(names))).options(_WITHOUT_STATUS)))


def advance(session: Session, host: Host, n: int, epoch: str | None = None) -> bool:
    """Move the record to generation ``n``; False when somebody else moved it since ``host`` was read."""
    moved = (
        update(Host)
        .where(Host.id == host.id, Host.n == host.n, Host.epoch == host.epoch)
        .values(n=n, epoch=epoch or host.epoch)
    )
    return _rows(session, moved) == 1


def mark(session: Session, host_id: str, n: int, good: bool) -> None:
    """Remember that the outcome of ``n`` is known. Safe to repeat, in any order."""
    values: dict[str, Any] = {"settled": case((Host.settled < n, n), else_=Host.settled)}
    if good:
        values["last_good"] = case((Host.last_good < n, n), else_=Host.last_good)
    _rows(session, update(Host).where(Host.id == host_id).values(values))


def reopen(session: Session, host: Host) -> None:
    """The host is not where its record says: its newest generation is to be sent again. Safe to repeat."""
    stale = update(Host).where(Host.id == host.id, Host.n == host.n, Host.settled >= host.n)
    _rows(session, stale.values(settled=host.n - 1))


def reset_good(session: Session, host_id: str, n: int) -> None:
    """The host does not run ``last_good`` any more, but ``n``."""
    _rows(session, update(Host).where(Host.id == host_id).values(last_good=n))


def heard(session: Session, beats: Sequence[tuple[str, int, int]], at: datetime) -> None:
    """Heartbeats ``(name, boot, sequence)``: one statement. One that is older than the stored status says nothing."""
    newer = or_(*(and_(Host.name == name, _not_after(boot, sequence)) for name, boot, sequence in beats))
    _rows(session, update(Host).where(newer).values(heartbeat_at=at, state=UP))


def store(session: Session, reports: Sequence[Report], at: datetime) -> None:
    """Whole statuses, at most one of each host: one statement. Only the newer ones are stored."""
    newer = or_(*(and_(Host.name == item.name, _not_after(item.boot, item.sequence)) for item in reports))
    values = {name: _chosen(name, reports) for name in _REPORTED}
    _rows(session, update(Host).where(newer).values(heartbeat_at=at, state=UP, **values))


def clocked(session: Session, name: str, state: str, offset: float, error: float) -> None:
    """Keep what the clock of the host was found to be; offset and error are in seconds."""
    found = update(Host).where(Host.name == name)
    _rows(session, found.values(clock=state, clock_offset=offset, clock_error=error))


def is_settled(session: Session, host_id: str) -> bool:
    """Whether the outcome of the newest generation is known."""
    return bool(session.scalar(select(Host.settled >= Host.n).where(Host.id == host_id)))


def silent(session: Session, since: datetime) -> list[str]:
    """The names of hosts that count as up and were not heard after ``since``."""
    query = select(Host.name).where(Host.state == UP, Host.heartbeat_at < since)
    return list(session.scalars(query))


def lose(session: Session, name: str, since: datetime) -> bool:
    """The host is down if it was not heard after ``since``; False when somebody else said so, or it was."""
    up = update(Host).where(Host.name == name, Host.state == UP, Host.heartbeat_at < since)
    return _rows(session, up.values(state=DOWN)) == 1


def unsettled(session: Session, limit: int) -> list[Host]:
    """Hosts that were heard and whose newest generation has no outcome yet, those silent longest last."""
    query = select(Host).where(Host.settled < Host.n, Host.state == UP)
    return list(session.scalars(query.order_by(Host.heartbeat_at.desc()).limit(limit).options(_WITHOUT_STATUS)))


def _not_after(boot: int, sequence: int) -> Any:
    return or_(Host.boot < boot, and_(Host.boot == boot, Host.sequence <= sequence))


#: The columns of a report.
_REPORTED = ("boot", "sequence", "health", "mode", "driver", "status")


def _chosen(column: str, reports: Sequence[Report]) -> Any:
    """What ``column`` is to be, row by row; for a single report there is nothing to choose."""
    if len(reports) == 1:
        return getattr(reports[0], column)
    kept = getattr(Host, column)
    return case(*((Host.name == item.name, literal(getattr(item, column), kept.type)) for item in reports), else_=kept)


def _rows(session: Session, statement: Any) -> int:
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)
