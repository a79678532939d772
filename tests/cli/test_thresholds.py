# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd threshold …``"""

from __future__ import annotations

from tests.cli.shell import Shell

HOST = ("--host", "cn1.example.org")


def test_a_threshold_is_set_listed_shown_and_unset(openstack: Shell) -> None:
    options = ("--plugin", "memory", "--type", "memory", "--failure-max", "90", "--hits", "2", "--no-interesting")
    (row,) = openstack.ok("threshold", "set", "busy", *HOST, *options, "--wait")
    setting = {"plugin": "memory", "type": "memory", "failure_max": 90.0, "hits": 2, "interesting": False}
    assert (row["State"], row["Effective"]) == ("succeeded", setting)
    assert {row["Name"] for row in openstack.ok("threshold", "list", *HOST)} >= {"busy"}
    assert openstack.ok("threshold", "show", "busy", *HOST)["desired"] == setting
    (row,) = openstack.ok("threshold", "unset", "busy", *HOST, "--wait")
    assert (row["State"], row["Effective"]) == ("succeeded", None)


def test_what_makes_no_threshold_is_said(openstack: Shell) -> None:
    said = openstack("threshold", "set", "x", *HOST, "--type", "percent", "--plugin-instance", "0")
    assert said.code != 0
    assert "plugin" in said.err
