# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd host …``"""

from __future__ import annotations

from tests.cli.shell import Shell


def test_hosts_are_listed_and_filtered(openstack: Shell) -> None:
    hosts = openstack.ok("host", "list")
    assert [(host["Name"], host["Mode"]) for host in hosts] == [
        ("cn1.example.org", "manage"),
        ("cn2.example.org", "manage"),
        ("cn3.example.org", "observe"),
    ]
    assert [host["Name"] for host in openstack.ok("host", "list", "--mode", "observe")] == ["cn3.example.org"]
    assert len(openstack.ok("host", "list", "--limit", "2")) == 2
