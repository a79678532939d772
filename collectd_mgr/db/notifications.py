# SPDX-License-Identifier: Apache-2.0
"""Notifications that hosts sent, for a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.orm import Session

from collectd_mgr.db.hosts import rows
from collectd_mgr.db.models import Host, Label, Notification
from collectd_mgr.db.paging import Paging, page

SORT_KEYS = ("time", "number", "received_at")

#: Ids in one statement, and rows of one host that go by one.
_CHUNK, _RANGE = 500, 5000


@dataclass(frozen=True)
class Filters:
    """Which notifications a list is of; ``None`` lets all pass. ``since`` is about the time they were received."""

    host: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    severity: str | None = None
    plugin: str | None = None
    muted: bool | None = None
    since: datetime | None = None


def add(session: Session, said: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows (columns by name); how many are new. Those whose id is there already are left as they are.

    Two that do it at once with the same rows meet at the end of their transactions; the second has to do it again.
    """
    by_id = {row["id"]: row for row in said}
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
    """Delete a bounded number of those received before a time, or beyond ``keep``; how many that were.

    What is too much is taken from the hosts that have the most, the oldest first: one that never stops talking leaves
    the others theirs.
    """
    old = select(Notification.id).where(Notification.received_at < before).limit(_CHUNK)
    if ids := session.scalars(old).all():
        return rows(session, delete(Notification).where(Notification.id.in_(ids)))
    counted = select(Notification.host, func.count().label("number")).group_by(Notification.host)
    counts = {row.host: row.number for row in session.execute(counted)}
    loudest = max(counts, key=lambda host: counts[host], default="")
    over = counts[loudest] - _share(counts.values(), keep) if counts else 0
    return _forget(session, loudest, min(over, _RANGE)) if over > 0 else 0


def _share(counts: Iterable[int], keep: int) -> int:
    """The most that each may have, so that all of them together have no more than ``keep``."""
    left, quiet = keep, sorted(counts)
    for place, count in enumerate(quiet):
        share = left // (len(quiet) - place)
        if count > share:
            return share
        left -= count
    return keep


def _forget(session: Session, host: str, count: int) -> int:
    """The oldest ``count`` of a host, by their numbers."""
    numbers = select(Notification.number).where(Notification.host == host).order_by(Notification.number)
    last = session.scalar(numbers.offset(count - 1).limit(1))
    return rows(session, delete(Notification).where(Notification.host == host, Notification.number <= last))
