# SPDX-License-Identifier: Apache-2.0
"""Pages of a list: rows after a marker, in an order that stays while rows come and go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from collectd_mgr import exception

T = TypeVar("T")


@dataclass(frozen=True)
class Paging:
    """At most ``limit`` rows after the one that ``marker`` names, ordered by ``sort_key`` in ``sort_dir``."""

    limit: int = 1000
    marker: str | None = None
    sort_key: str = ""
    sort_dir: str = "asc"


def page(session: Session, query: Select[T], model: type[T], unique: str, paging: Paging, default: str) -> list[T]:
    """The rows of ``query`` that the page holds. ``unique`` is the attribute that markers name.

    :raises BadRequest: when the marker names no row
    """
    key: InstrumentedAttribute[Any] = getattr(model, paging.sort_key or default)
    tie: InstrumentedAttribute[Any] = getattr(model, unique)
    down = paging.sort_dir == "desc"
    if paging.marker is not None:
        after = tuple_(*_position(session, model, key, tie, paging.marker))
        here = tuple_(key, tie)
        query = query.where(here < after if down else here > after)
    order = (key.desc(), tie.desc()) if down else (key.asc(), tie.asc())
    return list(session.scalars(query.order_by(*order).limit(paging.limit)))


def _position(
    session: Session, model: type[T], key: InstrumentedAttribute[Any], tie: InstrumentedAttribute[Any], marker: str
) -> tuple[Any, Any]:
    found = session.execute(select(key, tie).select_from(model).where(tie == marker)).first()
    if found is None:
        raise exception.BadRequest(f"There is no row {marker!r} to go on after.", field="marker")
    return found[0], found[1]
