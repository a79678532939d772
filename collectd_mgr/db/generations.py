# SPDX-License-Identifier: Apache-2.0
"""Every spec that a host ever had. Contents are sealed; only this module opens and closes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from collectd_mgr import exception
from collectd_mgr.db.engine import Executor, now
from collectd_mgr.db.models import Generation, Host, table
from collectd_mgr.db.paging import Paging, page
from collectd_mgr.db.sealing import Seal
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import HostSpec


@dataclass(frozen=True)
class Origin:
    """Who made a generation, and why. ``rollback_of`` is the generation that it takes back."""

    action: str
    plugin: str = ""
    user: str = ""
    project: str = ""
    request_id: str = ""
    reason: str = ""
    rollback_of: int | None = None
    #: Of a section: its name there.
    setting: str = ""
    expires_in: float | None = None
    #: Of a plugin of which only a part was set: the names of that, with commas between them.
    parts: str = ""

    def columns(self) -> dict[str, Any]:
        """Of a generation, by their names in the table."""
        return {_COLUMNS.get(name, name): value for name, value in vars(self).items() if name != "parts"}


_COLUMNS = {"user": "user_id", "project": "project_id"}

_TABLE = table(Generation)
_HOSTS = table(Host)

_INSERT = insert(_TABLE)

_REPORT = (
    update(_TABLE)
    .where(_TABLE.c.host_id == bindparam("of_host"), _TABLE.c.n == bindparam("at_n"))
    .values(outcome=bindparam("said"))
)


def add(session: Executor, seal: Seal, host_id: str, spec: HostSpec, origin: Origin) -> None:
    """Store ``spec`` as a generation of the host; the order of the keys in a config is kept, it has a meaning."""
    row = {
        "host_id": host_id,
        "n": spec.generation.n,
        "epoch": spec.generation.epoch,
        "sealed": seal.close(json.dumps(spec.to_dict())),
        "digest": spec.digest(),
        "created_at": now(),
        **origin.columns(),
    }
    session.execute(_INSERT, row)


def get(session: Session, host: Host, n: int) -> Generation:
    """:raises GenerationNotFound:"""
    row = found(session, host.id, n)
    if row is None:
        raise exception.GenerationNotFound(f"{host.name} never had generation {n}.", host=host.name, n=n)
    return row


def found(session: Session, host_id: str, n: int) -> Generation | None:
    """None for one that never was, or is forgotten."""
    return session.get(Generation, (host_id, n))


def before(session: Session, host_id: str, n: int) -> Generation | None:
    """The generation that came before ``n``; numbers may have gaps."""
    query = select(Generation).where(Generation.host_id == host_id, Generation.n < n)
    return session.scalars(query.order_by(Generation.n.desc()).limit(1)).first()


def opened(seal: Seal, row: Generation) -> HostSpec:
    """The spec itself, secrets and all."""
    return unsealed(seal, row.sealed)


def unsealed(seal: Seal, text: str) -> HostSpec:
    """The inverse of what :func:`add` stores."""
    return HostSpec.from_dict(json.loads(seal.open(text)))


def listed(session: Session, host: Host, paging: Paging) -> list[Generation]:
    """A page of the host's generations; the marker is an ``n``."""
    query = select(Generation).where(Generation.host_id == host.id)
    return page(session, query, Generation, "n", paging, "n")


def report(session: Executor, host_id: str, n: int, outcome: str) -> None:
    """Remember what the agent said of a generation. Safe to repeat."""
    session.execute(_REPORT, {"of_host": host_id, "at_n": n, "said": outcome})


def outcome(session: Executor, host_id: str, n: int) -> str | None:
    """What the agent said of a generation; None for nothing yet."""
    said: str | None = session.execute(
        select(_TABLE.c.outcome).where(_TABLE.c.host_id == host_id, _TABLE.c.n == n)
    ).scalar()
    return said


def withdraw(session: Executor, host_id: str, after: int, before: int) -> None:
    """What the host had applied between these two it runs no more. Safe to repeat."""
    between = (_TABLE.c.host_id == host_id, _TABLE.c.n > after, _TABLE.c.n < before, _TABLE.c.outcome == APPLIED)
    session.execute(update(_TABLE).where(*between).values(outcome=FAILED))


def last_good_before(session: Session, host_id: str, n: int) -> int | None:
    """The newest generation before ``n`` that the host applied."""
    query = select(func.max(Generation.n)).where(
        Generation.host_id == host_id, Generation.n < n, Generation.outcome == APPLIED
    )
    return session.scalar(query)


def crowded(session: Executor, kept: int) -> list[str]:
    """The ids of hosts with more generations than ``kept``, and the few that are kept beside those."""
    number = func.count(_TABLE.c.n)
    query = select(_TABLE.c.host_id).group_by(_TABLE.c.host_id).having(number > kept + _BESIDE)
    return [row.host_id for row in session.execute(query)]


#: What is kept beside the newest: the first, and two that were good.
_BESIDE = 3


def prune(session: Executor, host_id: str, kept: int) -> int:
    """Forget the oldest generations of a host beyond the newest ``kept``; how many. Safe to repeat.

    Kept besides: what a failure may lead back to (the last two that the host applied, and the first), and those whose
    outcome is not known.
    """
    own = _TABLE.c.host_id == host_id
    numbers = select(_TABLE.c.n).where(own).order_by(_TABLE.c.n.desc())
    oldest = session.execute(numbers.offset(kept).limit(1)).scalar()
    if oldest is None:
        return 0
    good = [row.n for row in session.execute(numbers.where(_TABLE.c.outcome == APPLIED).limit(2))]
    settled = session.execute(select(_HOSTS.c.settled).where(_HOSTS.c.id == host_id)).scalar() or 0
    gone = delete(_TABLE).where(own, _TABLE.c.n.between(1, min(oldest, settled)), _TABLE.c.n.not_in(good))
    result: Any = session.execute(gone)
    return int(result.rowcount)


def unreadable(session: Session, seal: Seal) -> list[str]:
    """The hosts whose newest generation is one that no key opens, by name: nothing can be changed there."""
    query = select(Host.name, Generation.sealed).where(Generation.host_id == Host.id, Generation.n == Host.n)
    return [row.name for row in session.execute(query.order_by(Host.name)) if not seal.opens(row.sealed)]


def reseal(session: Session, seal: Seal) -> int:
    """Put everything under the newest key; how many rows. Safe to repeat."""
    rows = session.scalars(select(Generation)).all()
    for row in rows:
        row.sealed = seal.rotate(row.sealed)
    return len(rows)
