# SPDX-License-Identifier: Apache-2.0
"""The clocks of hosts."""

from __future__ import annotations

import re
import time

import pytest

from tests.cli.shell import Shell
from tests.waiting import PATIENCE, eventually

HOST, OBSERVED = "cn1.example.org", "cn3.example.org"


def test_the_clocks_beside_each_other(openstack: Shell) -> None:
    clock = openstack.ok("host", "clock", "show", HOST)
    assert (clock["state"], clock["source"], clock["step_allowed"]) == ("good", "chrony", False)
    assert clock["time"] == pytest.approx(time.time(), abs=PATIENCE)
    assert abs(clock["offset"]) <= clock["error"] + 0.1
    assert re.search(r"controller_time *\| \d{4}-\d\d-\d\dT", openstack("host", "clock", "show", HOST).out)


def test_hosts_are_found_by_their_clock(openstack: Shell) -> None:
    """The conductor measures a host that is new to it."""
    eventually(lambda: len(openstack.ok("host", "list", "--clock", "good", "--clock", "ahead")) == 3)
    assert openstack.ok("host", "list", "--clock", "refusing") == []


def test_when_plugins_are_read(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "swap", "--host", HOST, "--interval", "1", "--wait")
    eventually(lambda: openstack.ok("host", "clock", "grid", HOST))
    rows = {row["Plugin"]: row for row in openstack.ok("host", "clock", "grid", HOST)}
    assert rows["swap"]["Interval"] == 1.0
    assert rows["swap"]["Next"] > rows["swap"]["Last"]


def test_the_time_service_is_asked_to_correct_the_clock(openstack: Shell) -> None:
    (row,) = openstack.ok("host", "clock", "sync", HOST)
    assert (row["Host"], row["Source"], row["State"]) == (HOST, "chrony", "good")
    assert "burst" in row["Request"]


def test_an_observed_host_is_left_alone(openstack: Shell) -> None:
    synced = openstack("host", "clock", "sync", OBSERVED, HOST, "-f", "json")
    assert synced.code == 1
    assert re.search(rf"^{OBSERVED}: .*host_not_managed", synced.err)
    assert [row["Host"] for row in synced.json] == [HOST]


def test_a_step_is_what_the_host_has_to_allow(openstack: Shell) -> None:
    assert "clock_step_denied" in openstack.error("host", "clock", "sync", HOST, "--step")
