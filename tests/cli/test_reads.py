# SPDX-License-Identifier: Apache-2.0
"""The commands that only look: metrics, values, capabilities, operations, generations; and flush."""

from __future__ import annotations

import re
import time
from importlib import metadata

import pytest

from tests.cli.shell import Shell
from tests.waiting import PATIENCE, eventually

HOST, OTHER = "cn1.example.org", "cn2.example.org"


@pytest.fixture(scope="module", autouse=True)
def _memory(openstack: Shell) -> None:
    rows = openstack.ok("plugin", "enable", "memory", "--host", HOST, "--host", OTHER, "--interval", "0.1", "--wait")
    assert [row["State"] for row in rows] == ["succeeded"] * 2
    eventually(lambda: openstack.ok("value", "list", "--host", OTHER, "--plugin", "memory"))


def test_metrics_are_filtered_by_the_server(openstack: Shell) -> None:
    metrics = openstack.ok("metric", "list", "--host", HOST, "--plugin", "memory", "--match", "free$")
    (metric,) = metrics
    assert metric["Identifier"] == f"{HOST}/memory/memory-free"
    assert metric["Interval"] == 0.1
    assert metric["Age"] < PATIENCE


def test_metrics_in_a_state(openstack: Shell) -> None:
    metrics = openstack.ok("metric", "list", "--host", HOST, "--plugin", "memory", "--state", "unknown")
    assert {metric["State"] for metric in metrics} == {"unknown"}
    assert openstack.ok("value", "list", "--host", HOST, "--state", "warning") == []
    assert "Missing Since" in openstack("value", "list", "--host", HOST, "--state", "missing", "-f", "csv").out


def test_values_of_several_hosts_come_in_one_list(openstack: Shell) -> None:
    values = openstack.ok("value", "list", "--host", HOST, "--host", OTHER, "--plugin", "memory")
    assert {value["Identifier"].split("/")[0] for value in values} == {HOST, OTHER}
    assert all(isinstance(value["Value"], float) for value in values)
    assert len(openstack.ok("value", "list", "--host", HOST, "--host", OTHER, "--limit", "1")) == 2


def test_values_that_a_host_kept(openstack: Shell) -> None:
    choice = ("ring", "set", "free", "--host", HOST, "--identifier", "*/memory/memory-free", "--interval", "1")
    openstack.ok(*choice, "--wait")
    since = ("--since", "2020-01-01T00:00:00Z")
    kept = ("value", "list", "--host", HOST, *since)
    eventually(lambda: len(openstack.ok(*kept)) > 1)
    assert {row["Identifier"] for row in openstack.ok(*kept)} == {f"{HOST}/memory/memory-free"}
    (row,) = openstack.ok("value", "publish", "--host", HOST, *since)
    assert (row["Host"], row["Orders"]) == (HOST, 1)


def test_why_a_metric_is_missing(openstack: Shell) -> None:
    there = openstack.ok("metric", "explain", f"{HOST}/memory/memory-free", "--host", HOST)
    assert there["link"] == "not_published"
    missing = openstack.ok("metric", "explain", f"{HOST}/entropy/entropy", "--host", HOST)
    assert "entropy" in missing["sentence"]


def test_times_are_for_people_in_a_table_and_for_programs_in_json(openstack: Shell) -> None:
    arguments = ("metric", "list", "--host", HOST, "--limit", "1", "-c", "Last Update")
    assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", openstack(*arguments).out)
    assert openstack.ok(*arguments)[0]["Last Update"] == pytest.approx(time.time(), abs=PATIENCE)


def test_flush_says_what_became_of_it(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "rrdtool", "--host", HOST, "--wait")
    (row,) = openstack.ok("cache", "flush", "--host", HOST, "--plugin", "rrdtool", "--older-than", "60")
    assert (row["Host"], row["Plugin"], row["Outcome"]) == (HOST, "rrdtool", "flushed")


def test_a_flush_fails_where_nothing_that_was_asked_for_can(openstack: Shell) -> None:
    openstack.ok("plugin", "disable", "rrdtool", "--host", OTHER, "--wait")
    cannot, nothing = [(HOST, "cannot"), (OTHER, "cannot")], f"{OTHER}: no plugin that writes is loaded there.\n"
    for wanted, rows, words in ((("--plugin", "csv"), cannot, ""), ((), [(HOST, "flushed")], nothing)):
        said = openstack("cache", "flush", "--host", HOST, "--host", OTHER, *wanted, "-f", "json")
        assert (said.code, said.err) == (1, words)
        assert [(row["Host"], row["Outcome"]) for row in said.json] == rows


def test_a_host_that_fails_stops_no_other(openstack: Shell) -> None:
    said = openstack("cache", "flush", "--host", "nobody", "--host", HOST, "--plugin", "rrdtool", "-f", "json")
    assert said.code == 1
    assert said.err.startswith("nobody: No host 'nobody' is known. ")
    assert [(row["Host"], row["Outcome"]) for row in said.json] == [(HOST, "flushed")]


def test_a_list_has_the_rows_of_the_hosts_that_answer(openstack: Shell) -> None:
    openstack.ok("sample", "set", "listed", "--host", HOST, "--identifier", "*/memory/*")
    lists = ["plugin list", "sample list", "metric list", "value list", "plugin preview memory --interval 7"]
    for command in lists:
        said = openstack(*command.split(), "--host", "nobody", "--host", HOST, "-f", "json")
        assert said.code == 1, said
        assert said.err.startswith("nobody: No host 'nobody' is known. ")
        assert {row["Host"] for row in said.json} == {HOST}


def test_capabilities_name_plugins_and_drivers(openstack: Shell) -> None:
    plugins = {row["Plugin"]: row for row in openstack.ok("capability", "list", "--host", HOST)}
    assert plugins["cpu"]["Live"] is True
    assert plugins["csv"]["Kind"] == "write"
    live, fake = openstack.ok("capability", "list", "--host", HOST, "--drivers")
    assert (live["Driver"], fake["Driver"]) == ("live", "fake")
    assert "plugin.load" in live["Capabilities"]
    (row,) = openstack.ok("capability", "list", "--host", HOST, "--releases")
    assert (row["Host"], row["Agent"]) == (HOST, metadata.version("collectd-mgr"))


def test_operations_are_filtered(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "load", "--host", HOST, "--reason", "to be found", "--wait")
    listed = openstack.ok("operation", "list", "--host", HOST, "--plugin", "load", "--limit", "1")
    (row,) = listed
    assert (row["State"], row["Reason"]) == ("succeeded", "to be found")
    assert openstack.ok("operation", "list", "--host", HOST, "--since", "2100-01-01T00:00:00Z") == []
    assert "[operation_not_found, request req-" in openstack.error("operation", "show", "no-such")


def test_the_service_sorts_before_it_counts(openstack: Shell) -> None:
    hosts = [host["Name"] for host in openstack.ok("host", "list", "--sort", "name:desc", "--limit", "2")]
    assert hosts == ["cn3.example.org", OTHER]
    oldest, newest = (
        openstack.ok("operation", "list", "--sort", f"created_at:{direction}", "--limit", "1")[0]["Created"]
        for direction in ("asc", "desc")
    )
    assert oldest < newest
    assert openstack.ok("generation", "list", "--host", HOST, "--sort", "n", "--limit", "1")[0]["Generation"] == 0
    said = openstack("host", "list", "--sort", "size")
    assert (said.code, "none of name, created_at, state, n" in said.err) == (2, True)


def test_generations_can_be_gone_back_to(openstack: Shell) -> None:
    before = openstack.ok("host", "show", HOST)["generation"]
    openstack.ok("plugin", "enable", "memory", "--host", HOST, "--interval", "9", "--reason", "a slip", "--wait")
    newest = openstack.ok("generation", "list", "--host", HOST, "--limit", "1")[0]
    assert (newest["Generation"], newest["Reason"]) == (before + 1, "a slip")
    assert "Interval 9.0" in openstack.ok("generation", "show", str(before + 1), "--host", HOST)["diff"]
    (row,) = openstack.ok("generation", "revert", str(before), "--host", HOST, "--wait")
    assert (row["State"], row["Generation"]) == ("succeeded", before + 2)
    assert openstack.ok("plugin", "show", "memory", "--host", HOST)["desired"]["interval"] == 0.1
    assert "[generation_not_found, request req-" in openstack.error("generation", "show", "4711", "--host", HOST)
