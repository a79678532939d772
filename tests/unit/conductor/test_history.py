# SPDX-License-Identifier: Apache-2.0
"""What a conductor keeps of operations, and how long."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from collectd_mgr.conductor.history import History
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.control import history
from collectd_mgr.db import operations, schema
from collectd_mgr.db.engine import Database, now
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.models import Operation
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.spec import Generation
from collectd_mgr.testing import configuration

_DAY = 86_400.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    yield database
    database.close()


def add(
    database: Database, host: str, days: float, state: str = "failed", count: int = 1, settled: float | None = None
) -> None:
    """Operations of so many days ago, settled then or so many days ago."""
    made, moved = (now() - timedelta(days=each) for each in (days, days if settled is None else settled))
    facts = {"created_at": made, "updated_at": moved, "state": state, "error": {"code": "timeout"}}
    with database.writer() as session:
        for _ in range(count):
            operations.add(session, str(uuid.uuid4()), host, Generation("e", 1), 0, Origin("set", reason="INC-12"))
        session.execute(update(Operation).where(Operation.host == host).values(**facts, warnings=["w"]))


def prune(database: Database) -> int:
    """As a conductor that is configured so."""
    section = {"operation_retention": 35 * _DAY, "audit_retention": 390 * _DAY}
    conf = configuration.scratch("sqlite://", conductor=section)
    return History(database, ConductorSettings(**conf.conductor)).prune()


def kept(database: Database) -> dict[str, Operation]:
    rows = history.operations_of(database, operations.Filters(), Paging(1000, None, "created_at", "asc"))
    return {row.host: row for row in rows}


def test_details_go_first_and_the_record_later(database: Database) -> None:
    for host, days in (("of_today", 0), ("of_last_month", 40), ("of_last_year", 400)):
        add(database, host, days)
    assert prune(database) == 2
    left = kept(database)
    assert set(left) == {"of_today", "of_last_month"}
    assert left["of_today"].error == {"code": "timeout"}
    record = left["of_last_month"]
    assert (record.state, record.reason, record.error, record.warnings) == ("failed", "INC-12", None, None)
    assert prune(database) == 0


def test_what_has_no_outcome_yet_stays(database: Database) -> None:
    add(database, "silent", 400, "pending")
    assert prune(database) == 0
    assert kept(database)["silent"].error == {"code": "timeout"}


def test_what_was_settled_long_after_it_was_asked_for_is_kept_from_then_on(database: Database) -> None:
    """A host that was away: whoever asked is to see what became of it."""
    add(database, "back", 400, settled=0)
    add(database, "back_before", 400, settled=40)
    assert prune(database) == 1
    left = kept(database)
    assert (left["back"].error, left["back_before"].error) == ({"code": "timeout"}, None)


def test_many_are_forgotten_in_transactions_of_a_bounded_size(database: Database) -> None:
    add(database, "h", 400, count=1100)
    assert prune(database) == 1100
    assert kept(database) == {}
