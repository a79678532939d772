# SPDX-License-Identifier: Apache-2.0
"""What another collectd is to give as the one before it did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectd_mgr.domain import grammar, plan
from collectd_mgr.domain.baseline import baseline, given, intervals, is_occasional, word
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.plan import Change, Plan
from collectd_mgr.domain.spec import PluginGoal

ON, OFF, THEIRS = PluginGoal(True), PluginGoal(False), PluginGoal(True, origin="host")
NOTHING = Plan()


def renamed(name: str) -> PluginGoal:
    return PluginGoal(True, config={"Table": {"args": ["/proc/loadavg"], "Plugin": name}})


def test_it_is_of_what_is_on() -> None:
    assert baseline({"cpu": ON, "df": OFF, "load": THEIRS}, NOTHING) == {"cpu", "load"}


@pytest.mark.parametrize("kind", [plan.LOAD, plan.ENABLE, plan.RECONFIGURE, plan.DISABLE])
def test_what_is_changed_is_not_in_it(kind: str) -> None:
    assert baseline({"cpu": ON, "df": ON}, Plan((Change(kind, "df"),))) == {"cpu"}


@pytest.mark.parametrize("kind", [plan.INTERVAL, plan.RESTART, plan.THRESHOLDS])
def test_what_gives_the_same_afterwards_is(kind: str) -> None:
    assert baseline({"cpu": ON, "df": ON}, Plan((Change(kind, "df"),))) == {"cpu", "df"}


def test_the_operators_files_may_say_otherwise_where_they_are_read_again() -> None:
    assert baseline({"cpu": ON, "load": THEIRS}, Plan((Change(plan.RELOAD),))) == {"cpu"}


def test_it_has_the_names_of_the_configuration() -> None:
    assert baseline({"table": renamed("mine-one")}, NOTHING) == {"table", "mine"}


def test_what_is_taken_apart_is_not_in_it() -> None:
    assert baseline({"cpu": ON, "table": renamed("mine")}, NOTHING, {"table"}) == {"cpu"}


@pytest.mark.parametrize("gone", [{"table": renamed("mine")}, {}], ids=["known", "not known"])
def test_nor_are_names_that_it_shares_with_others(gone: dict[str, PluginGoal]) -> None:
    plugins = {"cpu": ON, "tail": renamed("mine" if gone else "table"), **gone}
    assert baseline(plugins, Plan((Change(plan.DISABLE, "table"),))) == {"cpu", "tail"}


def test_a_plugin_may_be_written_in_capitals() -> None:
    assert baseline({"CPU": ON, "DF": ON}, NOTHING, {"Df"}) == {"cpu"} == {word("host/CPU-0/cpu-idle")}


def test_what_plugins_give_is_told_by_a_whole_configuration_as_well() -> None:
    blocks = '<Plugin Table>\n<Table "/proc/loadavg">\nPlugin "Mine-one"\n</Table>\n</Plugin>\n'
    items = grammar.parse(f'LoadPlugin cpu\nLoadPlugin table\n{blocks}<Plugin df>\nPlugin "other"\n</Plugin>\n')
    assert given({"cpu", "table"}, items) == {"cpu", "table", "mine"}


def test_the_word_of_a_metric_has_no_instance() -> None:
    assert word("host/my-files-of-mine/bytes-a/b") == "my"


def test_its_intervals_are_the_longest_of_each_word() -> None:
    plugins = {"cpu": ON, "DF": PluginGoal(True, 5.0), "table": replace(renamed("df"), interval=60.0)}
    assert intervals(plugins) == {"cpu": 0.0, "df": 60.0, "table": 60.0}


@pytest.mark.parametrize(
    ("metric", "occasional"),
    [
        ("h/disk-vda/pending_operations", True),
        ("h/disk-vda/disk_time", True),
        ("h/disk-vda/disk_ops", False),
        ("h/nfs-v3/pending_operations", False),
        ("h/processes-backup/io_octets", True),
        ("h/processes-backup/contextswitch-voluntary", True),
        ("h/processes-backup/ps_count", False),
        ("h/contextswitch/contextswitch", False),
    ],
)
def test_what_a_plugin_gives_only_once_it_has_happened_is_known(metric: str, occasional: bool) -> None:
    assert is_occasional(Identifier.of(metric)) is occasional
