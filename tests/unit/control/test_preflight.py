# SPDX-License-Identifier: Apache-2.0
"""What is tried on a host is what is desired of it, and what is given on top of that."""

from __future__ import annotations

import time
from typing import Any

import pytest

from collectd_mgr.control import edits
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.control.preflight import Preflight
from collectd_mgr.control.requester import Requester
from collectd_mgr.domain.leases import granted
from collectd_mgr.domain.secrets import MASK
from collectd_mgr.domain.spec import Layer, PluginSetting
from collectd_mgr.rpc import agent
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import ScriptedAgent, served

HOST = "c1.example.org"


class Trying(ScriptedAgent):
    """Says what it was to try."""

    @agent.expected
    def plugin_test(self, context: dict[str, Any], plugin: str, layer: dict[str, Any], patience: float) -> Any:
        return {"rows": [], "warnings": [], "tried": Layer.from_dict(layer).plugins[plugin].to_dict()}


@pytest.mark.parametrize("leased", [True, False])
@pytest.mark.parametrize(
    ("given", "tried"),
    [
        ({}, {"interval": 2.0, "config": {"Host": "a", "Password": "hunter2"}}),
        ({"interval": 5}, {"interval": 5.0, "config": {"Host": "a", "Password": "hunter2"}}),
        (
            {"config": {"Host": "a", "Password": MASK, "User": "u"}},
            {"interval": 2.0, "config": {"Host": "a", "Password": "hunter2", "User": "u"}},
        ),
        ({"config": None}, {"interval": 2.0}),
    ],
)
def test_what_is_not_given_is_as_it_is_desired(
    bus: Any, control: HostControl, leased: bool, given: dict[str, Any], tried: dict[str, Any]
) -> None:
    setting = PluginSetting(True, 2.0, {"Host": "a", "Password": "hunter2"})
    lease = edits.lease_plugin("mysql", setting, granted(60, time.time()))
    with served(bus, Trying(HOST)) as host:
        control.receive(Reports(statuses=(host.status(),)))
        control.change(Requester(), HOST, lease if leased else edits.set_plugin("mysql", setting), "set", "mysql")
        found = Preflight(control).test(HOST, "mysql", given, "req-1")
    assert found["tried"] == {"enabled": True, **tried}
