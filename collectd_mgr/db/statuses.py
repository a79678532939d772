# SPDX-License-Identifier: Apache-2.0
"""What hosts said of themselves, in their records: heartbeats, statuses, capabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, literal, null, or_, update

from collectd_mgr.db.engine import Executor
from collectd_mgr.db.hosts import UP, rows
from collectd_mgr.db.models import Host, table
from collectd_mgr.domain.spec import Generation

_TABLE = table(Host)


@dataclass(frozen=True)
class Report:
    """What a status says of its host, ready for the columns; ``status`` is masked, and brief.

    ``capabilities`` are ``None`` where only the digest of them was said, and ``driver`` where none did anything; the
    record keeps what it has then. ``running``: whether collectd does, and with what is managed, as far as was said.
    """

    name: str
    boot: int
    sequence: int
    health: str
    mode: str
    driver: str | None
    status: dict[str, Any]
    capabilities: dict[str, Any] | None = None
    capabilities_digest: str = ""
    running: bool = True


def place(boot: int, sequence: int) -> str:
    """The place of a report among those of its host, so that they compare as texts."""
    return f"{boot:019d}.{sequence:019d}"


def heard(session: Executor, beats: Sequence[tuple[str, int, int]], at: datetime) -> None:
    """Heartbeats ``(name, boot, sequence)``, at most one of each host: one statement.

    One that is older than the stored status, or that came before, says nothing.
    """
    places = {name: place(boot, sequence) for name, boot, sequence in beats}
    newer = or_(
        *(
            and_(_TABLE.c.name == name, _TABLE.c.heard < places[name], _not_after(boot, sequence))
            for name, boot, sequence in beats
        )
    )
    latest = case(*((_TABLE.c.name == name, literal(last)) for name, last in places.items()), else_=_TABLE.c.heard)
    rows(session, update(_TABLE).where(newer).values(heartbeat_at=at, state=UP, heard=latest))


def store(session: Executor, reports: Sequence[Report], at: datetime) -> None:
    """Statuses, at most one of each host: one statement. Only the newer ones are stored; one that is stored already
    is no sign of life.
    """
    newer = or_(*(and_(_TABLE.c.name == item.name, _not_after(item.boot, item.sequence)) for item in reports))
    values = {name: _chosen(name, reports) for name in _REPORTED}
    whole = [item for item in reports if item.capabilities is not None]
    if whole:
        values |= {name: _chosen(name, whole) for name in _ABLE}
    values |= {name: _if_new(name, value, reports) for name, value in (("heartbeat_at", at), ("state", UP))}
    rows(session, update(_TABLE).where(newer).values(health=_health(reports), heard=_heard(reports), **values))


def accept(session: Executor, report: Report, generation: Generation, at: datetime) -> bool:
    """Store a brief status that says that its host applied ``generation``, and that this is settled.

    Only if that is the newest generation of the record, and no newer status is stored; else False, and nothing is done.
    """
    there = {"of_name": report.name, "in_epoch": generation.epoch, "at_n": generation.n}
    said = {f"to_{name}": getattr(report, name) for name in (*_REPORTED, "health", "capabilities_digest")}
    return rows(session, _ACCEPT, {**there, **said, "to_heartbeat_at": at}) == 1


def accepted(host: Host, report: Report, generation: Generation, at: datetime) -> Host:
    """``host``, bound to no session, as :func:`accept` left its record."""
    driver = host.driver
    for name in _REPORTED:
        setattr(host, name, getattr(report, name))
    host.driver = report.driver or driver
    host.n = host.settled = host.last_good = generation.n
    host.heartbeat_at, host.state = at, UP
    return host


def _not_after(boot: Any, sequence: Any) -> Any:
    return or_(_TABLE.c.boot < boot, and_(_TABLE.c.boot == boot, _TABLE.c.sequence <= sequence))


#: The columns of a report: of every one, and of one with capabilities.
_REPORTED = ("boot", "sequence", "mode", "driver", "status", "running")
_ABLE = ("capabilities", "capabilities_digest")


def _chosen(column: str, reports: Sequence[Report]) -> Any:
    """What ``column`` is to be, row by row; who says None of it leaves it: no driver had anything to do."""
    kept = _TABLE.c[column]
    said = ((item.name, literal(getattr(item, column), kept.type)) for item in reports)
    named = ((_TABLE.c.name == name, func.coalesce(value, kept)) for name, value in said)
    return case(*named, else_=kept)


def _is_new(item: Report) -> Any:
    return and_(_TABLE.c.name == item.name, _TABLE.c.heard < place(item.boot, item.sequence))


def _if_new(column: str, value: Any, reports: Iterable[Report]) -> Any:
    kept = _TABLE.c[column]
    return case((or_(*map(_is_new, reports)), literal(value, kept.type)), else_=kept)


def _heard(reports: Iterable[Report]) -> Any:
    places = ((_is_new(item), literal(place(item.boot, item.sequence))) for item in reports)
    return case(*places, else_=_TABLE.c.heard)


def _health(reports: Iterable[Report]) -> Any:
    """None where the capabilities that a brief status speaks of are not stored: then the host is asked for them."""
    whens: list[Any] = []
    for item in reports:
        known = () if item.capabilities is not None else (_TABLE.c.capabilities_digest == item.capabilities_digest,)
        whens.append((and_(_TABLE.c.name == item.name, *known), item.health))
    named = [item.name for item in reports]
    return case(*whens, (_TABLE.c.name.in_(named), null()), else_=_TABLE.c.health)


_ACCEPT = (
    update(_TABLE)
    .where(
        _TABLE.c.name == bindparam("of_name"),
        _TABLE.c.epoch == bindparam("in_epoch"),
        _TABLE.c.n == bindparam("at_n"),
        _not_after(bindparam("to_boot"), bindparam("to_sequence")),
    )
    .values(
        {name: bindparam(f"to_{name}") for name in (*_REPORTED, "heartbeat_at")}
        | {
            "driver": func.coalesce(bindparam("to_driver"), _TABLE.c.driver),
            "state": UP,
            "claimed_until": null(),
            "settled": bindparam("at_n"),
            "last_good": bindparam("at_n"),
            "health": case(
                (_TABLE.c.capabilities_digest == bindparam("to_capabilities_digest"), bindparam("to_health"))
            ),
        }
    )
)
