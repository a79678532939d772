# SPDX-License-Identifier: Apache-2.0
"""Generations keep their content, whatever key it is under."""

from __future__ import annotations

from pathlib import Path

from collectd_mgr.db import generations, hosts, schema, sealing
from collectd_mgr.db.engine import Database
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.spec import Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.testing import configuration


def spec(n: int, epoch: str) -> HostSpec:
    plugins = {"mysql": PluginSetting(True, 1.5, {"B": "x", "A": {"args": "y", "Password": "hunter2"}})}
    return HostSpec(Generation(epoch, n), (Layer("host", plugins),))


def test_a_spec_comes_back_as_it_was(database: Database) -> None:
    with database.writer() as session:
        host = hosts.add(session, "c1")
        generations.add(session, database.seal, host.id, spec(1, host.epoch), Origin("set", "mysql"))
        row = generations.get(session, host, 1)
    assert generations.opened(database.seal, row) == spec(1, host.epoch)
    # The order of the keys in a config has a meaning.
    assert list(generations.opened(database.seal, row).layers[0].plugins["mysql"].config) == ["B", "A"]


def test_after_a_rotation_the_old_key_can_go(tmp_path: Path) -> None:
    old, new = sealing.new_key(), sealing.new_key()
    first = at(tmp_path, [old])
    schema.sync(first)
    with first.writer() as session:
        host = hosts.add(session, "c1")
        generations.add(session, first.seal, host.id, spec(1, "e"), Origin("set"))
    both, last = at(tmp_path, [new, old]), at(tmp_path, [new])
    with both.writer() as session:
        assert generations.reseal(session, both.seal) == 1
    with last.reader() as session:
        assert generations.opened(last.seal, generations.get(session, host, 1)) == spec(1, "e")
    for database in (first, both, last):
        database.close()


def at(path: Path, keys: list[str]) -> Database:
    return Database(configuration.scratch(f"sqlite:///{path}/state.db", secrets={"fernet_keys": keys}))


def test_the_last_good_one_before_another(database: Database) -> None:
    with database.writer() as session:
        host = hosts.add(session, "c1")
        for n, outcome in ((1, "applied"), (2, "applied"), (3, "failed"), (5, "failed")):
            generations.add(session, database.seal, host.id, spec(n, "e"), Origin("set"))
            generations.report(session, host.id, n, outcome)
    with database.reader() as session:
        assert [generations.last_good_before(session, host.id, n) for n in (1, 2, 3, 5)] == [None, 1, 2, 2]
        found = [generations.before(session, host.id, n) for n in (1, 2, 5)]
    assert [row and row.n for row in found] == [None, 1, 3]


def test_the_unsettled_and_what_a_failure_may_lead_back_to_are_not_forgotten(database: Database) -> None:
    with database.writer() as session:
        host = hosts.add(session, "c1")
        outcomes = ["applied", "applied", "applied", "failed", "failed", "failed", None, None]
        for n, outcome in enumerate(outcomes):
            generations.add(session, database.seal, host.id, spec(n, "e"), Origin("set"))
            if outcome:
                generations.report(session, host.id, n, outcome)
        hosts.mark(session, host.id, 5, good=False)
    with database.transaction() as connection:
        assert generations.crowded(connection, 5) == []
        assert generations.crowded(connection, 4) == [host.id]
        assert generations.prune(connection, host.id, 1) == 3
        assert generations.prune(connection, host.id, 1) == 0
    with database.reader() as session:
        rows = generations.listed(session, host, Paging(sort_key="n"))
    assert [row.n for row in rows] == [0, 1, 2, 6, 7]
