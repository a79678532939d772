# SPDX-License-Identifier: Apache-2.0
"""The same on MariaDB and PostgreSQL as on SQLite: tables, batches, order, and many writers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, DateTime, Integer, MetaData, Table, event, insert, select, text

from collectd_mgr import exception
from collectd_mgr.control import apart, edits, history
from collectd_mgr.control.hosts import HostControl, check_managed, status_of
from collectd_mgr.control.requester import Requester
from collectd_mgr.control.storing import Asked, Stored, store
from collectd_mgr.db import generations, hosts, operations, schema
from collectd_mgr.db.engine import Again, Database, now, retried
from collectd_mgr.db.models import Base
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.spec import PluginSetting
from collectd_mgr.domain.status import HostStatus, PluginStatus
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.status import Reports
from collectd_mgr.testing import configuration
from tests.functional.database_notifications import (
    notifications_are_filtered_and_paged,
    notifications_are_forgotten,
    notifications_are_stored_once,
    what_cannot_be_stored_is_left_out_alone,
)
from tests.services.mariadb import MariaDB
from tests.services.postgresql import PostgreSQL
from tests.unit.conductor import test_history
from tests.unit.control.agents import BAD, ScriptedAgent, served
from tests.unit.rpc.buses import rpc_bus

Check = Callable[[Database], None]


def the_models_and_the_migrations_agree(database: Database) -> None:
    schema.sync(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def a_batch_is_one_statement(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()))
    batch = [HostStatus(f"c{i:03}", 1, 1, mode=Mode("manage")) for i in range(100)]
    control.receive(Reports(statuses=tuple(batch)))
    again = [HostStatus(f"c{i:03}", 1, 2, mode=Mode("off")) for i in range(100)]
    with statements(database) as seen:
        control.receive(Reports(tuple(status.heartbeat() for status in again), tuple(again)))
    assert len([text for text in seen if text.startswith("UPDATE")]) == 2
    with database.reader() as session:
        assert len(hosts.listed(session, hosts.Filters(mode="off"), Paging())) == 100


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def an_older_status_is_not_stored(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()))
    for boot, sequence in ((2, 5), (2, 4), (1, 9), (2, 5)):
        plugins = {f"p{boot}{sequence}": PluginStatus(True, "observed")}
        control.receive(Reports(statuses=(HostStatus("c1", boot, sequence, plugins=plugins),)))
    status = status_of(control.get("c1"))
    assert status is not None
    assert set(status.plugins) == {"p25"}


def a_large_status_is_kept_whole(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()))
    config = {"Text": "ü😀\\'\"%" * 20_000}
    control.receive(
        Reports(statuses=(HostStatus("c1", 1, 1, plugins={"x": PluginStatus(True, "off", config=config)}),))
    )
    status = status_of(control.get("c1"))
    assert status is not None
    assert status.plugins["x"].config == config


def names_are_told_apart_by_every_letter(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()))
    control.receive(Reports(statuses=(HostStatus("c1", 1, 1), HostStatus("C1", 1, 1))))
    assert control.get("c1").id != control.get("C1").id
    control.describe("c1", "corner", {"Rack": "R"})
    with database.reader() as session:
        found = [hosts.listed(session, hosts.Filters({"Rack": value}), Paging()) for value in ("R", "r")]
    assert [[host.name for host in each] for each in found] == [["c1"], []]


def labels_of_many_at_once_are_all_kept(database: Database) -> None:
    controls = [HostControl(database, AgentAPI(rpc_bus())) for _ in range(3)]
    controls[0].receive(Reports(statuses=(HostStatus("c1", 1, 1),)))
    together([partial(label, control, f"k{number}") for number, control in enumerate(controls)])
    labels = dict(controls[0].desired("c1", labels=True)[0].labels)
    assert labels == dict.fromkeys(("k0", "k1", "k2", "same"), "4")


def label(control: HostControl, name: str) -> None:
    for value in range(5):
        control.describe("c1", None, {name: str(value), "same": str(value), "gone": None})


def lists_are_paged_in_order(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()))
    control.receive(Reports(statuses=tuple(HostStatus(f"c{i}", 1, 1) for i in range(7))))
    for key in hosts.SORT_KEYS:
        for direction in ("asc", "desc"):
            assert sorted(pages(control, key, direction)) == [f"c{i}" for i in range(7)], (key, direction)


def pages(control: HostControl, key: str, direction: str) -> list[str]:
    names: list[str] = []
    while rows := control.listed(hosts.Filters(), Paging(3, names[-1] if names else None, key, direction)):
        names += [row.name for row in rows]
    return names


def each_lost_host_is_lost_once(database: Database) -> None:
    controls = [HostControl(database, AgentAPI(rpc_bus())) for _ in range(3)]
    controls[0].receive(Reports(statuses=tuple(HostStatus(f"c{i}", 1, 1) for i in range(5))))
    lost: list[str] = []
    together([partial(lose, control, lost) for control in controls])
    assert sorted(lost) == [f"c{i}" for i in range(5)]


def one_conductor_at_a_time_sends_to_a_host(database: Database) -> None:
    bus = rpc_bus()
    controls = [HostControl(database, AgentAPI(bus), wait=10.0) for _ in range(4)]
    controls[0].receive(Reports(statuses=(HostStatus("c1", 1, 1, mode=Mode("manage")),)))
    alone = HostControl(database, AgentAPI(bus), wait=0.05)
    alone.change(Requester("u"), "c1", edits.set_plugin("cpu", PluginSetting(True)), "set", "cpu")
    assert alone.unsettled() == ["c1"]
    sent: list[bool] = []
    with served(bus, ScriptedAgent("c1")):
        together([partial(resend, control, sent) for control in controls])
    assert (sorted(sent), alone.unsettled()) == ([False, False, False, True], [])


def resend(control: HostControl, sent: list[bool]) -> None:
    sent.append(control.resend("c1", 10.0))


def old_generations_are_forgotten(database: Database) -> None:
    bus = rpc_bus()
    control = HostControl(database, AgentAPI(bus), wait=10.0)
    with served(bus, ScriptedAgent("c1")) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        for plugin in ("cpu", "df", "load", BAD, "disk"):
            control.change(Requester("u"), "c1", edits.set_plugin(plugin, PluginSetting(True)), "set", plugin)
    assert numbers(database) == [6, 5, 4, 3, 2, 1, 0]  # The fourth failed, the fifth brought back the third.
    assert [history.prune(database, kept) for kept in (4, 3, 3)] == [0, 3, 0]
    assert numbers(database) == [6, 5, 4, 0]


def numbers(database: Database) -> list[int]:
    with database.reader() as session:
        host = hosts.get(session, "c1")
        return [row.n for row in generations.listed(session, host, Paging(sort_key="n", sort_dir="desc"))]


def a_connection_of_a_moment_ago_is_used_again(database: Database) -> None:
    with database.transaction() as first:
        first.execute(text("SELECT 1"))
    with database.transaction() as second, database.transaction() as third:
        assert (second is first, third is first) == (True, False)


def lose(control: HostControl, lost: list[str]) -> None:
    lost.extend(control.lose(now() + timedelta(seconds=1)))


def two_apis_and_two_conductors_converge(database: Database) -> None:
    """Changes, rollbacks, repeated and late statuses from four sides, and nothing is lost."""
    bus = rpc_bus()
    controls = [HostControl(database, AgentAPI(bus), wait=10.0) for _ in range(4)]
    with served(bus, ScriptedAgent("c1")) as agent:
        controls[0].receive(Reports(statuses=(agent.status(),)))
        changes = [partial(change, controls[i], f"p{i}x") for i in range(2)]
        together([*changes, *(partial(conduct, controls[i], agent) for i in (2, 3))])
        controls[0].send("c1", 10.0)
        host, desired = controls[0].desired("c1")
        assert agent.running is not None
        assert set(agent.running.layers[0].plugins) == set(desired.layer.plugins)
        assert len(desired.layer.plugins) == 10
    assert host.settled == host.n
    with database.reader() as session:
        rows = operations.listed(session, operations.Filters(host="c1"), Paging())
        last = generations.get(session, host, host.n)
    assert {row.state for row in rows} == {"succeeded"}
    assert last.outcome == "applied"


def of_good_and_bad_at_once_only_the_bad_fails(database: Database) -> None:
    """Two APIs, one of which stores what another meets before it is sent."""
    bus = rpc_bus()
    first, second = (HostControl(database, AgentAPI(bus), wait=10.0) for _ in range(2))
    with served(bus, ScriptedAgent("c1")) as agent:
        first.receive(Reports(statuses=(agent.status(),)))
        edit = edits.set_plugin(BAD, PluginSetting(True))

        def bad() -> None:
            for _ in range(5):
                second.change(Requester("u"), "c1", edit, "set", BAD)

        with database.transaction() as connection:
            store(database, connection, "c1", Asked(edit, Requester("u").origin("set", BAD), check_managed), now())
        together([partial(change, first, "a"), partial(change, second, "b"), bad])
        first.send("c1", 10.0)
        host, desired = first.desired("c1")
        assert agent.running is not None
        assert set(agent.running.layers[0].plugins) == set(desired.layer.plugins)
        assert BAD not in desired.layer.plugins
    assert host.settled == host.n
    with database.reader() as session:
        rows = operations.listed(session, operations.Filters(host="c1"), Paging())
    assert {(row.plugin == BAD, row.state) for row in rows} == {(False, "succeeded"), (True, "failed")}


def change(control: HostControl, prefix: str) -> None:
    for i in range(5):
        edit = edits.set_plugin(f"{prefix}{i}", PluginSetting(True))
        control.change(Requester("u"), "c1", edit, "set", f"{prefix}{i}")


def conduct(control: HostControl, agent: ScriptedAgent) -> None:
    for _ in range(10):
        status = agent.status()
        control.receive(Reports((status.heartbeat(),), (status,)))


def together(jobs: Sequence[Callable[[], None]]) -> None:
    errors: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def a_forgotten_host_takes_its_own_along(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()), wait=0.1)
    control.receive(Reports(statuses=(HostStatus("c1", 1, 1, mode=Mode("manage")),)))
    control.describe("c1", "corner", {"rack": "r"})
    edit = edits.set_plugin("cpu", PluginSetting(True))
    row = control.change(Requester("u"), "c1", edit, "set", "cpu").operation
    control.forget("c1", force=True)
    with database.reader() as session:
        assert operations.get(session, row.id).state == "failed"
    with pytest.raises(exception.HostNotFound):
        control.get("c1")
    control.receive(Reports(statuses=(HostStatus("c1", 1, 2),)))
    again, _ = control.desired("c1", labels=True)
    assert (again.n, dict(again.labels)) == (0, {})


def who_has_an_old_picture_of_a_host_begins_anew(database: Database) -> None:
    """Else what was stored meanwhile would be overtaken unseen."""
    control = HostControl(database, AgentAPI(rpc_bus()))
    control.receive(Reports(statuses=(HostStatus("c1", 1, 1, mode=Mode("manage")),)))
    edit = edits.set_plugin("cpu", PluginSetting(True))
    with database.writer() as session:
        host = hosts.get(session, "c1")
        assert operations.open_of(session, "c1") == []
        with database.transaction() as connection:
            assert store(
                database, connection, "c1", Asked(edit, Requester().origin("set", "cpu"), check_managed), now()
            )
        with pytest.raises(Again):
            hosts.hold(session, host)


def what_waits_is_tried_on_top_of_what_was_stored_meanwhile(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()))
    control.receive(Reports(statuses=(HostStatus("c1", 1, 1, mode=Mode("manage")),)))

    def stored_one(plugin: str) -> str:
        asked = Asked(edits.set_plugin(plugin, PluginSetting(True)), Requester().origin("set", plugin), check_managed)
        with database.transaction() as connection:
            made = store(database, connection, "c1", asked, now())
        assert made is not None
        return made[1].id

    stored_one("cpu")
    meanwhile: list[str] = []

    @retried
    def settle() -> None:
        with database.writer() as session:
            host = hosts.get(session, "c1")
            apart.queue(session, operations.open_of(session, "c1"))
            if not meanwhile:
                meanwhile.append(stored_one("df"))
            hosts.mark(session, host.id, 1, good=False)
            apart.take_next(session, database.seal, host)

    settle()
    host, desired = control.desired("c1")
    assert (host.n, set(desired.layer.plugins)) == (3, {"cpu", "df"})


def a_change_of_a_host_that_is_being_forgotten_is_not_left_open(database: Database) -> None:
    control = HostControl(database, AgentAPI(rpc_bus()))
    control.receive(Reports(statuses=(HostStatus("c1", 1, 1, mode=Mode("manage")),)))
    asked = Asked(edits.set_plugin("cpu", PluginSetting(True)), Requester().origin("set", "cpu"), check_managed)
    read: list[str] = []
    made: list[Stored | None] = []

    def change_it(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not read and "FROM hosts" in statement:
            read.append(statement)
            with database.transaction() as connection:
                made.append(store(database, connection, "c1", asked, now()))

    event.listen(database.engine, "after_cursor_execute", change_it)
    control.forget("c1", force=True)
    (stored,) = filter(None, made)
    with database.reader() as session:
        assert operations.get(session, stored[1].id).state == "failed"


CHECKS: list[Check] = [
    the_models_and_the_migrations_agree,
    a_batch_is_one_statement,
    an_older_status_is_not_stored,
    a_large_status_is_kept_whole,
    names_are_told_apart_by_every_letter,
    lists_are_paged_in_order,
    labels_of_many_at_once_are_all_kept,
    each_lost_host_is_lost_once,
    old_generations_are_forgotten,
    notifications_are_stored_once,
    notifications_are_filtered_and_paged,
    notifications_are_forgotten,
    what_cannot_be_stored_is_left_out_alone,
    one_conductor_at_a_time_sends_to_a_host,
    two_apis_and_two_conductors_converge,
    of_good_and_bad_at_once_only_the_bad_fails,
    a_forgotten_host_takes_its_own_along,
]


def run(check: Check, url: str) -> None:
    database = Database(configuration.scratch(url))
    try:
        schema.sync(database)
        check(database)
    finally:
        database.close()


#: SQLite's connections belong to their threads, and two transactions wait for each other.
CHECKS_OF_SERVERS = [
    *CHECKS,
    a_connection_of_a_moment_ago_is_used_again,
    # On SQLite it is a test where it is.
    test_history.test_details_go_first_and_the_record_later,
    who_has_an_old_picture_of_a_host_begins_anew,
    what_waits_is_tried_on_top_of_what_was_stored_meanwhile,
    a_change_of_a_host_that_is_being_forgotten_is_not_left_open,
]


@pytest.mark.parametrize("check", CHECKS_OF_SERVERS, ids=lambda check: check.__name__)
def test_mariadb(mariadb: MariaDB, check: Check) -> None:
    run(check, mariadb.database())


@pytest.mark.parametrize("check", CHECKS_OF_SERVERS, ids=lambda check: check.__name__)
def test_postgresql(postgresql: PostgreSQL, check: Check) -> None:
    run(check, postgresql.database())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_sqlite(tmp_path: object, check: Check) -> None:
    run(check, f"sqlite:///{tmp_path}/state.db")


@pytest.mark.parametrize("kind", ["mariadb", "postgresql", "sqlite"])
def test_rows_of_an_earlier_release_and_those_that_it_goes_on_to_write(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Until all servers are upgraded, those of the earlier one write rows without the columns that came since."""
    url = f"sqlite:///{tmp_path}/state.db" if kind == "sqlite" else request.getfixturevalue(kind).database()
    database = Database(configuration.scratch(url))
    schema.sync(database, "0008")
    with database.engine.begin() as connection:
        before = Table("operations", MetaData(), autoload_with=connection)
        connection.execute(insert(before).values(**filled(before, "before")))
    schema.sync(database)
    with database.engine.begin() as connection:
        connection.execute(insert(before).values(**filled(before, "since")))
        assert stored(connection) == [("before", ""), ("since", "")]
    database.close()


def filled(of: Table, name: str) -> dict[str, object]:
    """A row that has no more than it must."""

    def value(kind: object) -> object:
        if isinstance(kind, DateTime):
            return now()
        return 1 if isinstance(kind, Integer) else name

    return {each.name: value(each.type) for each in of.c if not each.nullable and each.server_default is None}


def stored(connection: Connection) -> list[tuple[str, str]]:
    now_there = Table("operations", MetaData(), autoload_with=connection)
    rows = connection.execute(select(now_there.c.id, now_there.c.parts).order_by(now_there.c.id))
    return [(row.id, row.parts) for row in rows]
