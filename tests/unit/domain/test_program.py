# SPDX-License-Identifier: Apache-2.0
"""Which collectd a host may be told to run."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr.domain import managed, program
from collectd_mgr.domain.allowlist import Policy, policy
from collectd_mgr.domain.build import Build
from collectd_mgr.domain.spec import Goal

USAGE = """Builtin defaults:
  Config file       /etc/collectd/collectd.conf
  Plugin directory  {plugins}

collectd {version}, http://collectd.org/
"""

RULES = Policy(binaries=("/opt/collectd-*/sbin/collectd",), images=("registry.example.org/collectd:*", "/srv/*:O"))


def wanted(given: Any) -> dict[str, Any]:
    return {"program": {"collectd": given}}


@pytest.mark.parametrize(
    "given",
    [
        {"binary": "/opt/collectd-5.13/sbin/collectd"},
        {"image": "registry.example.org/collectd:5.13"},
        {"image": "/srv/collectd:O"},
    ],
)
def test_what_the_host_names_is_let_in(given: dict[str, str]) -> None:
    assert program.violations(wanted(given), RULES) == ()
    assert program.within(wanted(given), RULES) == wanted(given)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"binary": "/opt/collectd-5.13/sbin/x/collectd"}, "program"),
        ({"binary": "/opt/collectd-5/x/sbin/collectd"}, "program"),
        ({"binary": "/bin/sh"}, "program"),
        ({"binary": "/opt/collectd-/../evil/sbin/collectd"}, "config"),
        ({"binary": "opt/collectd-5.13/sbin/collectd"}, "config"),
        ({"image": "example.org/collectd:5"}, "program"),
        ({"image": "xregistry.example.org/collectd:5"}, "program"),
        ({"image": "--privileged"}, "config"),
        ({"binary": 5}, "config"),
        ({"binary": "/opt/collectd-5/sbin/collectd", "image": "/srv/a:O"}, "config"),
        ("/opt/collectd-5.13/sbin/collectd", "config"),
    ],
    ids=str,
)
def test_nothing_else_is(given: Any, code: str) -> None:
    (found,) = program.violations(wanted(given), RULES)
    assert found.reason_code == code
    assert program.within({**wanted(given), "mutes": {"m": {}}}, RULES) == {"mutes": {"m": {}}}


def test_a_link_counts_as_what_it_points_to() -> None:
    given = wanted({"binary": "/opt/collectd-now/sbin/collectd"})
    (found,) = program.violations(given, RULES, lambda _: "/home/eve/collectd")
    assert found.reason_code == "program"


def test_without_a_list_none_is_let_in() -> None:
    assert program.violations(wanted({"binary": "/usr/sbin/collectd"}), policy({}))
    assert not program.violations({}, policy({}))
    named = policy({"collectd": {"binaries": ["/usr/sbin/collectd"]}})
    assert not program.violations(wanted({"binary": "/usr/sbin/collectd"}), named)


@pytest.mark.parametrize(
    ("version", "recent"), [("5.8.1", False), ("4.10.9", False), ("5.9.0", True), ("5.12.0.git", True), ("6.0", True)]
)
def test_a_build_says_what_it_is(version: str, recent: bool) -> None:
    told = Build.told(USAGE.format(version=version, plugins="/usr/lib/collectd"))
    assert told == Build(version, "/usr/lib/collectd", recent)


def test_what_says_something_else_is_no_collectd() -> None:
    assert Build.told("") is None
    assert Build.told("GNU bash, version 5.2\n") is None


def test_the_managed_file_says_which_collectd_it_is_for() -> None:
    given = wanted({"binary": "/opt/collectd"})
    text = managed.render(Goal(sections=given))
    assert managed.program(text) == given["program"]
    assert program.named(managed.program(text), program.BINARY) == "/opt/collectd"
    assert program.named(managed.program(text), program.IMAGE) is None
    assert managed.program(managed.render(Goal())) == {}
    assert managed.program("<broken") == {}


def test_what_somebody_put_into_the_managed_file_is_no_name() -> None:
    for name in ("--privileged", "", None, 5, "../../evil", "a b\n"):
        assert program.named({"collectd": {"image": name}}, program.IMAGE) is None
