# SPDX-License-Identifier: Apache-2.0
"""Thresholds and ignorelist through a real agent: live, and still there when agent and collectd come back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from tests.agent.agent_host import PLUGINS, AgentHost
from tests.services.rabbitmq import RabbitMQ

OPERATORS = "LoadPlugin threshold\n<Plugin threshold>\n  <Type uptime>\n    WarningMin 1\n  </Type>\n</Plugin>\n"
THRESHOLD = {"type": "memory", "type_instance": "used", "failure_max": 0.0, "failure_min": -1.0}
#: The same, as the API would not write it.
OTHERWISE = {**THRESHOLD, "failure_max": 0, "hits": 0, "plugin": None}
RULE = {"action": "deny", "plugin": "^memory$", "type_instance": "^free$"}
SOURCES = {name: {"type": "load", "data_source": name, "failure_max": 1e9} for name in ("shortterm", "value")}
LACKING = "Thresholds of a data source that the metrics of their type do not have: value."
SECTIONS: dict[str, dict[str, object]] = {"thresholds": {"used": THRESHOLD, **SOURCES}, "ignorelist": {"free": RULE}}


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    needed = tuple(PLUGINS / f"{name}.so" for name in ("threshold", "match_regex"))
    with AgentHost(rabbitmq.url, needed, OPERATORS) as host:
        yield host


def spec(n: int, sections: dict[str, dict[str, object]]) -> HostSpec:
    layer = Layer(HOST, {"memory": PluginSetting(True, 1.0)}, sections=sections)
    return HostSpec(Generation("e", n), (layer,))


def instances(host: AgentHost) -> set[str]:
    try:
        return {str(row["id"]).rpartition("-")[2] for row in host.values("memory").rows}
    except exception.DaemonUnreachable:
        return set()


def test_they_are_live_and_outlive_everything(host: AgentHost) -> None:
    host.start()
    pid = host.pid
    host.apply(spec(1, {}))
    host.until(lambda: "free" in instances(host))
    status = host.apply(spec(2, {**SECTIONS, "thresholds": {**SECTIONS["thresholds"], "used": OTHERWISE}}))
    assert (status.outcome, status.error, status.driver, host.pid) == ("applied", None, "live", pid)
    assert status.sections["thresholds"]["settings"] == SECTIONS["thresholds"]
    assert status.sections["thresholds"]["host"] == {"host-uptime": {"type": "uptime", "warning_min": 1.0}}
    assert status.sections["ignorelist"]["settings"] == SECTIONS["ignorelist"]
    host.until(lambda: "used" in instances(host) and "free" not in instances(host))
    host.until(lambda: LACKING in host.status().warnings)
    host.until(host.outlived)
    assert host.status().drift == ()

    host.kill()
    host.start()
    assert host.pid == pid
    assert host.status().sections["ignorelist"]["facts"]["free"]["matched"] == 1, "the same process as before"

    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    host.until(lambda: host.pid not in (None, pid))
    host.until(lambda: "used" in instances(host))
    assert "free" not in instances(host)
    status = host.apply(spec(3, {}))
    assert (status.outcome, status.error, status.driver) == ("applied", None, "live")
    host.until(lambda: "free" in instances(host))
    assert "Ignorelist" not in host.managed()


def test_what_is_none_by_now_is_left_out_and_in_the_way_of_nothing_else(host: AgentHost) -> None:
    """An earlier release let it in; the host has forgotten that."""
    host.start()

    def asked(n: int, **rules: dict[str, str]) -> HostSpec:
        return spec(n, {**SECTIONS, "ignorelist": {"free": RULE, "old": {"plugin": "("}, **rules}})

    status = host.apply(asked(4))
    assert (status.outcome, status.error) == ("applied", None)
    assert status.sections["ignorelist"]["settings"] == SECTIONS["ignorelist"]
    assert any("ignorelist > old" in line for line in status.warnings)
    with pytest.raises(exception.BadSetting, match="ignorelist > new"):
        host.apply(asked(5, new={"plugin": "("}))
    status = host.apply(asked(6, new={"plugin": "^swap$"}))
    assert (status.outcome, set(status.sections["ignorelist"]["settings"])) == ("applied", {"free", "new"})
    host.until(host.outlived)
    assert "swap" in host.managed()
    assert host.status().drift == ()
