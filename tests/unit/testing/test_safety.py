# SPDX-License-Identifier: Apache-2.0
"""How facts, judgements and outcomes become verdicts, and verdicts a page."""

from pathlib import Path

import pytest

from collectd_mgr.domain import safety
from collectd_mgr.testing.safety import judgements, page, table, verdict
from collectd_mgr.testing.safety.facts import Facts
from collectd_mgr.testing.safety.verdict import Outcome

DOCUMENT = Path(__file__).parents[3] / "doc/source/reference/plugins.rst"


def make(plugin: str, *callbacks: str, **more: bool) -> Facts:
    kinds = {"threads": False, "processes": False, "dispatches_notifications": False, **more}
    return Facts(plugin, callbacks, missing=(), **kinds)


def test_page_is_in_step_with_the_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page.text(list(safety.table().values()), table.package())


def test_table_file_is_in_step_with_its_own_form() -> None:
    assert table.PATH.read_text(encoding="utf-8") == table.text(safety.table().values(), table.package())


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (make("new", "read", "write"), "write_callback"),
        (make("new", "log", "notification"), "log_callback"),
        (make("new", "read", "cache_event"), "cache_event_callback"),
        (make("new", "read", "something_of_6"), "something_of_6_callback"),
        (make("new", "read", threads=True), "threads"),
        (make("new", "read", processes=True), "own_process"),
        (make("new", "init"), "no_read"),
        (make("python", "read"), "binding"),
        (make("match_new"), "filter"),
        (make("intel_rdt", "complex_read"), "exclusive"),
        (make("ipvs", "init", "read"), "init_not_repeatable"),
    ],
)
def test_facts_and_sources_refuse_whatever_the_rounds_show(facts: Facts, reason: str) -> None:
    row = verdict.row(facts, Outcome(values_seen=True))
    assert (row.verdict, row.reason) == ("refused", reason)


def test_reads_from_the_configuration_are_proved_only_where_there_were_some() -> None:
    facts = make("curl", "complex_config", "complex_read", "init")
    assert verdict.row(facts, Outcome(reads_seen=True)).live
    assert verdict.row(facts, Outcome(reads_seen=False)).reason == "unknown"


def test_nobody_tried_means_unknown() -> None:
    row = verdict.row(make("new", "read"), None)
    assert (row.verdict, row.reason) == ("refused", "unknown")


def test_the_rounds_refuse() -> None:
    row = verdict.row(make("new", "read"), Outcome("leaks", "socket: 3"))
    assert (row.verdict, row.reason, row.detail) == ("refused", "leaks", "socket: 3")


def test_a_plugin_that_only_reads_and_stood_the_rounds_is_live_safe() -> None:
    row = verdict.row(make("new", "config", "init", "read", "shutdown"), Outcome(values_seen=True))
    assert (row.verdict, row.reason, row.values_seen, row.scratch) == ("live", "", True, "ok")


def test_judgements_name_only_plugins_that_exist() -> None:
    named = {*judgements.EXCLUSIVE, *judgements.BINDINGS, *judgements.REFUSED, *judgements.READS}
    assert named | judgements.NOT_IN_SCRATCH <= set(safety.table())
