# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd ignore …``"""

from __future__ import annotations

from pathlib import Path

from tests.cli.shell import Shell

HOST = ("--host", "cn1.example.org")


def test_a_rule_is_set_listed_shown_and_unset(openstack: Shell) -> None:
    (row,) = openstack.ok("ignore", "set", "veth", *HOST, "--plugin", "^interface$", "--of-host", "^cn", "--wait")
    rule = {"action": "deny", "plugin": "^interface$", "host": "^cn"}
    assert (row["State"], row["Effective"]) == ("succeeded", rule)
    assert "veth" in {row["Name"] for row in openstack.ok("ignore", "list", *HOST)}
    assert openstack.ok("ignore", "show", "veth", *HOST)["effective"] == rule
    (row,) = openstack.ok("ignore", "unset", "veth", *HOST, "--wait")
    assert row["State"] == "succeeded"


def test_all_rules_are_replaced_at_once(openstack: Shell, tmp_path: Path) -> None:
    openstack.ok("ignore", "set", "veth", *HOST, "--plugin", "^interface$")
    file = tmp_path / "rules.json"
    file.write_text('{"tap": {"plugin_instance": "^tap"}}')
    (row,) = openstack.ok("ignore", "replace", *HOST, "--file", str(file), "--wait")
    assert (row["State"], row["Action"]) == ("succeeded", "ignorelist.replace")
    assert {row["Name"] for row in openstack.ok("ignore", "list", *HOST)} == {"tap"}
    file.write_text("[]")
    assert "ignorelist" in openstack.error("ignore", "replace", *HOST, "--file", str(file))


def test_a_rule_of_nothing_is_refused(openstack: Shell) -> None:
    assert "[bad_setting, request req-" in openstack.error("ignore", "set", "x", *HOST)


def test_a_bad_expression_is_said(openstack: Shell) -> None:
    said = openstack("ignore", "set", "x", *HOST, "--plugin", "(")
    assert said.code != 0
    assert "regular expression" in said.err
