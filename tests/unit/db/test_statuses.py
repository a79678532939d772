# SPDX-License-Identifier: Apache-2.0
"""Statuses in the records: the newer one counts, and capabilities come only when they are news."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectd_mgr.db import hosts, statuses
from collectd_mgr.db.engine import Database, now
from collectd_mgr.db.statuses import Report
from collectd_mgr.domain.spec import Generation

BRIEF = Report("c1", 1, 5, "healthy", "manage", "live", {"x": 1}, None, "d1")
WHOLE = replace(BRIEF, capabilities={"drivers": []})


@pytest.fixture
def epoch(database: Database) -> str:
    with database.writer() as session:
        hosts.add(session, "c2")
        return hosts.add(session, "c1").epoch


def stored(database: Database, *reports: Report) -> tuple[str | None, str, dict[str, object] | None]:
    with database.transaction() as connection:
        statuses.store(connection, reports, now())
    with database.reader() as session:
        host = hosts.get(session, "c1", capabilities=True)
        return host.health, host.capabilities_digest, host.capabilities


def test_capabilities_stay_while_their_digest_does(database: Database, epoch: str) -> None:
    assert stored(database, WHOLE) == ("healthy", "d1", {"drivers": []})
    assert stored(database, replace(BRIEF, sequence=6, health="well")) == ("well", "d1", {"drivers": []})


def test_a_status_without_its_capabilities_has_no_health_so_that_they_are_asked_for(
    database: Database, epoch: str
) -> None:
    assert stored(database, BRIEF) == (None, "", None)
    stored(database, WHOLE)
    assert stored(database, replace(BRIEF, sequence=6, capabilities_digest="d2")) == (None, "d1", {"drivers": []})


def test_in_a_batch_each_host_gets_its_own(database: Database, epoch: str) -> None:
    other = replace(WHOLE, name="c2", health="other", capabilities={"drivers": ["other"]}, capabilities_digest="d9")
    assert stored(database, WHOLE, other) == ("healthy", "d1", {"drivers": []})
    later = replace(BRIEF, sequence=7, health="later")
    assert stored(database, later, replace(other, sequence=7)) == ("later", "d1", {"drivers": []})


def test_what_was_asked_is_settled_with_the_status_that_says_so(database: Database, epoch: str) -> None:
    asked = Generation(epoch, 1)
    with database.reader() as session:
        record = hosts.get(session, "c1")
    with database.transaction() as connection:
        assert hosts.advance(connection, record, 1)
        assert statuses.accept(connection, BRIEF, asked, now())
    with database.reader() as session:
        host = hosts.get(session, "c1")
        assert (host.settled, host.last_good, host.status, host.boot) == (1, 1, {"x": 1}, 1)


@pytest.mark.parametrize(
    ("report", "n", "past"),
    [
        (replace(BRIEF, sequence=4), 0, False),
        (BRIEF, 1, False),
        (BRIEF, 0, True),
        (replace(BRIEF, name="c9"), 0, False),
    ],
    ids=["older status", "another generation", "past epoch", "nobody"],
)
def test_anything_else_is_not_settled_at_once(
    database: Database, epoch: str, report: Report, n: int, past: bool
) -> None:
    stored(database, WHOLE)
    with database.transaction() as connection:
        assert not statuses.accept(connection, report, Generation("past" if past else epoch, n), now())


def test_the_driver_of_the_last_change_stays_when_there_was_nothing_to_do(database: Database, epoch: str) -> None:
    def driver() -> str | None:
        with database.reader() as session:
            return hosts.get(session, "c1").driver

    stored(database, WHOLE)
    stored(database, replace(BRIEF, sequence=6, driver=None))
    assert driver() == "live"
    with database.reader() as session:
        record = hosts.get(session, "c1")
    with database.transaction() as connection:
        assert hosts.advance(connection, record, 1)
        nothing = replace(BRIEF, sequence=7, driver=None)
        assert statuses.accept(connection, nothing, Generation(epoch, 1), now())
    assert driver() == "live"
    assert statuses.accepted(record, nothing, Generation(epoch, 1), now()).driver == "live"
