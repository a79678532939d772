# SPDX-License-Identifier: Apache-2.0
"""What hosts say of their own accord: stored for a while, and looked up."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from collectd_mgr import exception
from collectd_mgr.db import notifications as rows
from collectd_mgr.db.engine import Database, Duplicate, now, retried
from collectd_mgr.db.models import Notification as Row
from collectd_mgr.db.notifications import Filters
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.moment import moment
from collectd_mgr.domain.notifications import Notification

LOG = logging.getLogger(__name__)

#: Ids are made of host and number in this namespace: a notification that comes twice is one.
_NAMESPACE = uuid.UUID("3c8f9f6e-2a0b-4a4e-9d0e-5a8e2f6a7c11")

#: What a column takes, in letters.
_LONGEST = {"identifier": 700, "plugin": 128, "type": 128, "severity": 16}


def store(database: Database, payloads: Iterable[Mapping[str, Any]]) -> int:
    """Keep what hosts sent; how many of them are new. Safe to repeat, from many processes.

    What no database could take (a number that is none, half a character) is left out, alone.

    :param payloads: as in :mod:`collectd_mgr.rpc.notifications`
    """
    wanted = list(payloads)
    try:
        return _stored(database, wanted)
    except exception.DatabaseUnreachable:
        raise
    except Exception:
        parts = wanted if len(wanted) > 1 else _halves(wanted[0])
        if not parts:
            LOG.exception("A notification of %s can never be stored, and is left out.", wanted[0].get("host"))
            return 0
    return sum(store(database, [each]) for each in parts)


def _halves(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What one host says wrong is not to cost the others theirs, nor it the rest; none of what is one already."""
    said = payload.get("rows")
    if not isinstance(said, list) or len(said) < 2:
        return []
    middle = len(said) // 2
    return [{**payload, "rows": part} for part in (said[:middle], said[middle:])]


def _stored(database: Database, payloads: Iterable[Mapping[str, Any]]) -> int:
    at = now()
    wanted = [_columns(str(each["host"]), row, at) for each in payloads for row in each["rows"]]
    try:
        return _add(database, wanted)
    except Duplicate:
        # Somebody else stored some of them at the same moment.
        return _add(database, wanted)


@retried
def _add(database: Database, wanted: list[dict[str, Any]]) -> int:
    with database.writer() as session:
        return rows.add(session, wanted)


def listed(database: Database, filters: Filters, paging: Paging) -> list[Row]:
    """A page of notifications. :raises BadRequest: for a marker that is none"""
    with database.reader() as session:
        return rows.listed(session, filters, paging)


@retried
def purge(database: Database, seconds: float, keep: int) -> int:
    """Forget some of those older than ``seconds``, or beyond ``keep``; how many. To be repeated until 0."""
    with database.writer() as session:
        return rows.purge(session, now() - timedelta(seconds=seconds), keep)


def _columns(host: str, row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    said = Notification.from_dict(row)
    texts = {name: str(getattr(said, name))[:longest] for name, longest in _LONGEST.items()}
    return {
        **texts,
        "id": str(uuid.uuid5(_NAMESPACE, f"{host}/{row['number']}")),
        "host": host,
        "number": int(row["number"]),
        "message": said.message,
        # A time that is none (a plugin may say what it likes) becomes the one at which it was received.
        "time": moment(said.time) or at,
        "since": moment(said.began) or at,
        "count": said.count,
        "meta": dict(said.meta),
        "muted": row.get("muted"),
        "received_at": at,
    }
