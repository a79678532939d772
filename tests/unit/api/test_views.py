# SPDX-License-Identifier: Apache-2.0
"""A host may say what it likes: it costs nobody the list of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.api import views
from collectd_mgr.api.call import Call, Services
from collectd_mgr.api.gate import Gate
from collectd_mgr.control import edits
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.control.plugins import PluginView
from collectd_mgr.db import hosts, schema
from collectd_mgr.db.engine import Database
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.leases import granted
from collectd_mgr.domain.spec import PluginSetting
from collectd_mgr.domain.status import HostStatus, PluginStatus
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.status import Reports
from collectd_mgr.testing import configuration
from tests.unit.rpc.buses import rpc_bus

#: No times, to any clock.
ODD = [1e30, -1e30, "soon", [], {}]


@pytest.fixture
def control(tmp_path: Path) -> Iterator[HostControl]:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    yield HostControl(database, AgentAPI(rpc_bus()))
    database.close()


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_drift_of_no_time(control: HostControl, odd: Any) -> None:
    status = HostStatus("h1", 1, 1)
    control.receive(Reports(statuses=(replace(status, drift=(Drift("daemon", "It differs.", odd, mended=odd),)),)))
    control.receive(Reports(statuses=(replace(status, host="h2"),)))
    call = Call(Services(control, Gate.__new__(Gate)), {})
    shown = [views.host(call, row) for row in control.listed(hosts.Filters(), Paging(10, None, "name"))]
    assert [host["name"] for host in shown] == ["h1", "h2"]
    assert (shown[0]["drift"][0]["since"], shown[0]["drift"][0]["mended"]) == (None, None)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_values_and_leases_of_no_time(control: HostControl, odd: Any) -> None:
    assert views.plugin(PluginView("cpu", None, PluginStatus(True, "observed", last_value=odd)))["last_value"] is None
    desired = edits.lease_plugin("cpu", PluginSetting(True), granted(60, 1000.0))(edits.Desired())
    held = {desired.leases[0].id: {"state": "active", "ends_at": odd}}
    control.receive(Reports(statuses=(HostStatus("h1", 1, 1, leases=held),)))
    (lease,) = views.leases(control.get("h1"), desired)
    assert (lease["state"], lease["ends_at"]) == ("active", None)
