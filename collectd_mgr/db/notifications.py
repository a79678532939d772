# SPDX-License-Identifier: Apache-2.0
"""Notifications that hosts sent, for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.orm import Session

from collectd_mgr.db.models import Host, Label, Notification
from collectd_mgr.db.paging import Paging, page

SORT_KEYS = ("time", "number", "received_at")

#: Ids in one statement.
_CHUNK = 500


@dataclass(frozen=True)
class Filters:
    """Which notifications a list is of; ``None`` lets all pass. ``since`` is about the time they were received."""

    host: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    severity: str | None = None
    plugin: str | None = None
    muted: bool | None = None
    since: datetime | None = None


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows (columns by name); how many are new. Those whose id is there already are left as they are.

    Two that do it at once with the same rows meet at the end of their transactions; the second has to do it again.
    """
    by_id = {row["id"]: row for row in rows}
    known = set(session.scalars(select(Notification.id).where(Notification.id.in_(list(by_id)))))
    new = [row for key, row in by_id.items() if key not in known]
    if new:
        session.execute(insert(Notification), new)
    return len(new)


def listed(session: Session, filters: Filters, paging: Paging) -> list[Notification]:
    """A page of notifications; the marker is an id."""
    query = select(Notification)
    for name in ("host", "severity", "plugin"):
        if getattr(filters, name) is not None:
            query = query.where(getattr(Notification, name) == getattr(filters, name))
    if filters.muted is not None:
        query = query.where(Notification.muted.is_not(None) if filters.muted else Notification.muted.is_(None))
    if filters.since is not None:
        query = query.where(Notification.received_at >= filters.since)
    for name, value in filters.labels.items():
        has = exists().where(Host.name == Notification.host, Label.host_id == Host.id)
        query = query.where(has.where(Label.name == name, Label.value == value))
    return page(session, query, Notification, "id", paging, "time")


def purge(session: Session, before: datetime, keep: int) -> int:
    """Delete a bounded number of those received before a time, or beyond the newest ``keep``; how many that were."""
    old = select(Notification.id).where(Notification.received_at < before).limit(_CHUNK)
    over = (session.scalar(select(func.count()).select_from(Notification)) or 0) - keep
    ids = set(session.scalars(old))
    if over > 0:
        oldest = select(Notification.id).order_by(Notification.received_at, Notification.number)
        ids |= set(session.scalars(oldest.limit(min(over, _CHUNK))))
    if ids:
        session.execute(delete(Notification).where(Notification.id.in_(ids)))
    return len(ids)
