# SPDX-License-Identifier: Apache-2.0
"""Notifications, mutes, and what hosts keep and publish, from the command line."""

from __future__ import annotations

from tests.cli.shell import Shell
from tests.waiting import eventually

HOST, OTHER, OBSERVED = "cn1.example.org", "cn2.example.org", "cn3.example.org"


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
    (ended,) = openstack.ok("mute", "unset", "test", "--host", HOST, "--wait")
    assert (ended["State"], ended["Effective"]) == ("succeeded", None)


def test_notifications_of_hosts_with_labels_and_of_one_that_is_not_known(openstack: Shell) -> None:
    openstack.ok("host", "set", HOST, "--label", "room=7")
    (sent,) = openstack.ok(
        "notification", "create", "--host", HOST, "--severity", "failure", "--plugin", "df", "--plugin-instance",
        "root", "--type", "df_complex", "--type-instance", "free", "full",
    )  # fmt: skip
    assert sent["Message"] == "full"
    wanted = ("notification", "list", "--label", "room=7", "--severity", "failure", "--sort", "time:desc")
    eventually(lambda: openstack.ok(*wanted))
    assert openstack.ok(*wanted)[0]["Identifier"].endswith("/df-root/df_complex-free")
    assert openstack.ok("notification", "list", "--label", "room=8") == []
    assert "[host_not_found, request req-" in openstack.error("notification", "list", "--host", "nobody")


def test_hosts_with_labels_are_muted_together(openstack: Shell) -> None:
    for host in (HOST, OTHER, OBSERVED):
        openstack.ok("host", "set", host, "--label", "rack=r9")
    mute = ("mute", "set", "rack", "--label", "rack=r9", "--for", "1h", "--reason", "INC-14", "--wait")
    said = openstack(*mute, "-f", "json")
    assert said.code == 1
    assert [(row["Host"], row["Name"], row["State"]) for row in said.json] == [
        (HOST, "rack", "succeeded"),
        (OTHER, "rack", "succeeded"),
        (OBSERVED, "rack", "refused"),
    ]
    assert "observe" in said.json[2]["Error"]
    shown = openstack.ok("mute", "show", "rack", "--host", OTHER)
    assert (shown["lease"]["seconds"], "identifier" in shown["desired"]) == (3600, False)
    openstack.ok("host", "set", OBSERVED, "--no-label", "rack")
    rows = openstack.ok("mute", "unset", "rack", "--label", "rack=r9", "--wait")
    assert [(row["Host"], row["State"]) for row in rows] == [(HOST, "succeeded"), (OTHER, "succeeded")]
    missed = openstack.error("mute", "unset", "rack", "--label", "rack=r9")
    assert missed.startswith("No host with these labels has the mute rack. To see what there is: ")
    assert "openstack collectd mute list --host HOST [" in missed
    assert openstack.error("mute", "unset", "rack", "--label", "rack=r0") == "No host has the label rack=r0."
    assert "KEY=VALUE" in openstack("mute", "unset", "rack", "--label", "rack").err


def test_buffers_are_shown_and_set(openstack: Shell) -> None:
    (row,) = openstack.ok("buffer", "set", "--host", HOST, "--spool", "1048576", "--wait")
    assert (row["State"], row["Spool"]) == ("succeeded", {"bytes": 1048576})
    shown = openstack.ok("buffer", "show", "--host", HOST)
    assert shown["host"] == HOST
    assert shown["notifications"]["readers"]["conductors"]["dropped"] == 0


def test_metrics_are_chosen_for_ring_and_samples(openstack: Shell) -> None:
    for noun in ("ring", "sample"):
        (row,) = openstack.ok(noun, "set", "m", "--host", HOST, "--identifier", "*/memory/*", "--interval", "1")
        assert row["Effective"]["interval"] == 1
        assert "m" in {row["Name"] for row in openstack.ok(noun, "list", "--host", HOST)}
        assert openstack.ok(noun, "show", "m", "--host", HOST)["desired"]["interval"] == 1
        (row,) = openstack.ok(noun, "unset", "m", "--host", HOST)
        assert row["State"] == "succeeded"
