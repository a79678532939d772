# SPDX-License-Identifier: Apache-2.0
"""The database has stored a change, and the connection is lost before it says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from collectd_mgr import exception
from collectd_mgr.control import edits, together
from collectd_mgr.control.hosts import HostControl, unchecked
from collectd_mgr.control.plugins import check_unset
from collectd_mgr.control.requester import Requester
from collectd_mgr.control.storing import Asked
from collectd_mgr.db import operations
from collectd_mgr.db.engine import Database
from collectd_mgr.db.models import Operation
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.spec import Generation, PluginSetting
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import BAD, ScriptedAgent, served
from tests.waiting import PATIENCE

HOST, OTHER = "c1.example.org", "c2.example.org"
ALICE = Requester("alice", "ops", "req-1", "INC-12")


@pytest.fixture(autouse=True)
def _agents(bus: Any, control: HostControl) -> Iterator[None]:
    with served(bus, ScriptedAgent(HOST)) as one, served(bus, ScriptedAgent(OTHER)) as other:
        control.receive(Reports(statuses=(one.status(), other.status())))
        yield


@contextmanager
def losing(database: Database) -> Iterator[list[str]]:
    """The first commit of something is made, and its answer lost; says so in the list."""
    lost: list[str] = []

    class Lossy(sqlite3.Connection):
        def commit(self) -> None:
            super().commit()
            if self.total_changes and not lost:
                lost.append("a commit")
                raise sqlite3.OperationalError("the connection was lost")

    def connect(_dialect: object, _record: object, _args: object, parameters: dict[str, Any]) -> None:
        parameters["factory"] = Lossy

    # Its connections from now on.
    database.close()
    event.listen(database.engine, "do_connect", connect)
    yield lost
    event.remove(database.engine, "do_connect", connect)
    assert lost


def change(control: HostControl, plugin: str, expected: Generation | None = None) -> Operation:
    edit = edits.set_plugin(plugin, PluginSetting(True))
    return control.change(ALICE, HOST, edit, "set", plugin, expected).operation


def stored(control: HostControl, host: str = HOST) -> list[tuple[str, str, int]]:
    """The operations of the host: id, state, and the generation they want."""
    with control.database.reader() as session:
        rows = operations.listed(session, operations.Filters(host=host), Paging())
        return [(row.id, row.state, row.to_n) for row in rows]


@pytest.mark.parametrize("seen", [None, Generation("", 0)])
def test_it_is_one_operation_and_one_generation(control: HostControl, seen: Generation | None) -> None:
    """With the generation that was seen: it is not told that others were first."""
    with losing(control.database):
        row = change(control, "cpu", seen)
    assert stored(control) == [(row.id, "succeeded", 1)]
    assert (row.state, row.plugin, row.user, control.get(HOST).n) == ("succeeded", "cpu", "alice", 1)


def test_a_check_does_not_find_what_it_has_done_itself(control: HostControl) -> None:
    change(control, "cpu")
    with losing(control.database):
        row = control.change(ALICE, HOST, edits.unset_plugin("cpu"), "unset", "cpu", check=check_unset("cpu")).operation
    assert (row.state, row.to_n, control.desired(HOST)[1].layer.plugins) == ("succeeded", 2, {})


def test_what_fails_fails_once(control: HostControl) -> None:
    with losing(control.database):
        row = change(control, BAD)
    assert stored(control) == [(row.id, "failed", 1)]
    assert row.error is not None
    assert (row.state, row.error["code"], control.desired(HOST)[1].layer.plugins) == ("failed", "config_rejected", {})


def test_of_many_hosts_each_has_one(control: HostControl) -> None:
    asked = Asked(edits.set_plugin("cpu", PluginSetting(True)), ALICE.origin("set", "cpu"), unchecked)
    with losing(control.database):
        found = together.change(control, [HOST, OTHER, "nobody"], asked, PATIENCE)
    assert [(result.host, result.error and result.error.code) for result in found] == [
        (HOST, None),
        (OTHER, None),
        ("nobody", "host_not_found"),
    ]
    made = [result.operation.id for result in found if result.operation]
    assert [stored(control, HOST), stored(control, OTHER)] == [[(each, "succeeded", 1)] for each in made]


def test_a_host_that_is_forgotten_is_forgotten_once(control: HostControl) -> None:
    with losing(control.database):
        control.forget(HOST, force=True)
    with pytest.raises(exception.HostNotFound):
        control.forget(HOST, force=True)
