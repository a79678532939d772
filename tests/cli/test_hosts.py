# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd host …``"""

from __future__ import annotations

import re

import pytest

from tests.cli.cloud import Cloud
from tests.cli.shell import Shell

HOST = "cn1.example.org"


def test_hosts_are_listed_and_filtered(openstack: Shell) -> None:
    hosts = openstack.ok("host", "list")
    assert [(host["Name"], host["Mode"]) for host in hosts] == [
        ("cn1.example.org", "manage"),
        ("cn2.example.org", "manage"),
        ("cn3.example.org", "observe"),
    ]
    assert [host["Name"] for host in openstack.ok("host", "list", "--mode", "observe")] == ["cn3.example.org"]
    assert openstack.ok("host", "list", "--in-sync", "false") == []


def test_a_list_is_whole_however_many_pages_it_has(openstack: Shell) -> None:
    assert len(openstack.ok("host", "list")) == 3
    assert len(openstack.ok("host", "list", "--limit", "1")) == 1


def test_a_host_shows_what_it_runs(openstack: Shell) -> None:
    shown = openstack.ok("host", "show", HOST)
    assert shown["collectd_version"] == "5.12.0-fake"
    assert shown["pid"] >= 1000
    assert (shown["mode"], shown["mode_set_by"], shown["in_sync"]) == ("manage", "default", True)


def test_what_the_agent_does_not_do_is_a_failure(openstack: Shell, cloud: Cloud) -> None:
    cloud.leave("cn2.example.org")
    said = openstack("host", "set", "cn2.example.org", "--live", "on", "--wait", "--timeout", "0", "-f", "json")
    cloud.join("cn2.example.org")
    assert (said.code, said.json["name"]) == (1, "cn2.example.org")
    assert re.fullmatch(r"The operation \S+ is pending\.\n", said.err)
    openstack.ok("host", "set", "cn2.example.org", "--live", "on", "--wait")


def test_labels_are_added_and_taken_one_by_one(openstack: Shell) -> None:
    openstack.ok("host", "set", HOST, "--label", "rack=r12", "--label", "role=compute", "--description", "left row")
    shown = openstack.ok("host", "set", HOST, "--label", "rack=r13", "--no-label", "role")
    assert (shown["labels"], shown["description"]) == ({"rack": "r13"}, "left row")
    assert [host["Name"] for host in openstack.ok("host", "list", "--label", "rack=r13")] == [HOST]
    assert openstack.ok("host", "list", "--label", "rack=r12") == []


def test_the_mode_has_a_reason_and_somebody_who_set_it(openstack: Shell) -> None:
    shown = openstack.ok("host", "set", HOST, "--live", "off", "--reason", "INC-12", "--wait")
    assert (shown["mode"], shown["live"], shown["mode_reason"], shown["mode_set_by"]) == (
        "manage",
        False,
        "INC-12",
        "server",
    )
    assert openstack.ok("host", "set", HOST, "--live", "on", "--wait")["live"] is True


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_cannot_make_the_address_another_one(openstack: Shell, name: str) -> None:
    assert openstack.error("host", "delete", name) == f"{name!r} is not a name."


def test_a_name_is_quoted(openstack: Shell) -> None:
    assert openstack.error("host", "show", "a?x=#").startswith("No host 'a?x=#' is known.")


def test_setting_nothing_is_an_error(openstack: Shell) -> None:
    assert "Nothing to set" in openstack.error("host", "set", HOST)


def test_a_restart_gives_a_new_daemon_on_each_host(openstack: Shell) -> None:
    before = [openstack.ok("host", "show", host)["pid"] for host in (HOST, "cn2.example.org")]
    rows = openstack.ok("host", "restart", HOST, "cn2.example.org", "--wait")
    assert [(row["State"], row["Action"]) for row in rows] == [("succeeded", "restart")] * 2
    after = [openstack.ok("host", "show", host)["pid"] for host in (HOST, "cn2.example.org")]
    assert not set(before) & set(after)


def test_a_replacement_is_one(openstack: Shell) -> None:
    before = openstack.ok("host", "show", HOST)["pid"]
    (row,) = openstack.ok("host", "replace", HOST, "--reason", "INC-12", "--wait")
    assert (row["State"], row["Action"]) == ("succeeded", "replace")
    assert openstack.ok("host", "show", HOST)["pid"] != before


def test_another_collectd_is_for_the_host_to_name(openstack: Shell) -> None:
    said = openstack.error("host", "replace", HOST, "--binary", "/opt/collectd")
    assert "This host runs no binary /opt/collectd" in said
    said = openstack.error("host", "restart", HOST, "--image", "example.org/collectd:5")
    assert "This host runs no image example.org/collectd:5" in said
    (row,) = openstack.ok("host", "replace", HOST, "--as-configured", "--wait")
    assert row["State"] == "succeeded"


def test_a_reload_succeeds(openstack: Shell) -> None:
    (row,) = openstack.ok("host", "reload", HOST, "--reason", "files changed", "--wait")
    assert (row["State"], row["Action"]) == ("succeeded", "reload")


def test_a_forgotten_host_is_gone(openstack: Shell, cloud: Cloud) -> None:
    cloud.join("cn9.example.org")
    cloud.wait_for("cn9.example.org")
    cloud.leave("cn9.example.org")
    said = openstack("host", "delete", "--force", "nobody", "cn9.example.org")
    assert said.code == 1
    assert said.err.startswith("nobody: No host 'nobody' is known. ")
    assert openstack.error("host", "show", "cn9.example.org").startswith("No host 'cn9.example.org' is known.")


def test_a_person_ends_the_quarantine_that_a_crash_began(openstack: Shell) -> None:
    before = openstack.ok("host", "show", HOST)["pid"]
    said = openstack("plugin", "enable", "users", "--host", HOST, "--config", "Crash=true", "--wait", "-f", "json")
    assert (said.code, said.json[0]["State"]) == (1, "failed")
    shown = openstack.ok("host", "show", HOST)
    assert "died" in shown["quarantine"]
    assert shown["pid"] != before
    (row,) = openstack.ok("plugin", "enable", "load", "--host", HOST, "--interval", "4", "--wait")
    assert (row["State"], row["Driver"]) == ("succeeded", "fake")
    assert openstack.ok("host", "set", HOST, "--clear-quarantine", "--wait")["quarantine"] is None
    (row,) = openstack.ok("plugin", "enable", "load", "--host", HOST, "--interval", "5", "--wait")
    assert (row["State"], row["Driver"]) == ("succeeded", "live")


def test_the_configuration_is_shown_as_text(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "uptime", "--host", HOST, "--interval", "7", "--wait")
    text = openstack("host", "config", "show", HOST, "--text").out
    assert '<LoadPlugin "uptime">\n Interval 7.0\n</LoadPlugin>\n' in text
    assert '<LoadPlugin "uptime">' in openstack.ok("host", "config", "show", HOST)["managed"]


def test_the_difference_to_an_earlier_generation_is_shown(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "users", "--host", HOST, "--wait")
    earlier = openstack.ok("host", "show", HOST)["generation"] - 1
    assert '-LoadPlugin "users"' in openstack("host", "config", "show", HOST, "--diff", str(earlier), "--text").out
    assert openstack.ok("host", "config", "show", HOST, "--diff", "desired") == {"diff": "", "plugins": []}
    assert openstack.ok("host", "config", "show", HOST, "--diff") == {"diff": "", "plugins": []}


def test_the_difference_shows_what_a_plugin_that_is_off_would_have(openstack: Shell) -> None:
    openstack.ok(
        "plugin", "enable", "swap", "--host", HOST, "--interval", "7", "--config", "ReportBytes=true", "--wait"
    )
    openstack.ok("plugin", "disable", "swap", "--host", HOST, "--wait")
    earlier = openstack.ok("host", "show", HOST)["generation"]
    openstack.ok("plugin", "set", "swap", "--host", HOST, "--interval", "9", "--config", "ReportBytes=false", "--wait")
    text = openstack("host", "config", "show", HOST, "--diff", str(earlier), "--text").out
    assert {"-#  Interval 9.0", "+#  Interval 7.0", "+#  ReportBytes true"} <= set(text.splitlines())
    assert openstack.ok("host", "config", "show", HOST, "--diff") == {"diff": "", "plugins": []}
