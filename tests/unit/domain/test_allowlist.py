# SPDX-License-Identifier: Apache-2.0
"""What a host refuses by default, what it lets in, and what its operator can say about both."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.domain import allowlist
from collectd_mgr.domain.allowlist import Policy, Violation, violations
from collectd_mgr.domain.spec import PluginGoal
from tests.unit.domain.hostile_configs import INSIDE, REFUSED, Case


def judged(case: Case, policy: Policy | None = None) -> tuple[Violation, ...]:
    plugin, config = case
    return violations({plugin: PluginGoal(True, config=config)}, policy or Policy())


def codes(case: Case, policy: Policy | None = None) -> set[str]:
    return {violation.reason_code for violation in judged(case, policy)}


def test_the_corpus_is_large_enough() -> None:
    assert len(REFUSED) > 400
    assert len(INSIDE) > 200


def test_no_hostile_config_is_let_in() -> None:
    assert [case for case in REFUSED if not judged(case)] == []


def test_a_hostile_config_that_is_off_waits_for_nothing() -> None:
    assert violations({"exec": PluginGoal(False)}, Policy()) == ()
    assert violations({"exec": PluginGoal(True, origin="host")}, Policy()) == ()


@pytest.mark.parametrize(
    "case",
    [
        ("cpu", {"ReportByCpu": False}),
        ("df", {"MountPoint": ["/", "/^/var/"], "Device": "/dev/sda1", "FSType": "/^tmpfs/"}),
        ("disk", {"Disk": "/^[hs]d[a-f][0-9]?$/"}),
        ("interface", {"Interface": "/^tap/", "IgnoreSelected": True}),
        ("curl", {"Page": {"args": "x", "URL": "https://me:secret@example.org/a/../b?c=/d", "Header": "Accept: */*"}}),
        ("curl_json", {"URL": {"args": "http://localhost:80/x", "Key": {"args": "*/a", "Type": "gauge"}}}),
        ("curl_json", {"Sock": {"args": "/run/x.sock", "Key": {"args": "/a", "Type": "gauge"}}}),
        ("curl_xml", {"URL": {"args": "http://x/", "XPath": {"args": "/a/b", "Type": "gauge"}}}),
        ("tail", {"File": {"args": "/var/log/x.log", "Match": {"Regex": "/GET (/[^ ]*)", "Type": "counter"}}}),
        ("table", {"Table": {"args": "/proc/slabinfo", "Separator": " /", "Result": {"Type": "gauge"}}}),
        ("virt", {"Connection": "qemu:///system", "Domain": "/^x/", "RefreshInterval": 60}),
        ("mysql", {"Database": {"args": "x", "Socket": "/var/run/mysqld/mysqld.sock", "Password": "/x=/y"}}),
        ("processes", {"ProcessMatch": {"args": ["x", "/usr/bin/x .*"]}}),
        ("csv", {"DataDir": "/var/lib/collectd/csv"}),
        (
            "powerdns",
            {"Server": {"args": "x", "Socket": "/run/pdns.controlsocket"}, "LocalSocket": "/run/collectd/pdns"},
        ),
        ("dpdk_telemetry", {"DpdkSocketPath": "/run/dpdk/rte/telemetry", "ClientSocketPath": "/run/collectd/dpdk"}),
        ("logfile", {"File": "stdout"}),
        ("notify_email", {"SMTPServer": "localhost", "Recipient": "ops@example.org"}),
        ("aggregation", {"Aggregation": {"Plugin": "/^cpu/", "Host": "/^a/"}}),
        ("ping", {"Host": "192.0.2.1", "Interval": 1.0}),
        ("snmp", {"Data": {"args": "x", "Values": ".1.3.6.1"}, "Host": {"args": "x", "Community": "/c"}}),
        ("thermal", {"Device": "/^x/"}),
        ("nobodys_plugin", None),
    ],
    ids=lambda case: case[0],
)
def test_what_operators_do_every_day_is_let_in(case: Case) -> None:
    assert judged(case) == ()


def test_a_violation_says_where() -> None:
    (found,) = judged(("curl", {"Page": {"args": "x", "URL": "file:///etc/shadow"}}))
    assert (found.plugin, found.option, found.reason_code) == ("curl", "Page > URL", "path")
    assert str(found).startswith("curl: Page > URL: ")
    assert "shadow" not in str(found)


def test_what_the_kernel_takes_for_no_path_is_inside_nothing() -> None:
    goal = {"curl": PluginGoal(True, config={"Page": {"args": "x", "URL": "file:///var/log/%00x"}})}
    assert [found.reason_code for found in violations(goal, Policy(), os.path.realpath)] == ["path"]


@pytest.mark.parametrize("interval", [0.5, 0.0, -1.0, float("nan")])
def test_the_shortest_interval(interval: float) -> None:
    goal = {"cpu": PluginGoal(True, interval)}
    assert [found.reason_code for found in violations(goal, Policy())] == ["interval"]
    if interval == 0.5:
        assert violations(goal, Policy(shortest_interval=0.5)) == ()


@pytest.mark.parametrize(
    ("plugin", "config", "option"),
    [
        ("dpdkevents", {"EAL": {"RteDriverLibPath": "evil"}}, "EAL > RteDriverLibPath"),
        ("dpdkstat", {"EAL": {"RteDriverLibPath": "evil"}}, "EAL > RteDriverLibPath"),
        # collectd makes one string of them, which is what it gives to printf.
        ("notify_email", {"Subject": {"args": ["%s", "%s", "%s"]}}, "Subject"),
    ],
)
def test_an_option_that_harms_collectd_is_the_operators_to_allow(
    plugin: str, config: dict[str, Any], option: str
) -> None:
    (found,) = judged((plugin, config))
    assert (found.option, found.reason_code) == (option, "option")
    assert codes((plugin, config), Policy(allow=(plugin,))) == set()


def test_what_the_operator_allows() -> None:
    policy = allowlist.policy({"plugins": {"allow": ["Exec", "redis"]}, "files": {"programs": ["/usr/lib/checks"]}})
    assert codes(("exec", {"Exec": {"args": ["nobody", "/usr/lib/checks/one", "x"]}}), policy) == set()
    for command in ("/bin/sh", "sh", "one", "/usr/lib/checks/../sh", "checks/one"):
        assert codes(("EXEC", {"Exec": {"args": ["nobody", command]}}), policy) == {"program"}
    assert codes(("exec", {"Exec": {"args": ["nobody", "/usr/lib/checks/one", "--file=/etc/x"]}}), policy) == {
        "program"
    }
    assert codes(("redis", {"Node": {"args": "x", "Query": {"args": "HLEN x"}}}), policy) == set()
    assert codes(("python", None), policy) == {"plugin"}


def test_what_the_operator_refuses_wins() -> None:
    policy = allowlist.policy({"plugins": {"allow": ["ping"], "deny": ["PING", "virt"]}})
    assert codes(("Ping", None), policy) == {"plugin"}
    assert codes(("libvirt", None), policy) == {"plugin"}


def test_lists_of_a_file_stand_in_the_place_of_the_defaults() -> None:
    policy = allowlist.policy({"files": {"read": ["/srv"]}, "urls": {"schemes": ["ftp"]}})
    assert codes(("tail", {"File": {"args": "/srv/x"}}), policy) == set()
    assert codes(("tail", {"File": {"args": "/var/log/x"}}), policy) == {"path"}
    assert codes(("curl", {"Page": {"args": "x", "URL": "ftp://x/"}}), policy) == set()
    assert codes(("curl", {"Page": {"args": "x", "URL": "http://x/"}}), policy) == {"url"}


@pytest.mark.parametrize(
    "data",
    [
        {"plugin": {}},
        {"plugins": []},
        {"plugins": {"allowed": []}},
        {"plugins": {"allow": "exec"}},
        {"plugins": {"allow": [1]}},
        {"files": {"read": ["var/log"]}},
        {"files": {"read": [""]}},
        {"limits": {"shortest_interval": 0}},
        {"limits": {"shortest_interval": True}},
        {"limits": {"samples_per_second": float("inf")}},
        {"limits": {"ring_bytes": -1}},
        {"limits": {"spool_bytes": "1 GiB"}},
        {"limits": {"samples_per_second": float("nan")}},
    ],
)
def test_a_file_that_makes_no_sense(data: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        allowlist.policy(data)


def test_a_link_counts_as_what_it_points_to(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "out").symlink_to(outside)
    (tmp_path / "alias").symlink_to(inside)
    policy = Policy(read=(str(tmp_path / "alias"),))
    goal = {"tail": PluginGoal(True, config={"File": [{"args": str(inside / "x"), "Instance": "x"}]})}
    bad = {"tail": PluginGoal(True, config={"File": [{"args": str(inside / "out" / "x"), "Instance": "x"}]})}

    def resolve(path: str) -> str:
        return str(Path(path).resolve())

    assert violations(goal, policy, resolve) == ()
    assert [found.reason_code for found in violations(bad, policy, resolve)] == ["path"]


@pytest.mark.parametrize("text", ["x" * 65536, "a:" * 32768, "=/" * 32768, "a://" * 16384, " " * 65536, "/../" * 16384])
def test_long_strings_cost_no_more_than_their_length(text: str) -> None:
    began = time.process_time()
    judged(("users", {"First": text}))
    assert time.process_time() - began < 20.0


@pytest.mark.parametrize(
    "text",
    [
        r"/^([0-9]{1,3}\.){3}[0-9]{1,3}$/",
        r"^(([0-9a-f]{1,4}:){1,7}|:)(:[0-9a-f]{1,4}){1,7} [0-9a-f]{64}$",
        "^(.*)* (a+)+$",
        "|".join(f"host{n}" for n in range(2000)),
        "SELECT f(a)*(b + (c)) FROM t WHERE (a || b) = '?';\n" * 1200,
        "int f(void) { return g()*h(); } /*" + "*" * 70 + "*/\n",
        ("+-----" * 10 + "+\n") * 500,
        "+" * 80,
        "x" * 65536,
        "{1,2,3} [(" + r"\(" * 300,
    ],
    ids=range(10),
)
def test_no_string_in_use_is_too_heavy(text: str) -> None:
    assert "expression" not in codes(("processes", {"ProcessMatch": {"args": ["x", text]}}))


def test_expressions_that_are_too_heavy_together() -> None:
    (found,) = judged(("df", {"MountPoint": ["/(a{1,40}){1,40}/"] * 60}))
    assert (found.option, found.reason_code) == ("MountPoint", "expression")
    assert judged(("df", {"MountPoint": "/(a{1,40}){1,40}/"})) == ()
    allowed = Policy(allow=("python",))
    assert "expression" in codes(("python", {"Module": {"args": "x", "Match": "(" * 300}}), allowed)
