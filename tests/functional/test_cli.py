# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd`` as operators have it: logged in at Keystone, the API found in its catalogue."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.asked import Asked
from tests.cli.shell import OPENSTACK, Shell
from tests.functional.deployment import Caller, Deployment
from tests.guide.page import Page
from tests.services.keystone import Keystone
from tests.unit.cli import commands
from tests.waiting import eventually

HOST = "cli.example.org"

#: Commands that another test carries out, with a real collectd as well.
USE_CASES = Path(__file__).parents[2] / "doc" / "source" / "user" / "use-cases.rst"

MANUAL = Path(__file__).parents[2] / "doc" / "source" / "reference" / "cli.rst"

#: Samples go to the bus, where nobody else looks for them.
PUBLISHING = {"driver": "messagingv2", "topics": "of_the_commands"}


@pytest.fixture(scope="module")
def catalogued(deployment: Deployment, keystone: Keystone) -> Keystone:
    """A Keystone that knows where the API is, and a host."""
    keystone.register("collectd-mgr", "collectd-mgr", deployment.urls[0])
    deployment.agent(HOST, oslo_messaging_notifications=PUBLISHING).start()
    Caller(deployment.urls[0], keystone.token("admin", "admin")).up(HOST)
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


def test_what_is_set_for_a_while_ends_by_itself(catalogued: Keystone, admin: Caller) -> None:
    openstack = Shell(catalogued.environment("admin", "admin"))
    for seconds in (6, 20, 60, 180):  # A machine may be too slow to show what is over so soon.
        (row,) = openstack.ok("plugin", "enable", "contextswitch", "--host", HOST, "--for", f"{seconds}s", "--wait")
        if row["Enabled"]:
            break
    assert (row["State"], row["Enabled"]) == ("succeeded", True)

    def over() -> bool:
        host = admin("GET", f"/v1/hosts/{HOST}").body["host"]
        return host["leases"] == [] and bool(host["in_sync"])

    eventually(over)
    assert openstack.ok("operation", "show", row["Operation"])["expires_in"] == seconds
    shown = openstack.ok("plugin", "show", "contextswitch", "--host", HOST)
    assert (shown["desired"], shown["effective"]["enabled"], shown["lease"]) == (None, False, None)
    assert openstack.ok("generation", "list", "--host", HOST)[0]["Summary"] == "lease.end contextswitch"


def test_hosts_with_a_label_are_changed_by_the_line_of_the_manual(catalogued: Keystone) -> None:
    environment = catalogued.environment("admin", "admin")
    openstack = Shell(environment)
    openstack.ok("host", "set", HOST, "--label", "rack=a1")
    (line,) = [line.removeprefix("    $ ") for line in MANUAL.read_text().splitlines() if "| xargs" in line]
    path = f"{Path(OPENSTACK).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", f"{line} -f json"], env={**environment, "PATH": path}, capture_output=True, text=True, check=True
    )
    (row,) = json.loads(done.stdout)
    assert (row["Host"], row["Plugin"], row["State"], row["Interval"]) == (HOST, "memory", "succeeded", 1)
    openstack.ok("host", "set", HOST, "--no-label", "rack")
    openstack.ok("plugin", "unset", "memory", "--host", HOST)


class Everything:
    """Every command that the use cases have not: on a real host, by somebody who has a token already."""

    def __init__(self, openstack: Shell, directory: Path) -> None:
        self._openstack = openstack
        self._file = directory / "settings.json"

    def __call__(self, line: str) -> Any:
        """What it printed; a warning beside it is all right."""
        said = self._openstack(*shlex.split(line), "-f", "json")
        assert said.code == 0, said
        return said.json

    def on(self, line: str) -> Any:
        return self(f"{line} --host {HOST}")

    def set_show_unset(self, noun: str, options: str) -> None:
        """A named setting, from nothing to nothing."""
        (row,) = self.on(f"{noun} set one {options}")
        assert (row["State"], row["Error"]) == ("succeeded", None)
        assert [row["Name"] for row in self.on(f"{noun} list")] == ["one"]
        shown = self.on(f"{noun} show one")
        assert shown["effective"] == shown["desired"] == row["Effective"]
        (row,) = self.on(f"{noun} unset one")
        assert (row["State"], row["Effective"]) == ("succeeded", None)

    def replace(self, noun: str, setting: dict[str, Any]) -> None:
        """All of a section, from nothing to nothing."""
        for settings in ({"one": setting}, {}):
            self._file.write_text(json.dumps(settings))
            (row,) = self.on(f"{noun} replace --file {self._file}")
            assert (row["State"], row["Driver"]) == ("succeeded", "live")
            assert [row["Name"] for row in self.on(f"{noun} list")] == list(settings)

    def settings(self) -> None:
        self.set_show_unset("threshold", "--plugin load --type load --data-source shortterm --warning-max 1000")
        self.set_show_unset("ignore", "--plugin ^swap$ --type-instance ^cached$")
        self.set_show_unset("sample", f"--identifier {HOST}/load/load --rates")
        self.set_show_unset("ring", f"--identifier {HOST}/load/load --age 10m --bytes 64K")
        self.set_show_unset("mute", "--for 10m --identifier */swap/*")
        self.replace("threshold", {"plugin": "load", "type": "load", "warning_max": 1000})
        self.replace("ignore", {"plugin": "^swap$", "type_instance": "^cached$"})

    def plugins(self) -> None:
        assert "load" in {row["Plugin"] for row in self.on("plugin list")}
        assert self.on("plugin show load")["origin"] == "host"
        (change,) = self.on("plugin preview contextswitch --enable --interval 5")
        assert (change["Class"], change["Driver"], change["Series"]) == ("live", "live", 1)
        assert [row["Type"] for row in self.on("plugin test contextswitch")] == ["derive"]
        self.on("plugin enable contextswitch --interval 5")
        (row,) = self.on("plugin unset contextswitch")
        assert (row["State"], row["Enabled"], row["Driver"]) == ("succeeded", False, "live")

    def values(self) -> None:
        assert self.on(f"metric explain {HOST}/contextswitch/contextswitch")["link"] == "not_enabled"
        assert "load" in self._openstack("value", "watch", "--host", HOST, "--plugin", "load", "--times", "1").out
        self.on(f"ring set recent --identifier {HOST}/load/load --bytes 64K")
        eventually(lambda: self.on("value list --plugin load --since 1h"))
        (row,) = self.on("value publish --since 1h")
        assert row["Orders"] == 1
        self.on("ring unset recent")

    def notifications(self) -> None:
        self.on("notification create --severity failure 'A test'")
        eventually(
            lambda: [row for row in self.on("notification list --severity failure") if row["Message"] == "A test"]
        )

    def hosts(self) -> None:
        assert self(f"host set {HOST} --label rack=r12")["labels"]["rack"] == "r12"
        assert self(f"host preview {HOST} --as-configured") == []
        before = self.on("generation list --limit 1")[0]["Generation"]
        self.on("plugin enable contextswitch")
        assert "contextswitch" in self.on(f"generation show {before + 1}")["diff"]
        (row,) = self.on(f"generation revert {before}")
        assert (row["State"], row["Driver"]) == ("succeeded", "live")
        assert self("operation list --limit 1")[0]["Operation"] == row["Operation"]
        assert self(f"operation show {row['Operation']}")["action"] == "revert"

    def delete(self) -> None:
        assert self._openstack("host", "delete", "--force", HOST).code == 0
        # It comes back by itself, with nothing of what was set.
        eventually(lambda: self._openstack("host", "show", HOST, "-f", "value", "-c", "labels").out.strip() == "{}")


def test_every_command_works_on_a_real_host(catalogued: Keystone, deployment: Deployment, tmp_path: Path) -> None:
    asked = Asked()
    token = catalogued.token("admin", "admin")
    holder = {"OS_AUTH_TYPE": "admin_token", "OS_TOKEN": token, "OS_ENDPOINT": deployment.urls[0]}
    everything = Everything(Shell(holder, asked), tmp_path)
    everything.settings()
    everything.plugins()
    everything.values()
    everything.notifications()
    everything.hosts()
    everything.delete()
    shown = {commands.of(tuple(step.arguments)) for step in Page(USE_CASES).steps if step.is_command}
    assert shown | set(asked.rules) == set(commands.COMMANDS)
