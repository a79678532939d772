# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd`` as operators have it: logged in at Keystone, the API found in its catalogue."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell
from tests.functional.deployment import Deployment
from tests.services.keystone import Keystone
from tests.waiting import eventually

HOST = "cli.example.org"


@pytest.fixture(scope="module")
def catalogued(deployment: Deployment, keystone: Keystone) -> Keystone:
    """A Keystone that knows where the API is, and a host."""
    keystone.register("collectd-mgr", "collectd-mgr", deployment.urls[0])
    deployment.agent(HOST).start()
    admin = Shell(keystone.environment("admin", "admin"))
    eventually(lambda: "up" in admin("host", "show", HOST, "-f", "value", "-c", "status").out)
    return keystone


def test_an_admin_enables_a_plugin_and_sees_its_values(catalogued: Keystone) -> None:
    openstack = Shell(catalogued.environment("admin", "admin"))
    before = openstack.ok("host", "show", HOST)["pid"]
    (row,) = openstack.ok("plugin", "enable", "memory", "--host", HOST, "--interval", "1", "--wait")
    assert (row["State"], row["Enabled"], row["Driver"]) == ("succeeded", True, "live")
    eventually(lambda: openstack.ok("value", "list", "--host", HOST, "--plugin", "memory"))
    assert openstack.ok("host", "show", HOST)["pid"] == before


def test_who_did_it_is_in_the_operation(catalogued: Keystone) -> None:
    openstack = Shell(catalogued.environment("admin", "admin"))
    (row,) = openstack.ok("plugin", "disable", "memory", "--host", HOST, "--reason", "enough")
    shown = openstack.ok("operation", "show", row["Operation"])
    user = catalogued.session("admin", "admin").get_user_id()
    assert (shown["user"], shown["reason"], shown["state"]) == (user, "enough", "succeeded")


def test_others_are_told_that_they_may_not(catalogued: Keystone) -> None:
    for user in ("alice", "rita", "mona"):
        line = Shell(catalogued.environment(user)).error("plugin", "enable", "memory", "--host", HOST)
        assert "[forbidden, request req-" in line


def test_without_a_token_there_is_no_answer(catalogued: Keystone, deployment: Deployment) -> None:
    nobody = Shell({"OS_AUTH_TYPE": "none", "OS_ENDPOINT": deployment.urls[0]})
    assert "[unauthorized, request req-" in nobody.error("host", "list")


def test_what_is_set_for_a_while_ends_by_itself(catalogued: Keystone) -> None:
    openstack = Shell(catalogued.environment("admin", "admin"))
    (row,) = openstack.ok("plugin", "enable", "contextswitch", "--host", HOST, "--for", "30s", "--wait")
    assert row["State"] == "succeeded"
    assert openstack.ok("operation", "show", row["Operation"])["expires_in"] == 30.0
    assert openstack.ok("plugin", "show", "contextswitch", "--host", HOST)["effective"]["enabled"]

    def begun() -> bool:
        lease = openstack.ok("plugin", "show", "contextswitch", "--host", HOST)["lease"]
        return bool(lease["state"] == "active")

    eventually(begun)

    def over() -> bool:
        host = openstack.ok("host", "show", HOST)
        return host["leases"] == [] and bool(host["in_sync"])

    eventually(over)
    shown = openstack.ok("plugin", "show", "contextswitch", "--host", HOST)
    assert (shown["desired"], shown["effective"]["enabled"], shown["lease"]) == (None, False, None)
    assert openstack.ok("generation", "list", "--host", HOST)[0]["Summary"] == "lease.end contextswitch"
