# SPDX-License-Identifier: Apache-2.0
"""A lease that its host has ended is desired no more, and the history says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.control import edits, leases
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.control.requester import Requester
from collectd_mgr.db import generations
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.leases import granted
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import Generation, PluginSetting
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import ScriptedAgent, served

HOST = "c1.example.org"
ALICE = Requester("alice", "ops", "req-1", "INC-12", 60.0)


@pytest.fixture
def agent(bus: Any, control: HostControl) -> Iterator[ScriptedAgent]:
    with served(bus, ScriptedAgent(HOST)) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        yield agent


def lease(control: HostControl, plugin: str) -> str:
    edit = edits.lease_plugin(plugin, PluginSetting(True, 1.0), granted(60, time.time()))
    outcome = control.change(ALICE, HOST, edit, "set", plugin)
    assert outcome.operation.expires_in == 60.0
    return outcome.desired.leases[-1].id


def test_what_the_host_has_ended_goes_and_the_rest_stays(control: HostControl, agent: ScriptedAgent) -> None:
    ended, kept = lease(control, "cpu"), lease(control, "df")
    held = {ended: {"state": "ended", "ends_at": 1.0}, kept: {"state": "active", "ends_at": 9e9}}
    status = replace(agent.status(), leases=held)

    control.receive(Reports(statuses=(status,)))
    control.receive(Reports(statuses=(replace(status, sequence=status.sequence + 1),)))

    host, desired = control.desired(HOST)
    assert [each.id for each in desired.leases] == [kept]
    assert [(view.plugin, view.state) for view in leases.views(host, desired)] == [("df", "active")]
    with control.database.reader() as session:
        rows = generations.listed(session, host, Paging(10, None, "n", "desc"))
    assert [(row.action, row.plugin, row.user) for row in rows[:2]] == [
        ("lease.end", "cpu", ""),
        ("set", "df", "alice"),
    ]
    assert control.unsettled() == [HOST]


def test_who_asks_last_is_heard(control: HostControl, agent: ScriptedAgent) -> None:
    lease(control, "cpu")
    second = lease(control, "cpu")
    assert [each.id for each in control.desired(HOST)[1].leases] == [second]
    control.change(ALICE, HOST, edits.set_plugin("cpu", PluginSetting(False)), "set", "cpu")
    assert control.desired(HOST)[1].leases == ()


def test_a_revert_brings_no_ended_lease_back(control: HostControl, agent: ScriptedAgent) -> None:
    lease(control, "cpu")
    old = control.desired(HOST)[1]
    control.change(ALICE, HOST, edits.unset_plugin("cpu"), "unset", "cpu")
    control.change(ALICE, HOST, edits.revert_to(old), "revert")
    assert control.desired(HOST)[1].leases == ()


@pytest.mark.parametrize("outcomes", [[FAILED] * 8, [FAILED, APPLIED] * 4])
def test_an_end_that_the_host_cannot_do_is_no_loop(
    control: HostControl, agent: ScriptedAgent, outcomes: list[str]
) -> None:
    """What the host comes to without the lease fails there; each failure is taken back, with the lease in it."""
    held = {lease(control, "cpu"): {"state": "ended", "ends_at": 1.0}}
    status = replace(agent.status(), leases=held, outcome=APPLIED)
    control.receive(Reports(statuses=(status,)))
    newest = []
    for turn, outcome in enumerate(outcomes, 1):
        host, _ = control.desired(HOST)
        newest.append(host.n)
        generation = Generation(host.epoch, host.n)
        error = exception.ConfigRejected("cpu: no", messages=[]).to_dict()
        failed = replace(status, sequence=status.sequence + turn, generation=generation, outcome=outcome, error=error)
        control.receive(Reports(statuses=(failed,)))
    assert newest[-1] == newest[3], "somebody would go on sending for ever"
    assert leases.views(*control.desired(HOST))[0].state == "ended"
