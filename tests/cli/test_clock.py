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
    assert (clock["state"], clock["source"], clock["step_allowed"]) == ("good", None, False)
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


def test_a_sync_wants_a_time_service(openstack: Shell) -> None:
    synced = openstack("host", "clock", "sync", HOST)
    assert synced.code == 1
    assert "no_time_source" in synced.err


def test_an_observed_host_is_left_alone(openstack: Shell) -> None:
    synced = openstack("host", "clock", "sync", OBSERVED, "--step")
    assert synced.code == 1
    assert "host_not_managed" in synced.err
