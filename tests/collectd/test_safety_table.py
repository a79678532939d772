# SPDX-License-Identifier: Apache-2.0
"""The live-safety table says what the installed plugins themselves say."""

import functools

import pytest

from collectd_mgr.domain import safety
from collectd_mgr.testing.safety import facts as files
from collectd_mgr.testing.safety import table, verdict
from collectd_mgr.testing.safety.facts import installed
from collectd_mgr.testing.safety.survey import installed_package, trial
from collectd_mgr.testing.safety.verdict import Outcome

#: Wanted by the plugin java alone, whose verdict does not need it (tools/packages-collectd.txt).
NOT_INSTALLED = {"libjvm.so"}

#: Reasons that only a trial can give.
BY_ROUNDS = {"reads_left", "not_back", "leaks", "crash"}

#: Two programs look at each file.
facts = functools.cache(files.facts)


def test_the_table_was_earned_on_this_version() -> None:
    upstream = installed_package().split("-")[1]
    assert table.package().split("-")[1] == upstream


def test_no_plugin_of_the_package_is_missing_from_the_table() -> None:
    assert set(installed()) == set(safety.table())


@pytest.mark.parametrize("plugin", sorted(safety.table()))
def test_row_agrees_with_the_file_of_the_plugin(plugin: str) -> None:
    row, found = safety.lookup(plugin), facts(plugin)
    recorded = Outcome(row.reason, row.detail, reads_seen=True, values_seen=row.values_seen)
    assert row == verdict.row(found, recorded)


def test_every_plugin_can_be_loaded_here() -> None:
    missing = {library for plugin in installed() for library in facts(plugin).missing}
    assert missing <= NOT_INSTALLED


def test_what_the_rounds_refused_they_refuse_again() -> None:
    refused = {row.plugin: row.reason for row in safety.table().values() if row.reason in BY_ROUNDS}
    assert {plugin: trial(plugin).reason for plugin in refused} == refused


def test_the_rounds_find_the_leak_that_the_source_of_netlink_shows() -> None:
    assert safety.lookup("netlink").reason == "init_not_repeatable"
    outcome = trial("netlink")
    assert outcome.reason == "leaks"
    assert "socket" in outcome.detail


def test_enough_of_the_table_is_proved_with_values() -> None:
    seen = {row.plugin for row in safety.table().values() if row.live and row.values_seen}
    assert len(seen) >= 20
    assert {"processes", "tcpconns", "disk", "interface", "df", "cpu"} <= seen
