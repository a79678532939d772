# SPDX-License-Identifier: Apache-2.0
"""Notifications, mutes, and what hosts keep and publish, from the command line."""

from __future__ import annotations

from tests.cli.shell import Shell
from tests.waiting import eventually

HOST = "cn1.example.org"


def test_a_notification_is_put_in_muted_and_listed(openstack: Shell) -> None:
    (muted,) = openstack.ok(
        "mute", "set", "test", "--host", HOST, "--identifier", "*/noisy/*", "--for", "10m", "--wait"
    )
    assert muted["State"] == "succeeded"
    for plugin in ("noisy", "quiet"):
        sent = openstack.ok(
            "notification", "create", "--host", HOST, "--severity", "warning", "--plugin", plugin, f"from {plugin}"
        )
        assert [(row["Host"], row["Plugin"]) for row in sent] == [(HOST, plugin)]
    eventually(lambda: len(openstack.ok("notification", "list", "--host", HOST, "--severity", "warning")) == 2)
    (row,) = openstack.ok("notification", "list", "--host", HOST, "--muted")
    assert (row["Message"], row["Muted"], row["Count"]) == ("from noisy", "test", 1)
    (row,) = openstack.ok("notification", "list", "--no-muted", "--plugin", "quiet")
    assert row["Message"] == "from quiet"
    shown = openstack.ok("mute", "show", "test", "--host", HOST)
    assert shown["desired"]["identifier"] == "*/noisy/*"
    assert shown["lease"]["seconds"] == 600
    (listed,) = openstack.ok("mute", "list", "--host", HOST)
    assert listed["Ends At"] == shown["lease"]["ends_at"] is not None


def test_buffers_are_shown_and_set(openstack: Shell) -> None:
    (row,) = openstack.ok("buffer", "set", "--host", HOST, "--spool", "1048576", "--wait")
    assert (row["State"], row["Spool"]) == ("succeeded", {"bytes": 1048576})
    shown = openstack.ok("buffer", "show", "--host", HOST)
    assert shown["notifications"]["readers"]["conductors"]["dropped"] == 0


def test_metrics_are_chosen_for_ring_and_samples(openstack: Shell) -> None:
    for noun in ("ring", "sample"):
        (row,) = openstack.ok(noun, "set", "m", "--host", HOST, "--identifier", "*/memory/*", "--interval", "1")
        assert row["Effective"]["interval"] == 1
        (row,) = openstack.ok(noun, "unset", "m", "--host", HOST)
        assert row["State"] == "succeeded"
