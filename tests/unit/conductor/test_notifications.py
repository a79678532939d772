# SPDX-License-Identifier: Apache-2.0
"""Notifications come to the records once, and go when there are too many."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.conductor.notifications import Notifications
from collectd_mgr.control import notifications
from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database, now
from collectd_mgr.db.notifications import Filters
from collectd_mgr.db.paging import Paging
from collectd_mgr.testing import configuration
from tests.functional.database_notifications import payload


def test_they_are_kept_up_to_a_limit(tmp_path: Path) -> None:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    kept = Notifications(database, retention=3600.0, limit=100)
    for _ in range(2):
        kept.receive([payload("a", *range(1200))])
    assert kept.purge() == 1100
    assert kept.purge() == 0
    rows = notifications.listed(database, Filters(), Paging(1000, None, "number", "asc"))
    assert [row.number for row in rows] == list(range(1100, 1200))
    database.close()


@pytest.mark.parametrize("wrong", [{"number": 2**70}, {"number": None}, {"message": "\ud800"}, {"meta": 7}])
def test_what_one_host_says_wrong_costs_the_others_nothing(tmp_path: Path, wrong: dict[str, Any]) -> None:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    bad = payload("bad", 1)
    bad["rows"][0].update(wrong)
    Notifications(database, retention=3600.0, limit=100).receive([payload("a", 1), bad, payload("b", 2)])
    rows = notifications.listed(database, Filters(), Paging(10, None, "number", "asc"))
    assert [row.host for row in rows] == ["a", "b"]
    database.close()


def test_one_that_came_late_is_new(tmp_path: Path) -> None:
    """The bus was away, or the clock of the host is behind."""
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    before = now()
    late = payload("a", 1)
    late["rows"][0]["time"] = (before - timedelta(hours=1)).replace(tzinfo=UTC).timestamp()
    Notifications(database, retention=3600.0, limit=100).receive([late])
    (row,) = notifications.listed(database, Filters(since=before), Paging())
    assert row.time < before
    after = Filters(since=now() + timedelta(seconds=1))
    assert notifications.listed(database, after, Paging()) == []
    database.close()
