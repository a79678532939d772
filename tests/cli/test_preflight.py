# SPDX-License-Identifier: Apache-2.0
"""The commands that say what would be. Plugins are tried in a real collectd."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.shell import Shell

HOST, OTHER, OBSERVED = "cn1.example.org", "cn2.example.org", "cn3.example.org"


def test_a_plugin_is_tried(openstack: Shell) -> None:
    rows = openstack.ok("plugin", "test", "load", "--host", OBSERVED)
    assert [row["Name"] for row in rows] == ["shortterm", "midterm", "longterm"]
    assert all(row["Rate"] == row["Value"] for row in rows)


def test_collectds_own_words(openstack: Shell) -> None:
    tried = openstack("plugin", "test", "cpu", "--host", HOST, "--config", "NoSuchOption=true")
    assert tried.code == 1
    assert "NoSuchOption" in tried.err
    assert "config_rejected" in tried.err


def test_a_setting_is_looked_at(openstack: Shell) -> None:
    # The hosts are everybody's: whether an earlier test had the plugin loaded is left open.
    openstack.ok("plugin", "disable", "uptime", "--host", HOST, "--host", OTHER, "--wait")
    rows = openstack.ok("plugin", "preview", "uptime", "--host", HOST, "--host", OTHER, "--enable", "--interval", "2")
    assert [(row["Host"], row["Class"]) for row in rows] == [(HOST, "live"), (OTHER, "live")]
    assert {row["Change"] for row in rows} <= {"plugin.load", "plugin.enable"}
    assert {(row["Series"], row["Series Before"], row["Samples/s"]) for row in rows} == {(1, 0, 0.5)}


def test_what_would_be_refused_is_said_beside_it(openstack: Shell, tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"plugins": {"uptime": {"enabled": True}, "load": {"enabled": True}}}))
    looked = openstack("host", "preview", OBSERVED, "--file", str(settings), "-f", "json")
    assert looked.code == 0
    assert "host_not_managed" in looked.err
    assert {row["Plugin"] for row in json.loads(looked.out)} == {"load", "uptime"}


def test_a_file_has_settings_of_all_sections(openstack: Shell) -> None:
    everything = {
        "plugins": {"load": {"enabled": True, "interval": 3}},
        "thresholds": {"looked-at": {"type": "load", "warning_max": 4}},
        "ignorelist": {"looked-at": {"plugin": "^load$"}},
        "samples": {"looked-at": {"identifier": "*/load/*"}},
        "ring": {"looked-at": {"identifier": "*/load/*"}},
        "buffer": {"write_queue": {"high": 5000}, "spool": None},
    }
    said = openstack("host", "preview", HOST, "--file", "-", "-f", "json", stdin=json.dumps(everything))
    assert (said.code, said.err) == (0, "")
    rows = {(row["Change"], row["Plugin"] or row["Setting"]): row for row in said.json}
    named = {(f"{section}.set", "looked-at") for section in ("thresholds", "ignorelist", "samples", "ring")}
    assert rows.keys() >= named | {("queue.set", "limits")}
    assert {row["Class"] for change, row in rows.items() if change in named} <= {"live", "new_daemon", "agent"}
    assert "load" in {name for change, name in rows if change.startswith("plugin.")}
    # What collectd is told of a section as a whole is no row of its own.
    assert all(name for _, name in rows)


def test_another_collectd_is_looked_at(openstack: Shell) -> None:
    (row,) = openstack.ok("host", "preview", HOST, "--binary", "/usr/sbin/collectd")
    assert (row["Change"], row["Setting"], row["Class"]) == ("program.set", "collectd", "new_daemon")
    said = openstack("host", "preview", HOST, "--image", "example.org/collectd:5", "-f", "json")
    assert "This host runs no image example.org/collectd:5" in said.err
    assert openstack.ok("host", "preview", HOST, "--as-configured") == []


def test_nothing_to_look_at(openstack: Shell, tmp_path: Path) -> None:
    assert openstack("plugin", "preview", "cpu", "--host", HOST).code == 1
    assert "Nothing to look at" in openstack.error("host", "preview", HOST)
    nothing = tmp_path / "nothing.json"
    nothing.write_text("[]")
    assert "nothing.json: it must hold an object" in openstack.error("host", "preview", HOST, "--file", str(nothing))
    nothing.write_text('{"uptime": {"enabled": true}}')
    assert "body: unknown: uptime. [bad_request" in openstack.error("host", "preview", HOST, "--file", str(nothing))
