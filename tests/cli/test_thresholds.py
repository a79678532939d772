# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd threshold …``"""

from __future__ import annotations

import json
from pathlib import Path

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


def test_all_thresholds_are_replaced_at_once(openstack: Shell, tmp_path: Path) -> None:
    openstack.ok("threshold", "set", "busy", *HOST, "--type", "memory", "--failure-max", "90")
    file = tmp_path / "thresholds.json"
    file.write_text(json.dumps({"full": {"type": "memory", "failure_max": 95}}))
    (row,) = openstack.ok("threshold", "replace", *HOST, "--file", str(file), "--wait")
    assert (row["State"], row["Action"]) == ("succeeded", "thresholds.replace")
    listed = {row["Name"]: row["Effective"] for row in openstack.ok("threshold", "list", *HOST)}
    assert listed["full"] == {"type": "memory", "failure_max": 95.0}
    assert "busy" not in listed
    file.write_text('{"full": {"type": "memory", "hits": "x"}}')
    assert "full" in openstack.error("threshold", "replace", *HOST, "--file", str(file))


def test_what_makes_no_threshold_is_said(openstack: Shell) -> None:
    said = openstack("threshold", "set", "x", *HOST, "--type", "percent", "--plugin-instance", "0")
    assert said.code != 0
    assert "plugin" in said.err
