# SPDX-License-Identifier: Apache-2.0
"""What every database must do with notifications."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from collectd_mgr.control import notifications
from collectd_mgr.db import hosts
from collectd_mgr.db.engine import Database, now
from collectd_mgr.db.notifications import Filters, purge
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.notifications import Notification

_PLUGINS = ("cpu", "df")


def payload(host: str, *numbers: int) -> dict[str, Any]:
    rows = [
        {**Notification("warning", f"number {n}: é ☃", 1e9 + n, host, _PLUGINS[n % 2]).to_dict(), "number": n}
        for n in numbers
    ]
    return {"host": host, "rows": rows}


def numbers(database: Database, filters: Filters, limit: int = 1000, marker: str | None = None) -> list[int]:
    rows = notifications.listed(database, filters, Paging(limit, marker, "number", "asc"))
    return [row.number for row in rows]


def notifications_are_stored_once(database: Database) -> None:
    """Also when several conductors get the same at the same moment."""
    threads = [
        threading.Thread(target=notifications.store, args=(database, [payload("a", *range(40))])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notifications.store(database, [payload("a", 39, 40), payload("b", 1)]) == 2
    assert numbers(database, Filters(host="a")) == list(range(41))
    (row,) = notifications.listed(database, Filters(host="b"), Paging())
    assert (row.message, row.identifier, row.count, row.muted) == ("number 1: é ☃", "b/df/", 1, None)
    assert row.time == row.since


def notifications_are_filtered_and_paged(database: Database) -> None:
    notifications.store(database, [payload("a", *range(3))])
    since = now()
    notifications.store(database, [payload("a", *range(3, 10)), payload("b", *range(10))])
    with database.writer() as session:
        hosts.add(session, "b")
        session.flush()
        hosts.get(session, "b", labels=True).labels = {"rack": "a1"}
    assert numbers(database, Filters(labels={"rack": "a1"}, plugin="cpu")) == [0, 2, 4, 6, 8]
    assert numbers(database, Filters(muted=True)) == []
    assert numbers(database, Filters(severity="failure")) == []
    first = notifications.listed(database, Filters(host="a"), Paging(4, None, "number", "asc"))
    assert numbers(database, Filters(host="a"), 4, first[-1].id) == [4, 5, 6, 7]
    assert numbers(database, Filters(host="a", since=since)) == list(range(3, 10))


def notifications_are_forgotten(database: Database) -> None:
    """Too many are taken from who has the most, and not down below what others have."""
    notifications.store(database, [payload("a", *range(10)), payload("b", 1, 2), payload("c", *range(6))])
    assert notifications.purge(database, 3600, 100) == 0
    notifications.store(database, [payload("a", *range(10, 13))])
    assert [notifications.purge(database, 3600, 12) for _ in range(3)] == [8, 1, 0]
    assert [numbers(database, Filters(host=host)) for host in "abc"] == [[8, 9, 10, 11, 12], [1, 2], list(range(1, 6))]
    with database.writer() as session:
        assert purge(session, now() + timedelta(seconds=1), 100) == 12


def what_cannot_be_stored_is_left_out_alone(database: Database) -> None:
    bad = [payload("a", *range(7)), payload("b", 1), {"host": "c"}]
    bad[0]["rows"][3]["number"] = "three"
    bad[0]["rows"][5]["message"] = "\ud800"
    assert notifications.store(database, bad) == 6
    assert [numbers(database, Filters(host=host)) for host in "ab"] == [[0, 1, 2, 4, 6], [1]]
