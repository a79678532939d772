# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-manage and collectd-mgr-status, as an operator runs them."""

from __future__ import annotations

import functools
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collectd_mgr.cmd import configuration
from collectd_mgr.db import generations, hosts, schema
from collectd_mgr.db.engine import Database
from collectd_mgr.db.generations import Origin
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.rpc.keys import public_half
from tests.forks import Forks, Said


@functools.cache
def forks() -> Forks:
    return Forks("collectd-mgr", *(f"collectd_mgr.cmd.{program}" for program in ("manage", "status")))


def run(program: str, *arguments: str) -> tuple[int, str]:
    """Its code, and what it prints."""
    done = process(program, *arguments)
    return done.code, done.out


def process(program: str, *arguments: str) -> Said:
    """In a process of its own: setting up a log changes the whole process."""
    return forks().run(f"collectd_mgr.cmd.{program}", arguments, os.environ)


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    _, key = run("manage", "secrets", "new")
    config = tmp_path / "collectd-mgr.conf"
    config.write_text(f"[database]\nconnection = sqlite:///{tmp_path}/state.db\n[secrets]\nfernet_keys = {key}")
    return ["--config-file", str(config)]


def test_the_way_of_a_database(options: list[str]) -> None:
    commands = (["db", "version"], ["db", "sync"], ["db", "sync"], ["db", "version"], ["secrets", "rotate"])
    said = [run("manage", *options, *words) for words in commands]
    assert said == [(0, "none\n"), (0, ""), (0, ""), (0, f"{schema.head()}\n"), (0, "0 generations\n")]


def test_the_upgrade_check(options: list[str]) -> None:
    code, text = run("status", *options, "upgrade", "check")
    assert (code, "run collectd-mgr-manage db sync" in text) == (2, True)
    run("manage", *options, "db", "sync")
    code, text = run("status", *options, "upgrade", "check")
    assert (code, "Failure" in text) == (0, False)


def test_the_upgrade_check_answers_whatever_is_wrong(options: list[str], tmp_path: Path) -> None:
    """2, and a sentence: never a traceback, and 255."""
    config = tmp_path / "wrong.conf"
    for line, said in (
        ("[secrets]\nfernet_keys = no key", "Fernet key must be"),
        ("[secrets]\nkey_file = /nowhere/keys", "/nowhere/keys"),
        ("[database]\nconnection = mysql+pymysql://u:hunter2@127.0.0.1:9/x", "The database of the service does not"),
    ):
        config.write_text(line)
        code, text = run("status", *options, "--config-file", str(config), "upgrade", "check")
        assert (code, said in text, "Traceback" in text, "hunter2" in text) == (2, True, False, False), text


def test_a_database_of_a_newer_version(options: list[str], tmp_path: Path) -> None:
    """In a rolling upgrade the older ones go on; there is nothing that they could migrate."""
    run("manage", *options, "db", "sync")
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    code, text = run("status", *options, "upgrade", "check")
    assert (code, "a newer version than this one" in text) == (1, True), text
    done = process("manage", *options, "db", "sync")
    assert (done.code, "knows no revision newer" in done.err, "Traceback" in done.err) == (2, True, False)


@pytest.mark.parametrize("command", [("db", "sync"), ("db", "version"), ("secrets", "rotate")])
def test_a_database_that_is_away_is_told_in_a_sentence(command: tuple[str, str], options: list[str]) -> None:
    config = Path(options[1])
    config.write_text(f"{config.read_text()}[database]\nconnection = mysql+pymysql://u:hunter2@127.0.0.1:9/x\n")
    done = process("manage", *options, *command)
    assert (done.code, done.out) == (1, "")
    assert "The database of the service does not answer" in done.err
    assert "Traceback" not in done.err
    assert "hunter2" not in done.err


def test_the_upgrade_check_finds_a_key_that_opens_nothing(options: list[str], tmp_path: Path) -> None:
    run("manage", *options, "db", "sync")
    conf = configuration.new()
    conf(options)
    database = Database(conf)
    with database.writer() as session:
        host = hosts.add(session, "cn1.example.org")
        generations.add(session, database.seal, host.id, HostSpec(Generation(host.epoch, 0)), Origin("host.create"))
    database.close()
    other = tmp_path / "other.conf"
    other.write_text(f"[secrets]\nfernet_keys = {run('manage', 'secrets', 'new')[1]}")
    assert run("status", *options, "upgrade", "check")[0] == 0
    code, text = run("status", *options, "--config-file", str(other), "upgrade", "check")
    assert (code, "No key in [secrets] opens what is set on 1 hosts" in text.replace("\n", " ")) == (2, True), text


def test_keys_that_sign(tmp_path: Path) -> None:
    file, conf = tmp_path / "signing-keys", tmp_path / "signing.conf"
    conf.write_text(f"[signing]\nkey_file = {file}\n")
    old, new = run("manage", "signing", "new")[1], run("manage", "signing", "new")[1]
    file.write_text(new + old)
    code, said = run("manage", "--config-file", str(conf), "signing", "public")
    assert (code, said.splitlines()) == (0, [public_half(new.strip()), public_half(old.strip())])


def test_what_gnocchi_is_to_know(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[3] / "etc" / "ceilometer"
    lists = [str(shipped / "metrics.csv")]
    assert run("manage", "gnocchi", "definitions", *lists) == (0, (shipped / "gnocchi_resources.yaml").read_text())
    # The last line has no end.
    (tmp_path / "more.csv").write_text("Identifier,Name\nh/table-a/gauge-b,value")
    lists.insert(0, str(tmp_path / "more.csv"))
    _, said = run("manage", "gnocchi", "definitions", *lists)
    assert {'"collectd.table.a.gauge.b.rate":', '"collectd.memory.used":'} <= set(said.split())
    assert run("manage", "gnocchi", "definitions", *lists, str(tmp_path / "none.csv")) == (2, "")
    assert run("manage", "gnocchi", "create", "--os-auth-url", "") == (1, ""), "nobody to be asked"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Identifier,Name\n",
        "Identifier\nh/load/load\n",
        "Identifier,Name\nh/load\n",
        "Identifier,Name\nload,value\n",
        "Identifier,Name\nh/load/load,shortterm\nName,Identifier\nvalue,h/df-root/df_complex-free\n",
    ],
)
def test_what_is_no_list_of_metrics_gives_no_definitions(text: str, tmp_path: Path) -> None:
    """Ceilometer could not start with what would come of it."""
    (tmp_path / "list.csv").write_text(text)
    assert run("manage", "gnocchi", "definitions", str(tmp_path / "list.csv")) == (2, "")
