# SPDX-License-Identifier: Apache-2.0
"""Transactions: what leaves them, and what an outage looks like."""

from __future__ import annotations

from pathlib import Path

import pytest
from oslo_db import exception as failures

from collectd_mgr import exception
from collectd_mgr.db import hosts
from collectd_mgr.db.engine import Database, Duplicate, retried
from collectd_mgr.testing import configuration


def test_an_outage_is_told_apart_from_a_bug(tmp_path: Path) -> None:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/no/such/directory/state.db"))
    with pytest.raises(exception.DatabaseUnreachable), database.reader() as session:
        hosts.get(session, "c1")


def broken(database: Database) -> None:
    with database.writer() as session:
        hosts.add(session, "c1")
        raise ZeroDivisionError


def test_an_exception_takes_everything_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        broken(database)
    with database.reader() as session, pytest.raises(exception.HostNotFound):
        hosts.get(session, "c1")


def test_a_connection_that_was_lost_is_tried_once_more() -> None:
    tries = []

    @retried
    def lost(times: int) -> str:
        tries.append(times)
        if len(tries) <= times:
            raise exception.DatabaseUnreachable
        return "done"

    assert lost(1) == "done"
    tries.clear()
    with pytest.raises(exception.DatabaseUnreachable):
        lost(9)
    assert len(tries) == 2


def test_deadlock_upon_deadlock_is_for_later() -> None:
    @retried
    def dead() -> None:
        raise failures.DBDeadlock

    with pytest.raises(exception.DatabaseUnreachable):
        dead()


def test_two_transactions_do_not_mix(database: Database) -> None:
    with database.reader() as outer:
        with database.writer() as inner:
            hosts.add(inner, "c1")
        assert hosts.get(outer, "c1").name == "c1"


def test_a_name_is_there_once(database: Database) -> None:
    with database.writer() as session:
        hosts.add(session, "c1")
    with pytest.raises(Duplicate), database.writer() as session:
        hosts.add(session, "c1")


def test_a_glance_tells_whether_a_host_is_known(database: Database) -> None:
    with database.writer() as session:
        hosts.add(session, "c1")
    with database.glance() as connection:
        assert hosts.known_as(connection, "c1") == "c1"
        with pytest.raises(exception.HostNotFound):
            hosts.known_as(connection, "c2")
