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
from collectd_mgr.control.hosts import HostControl, check_managed
from collectd_mgr.control.requester import Requester
from collectd_mgr.control.storing import Asked, store
from collectd_mgr.db import generations, operations
from collectd_mgr.db.engine import now
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.leases import granted
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import Generation, PluginSetting
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import BAD, ScriptedAgent, served
from tests.waiting import PATIENCE

HOST = "c1.example.org"
ALICE = Requester("alice", "ops", "req-1", "INC-12", 60.0)


class Holder(ScriptedAgent):
    """Its leases are over when the test says so."""

    over = False

    def status(self) -> HostStatus:
        held = [layer.id for layer in (self.running.layers if self.running else ()) if layer.lease]
        state = "ended" if self.over else "active"
        return replace(super().status(), leases={name: {"state": state, "ends_at": 1.0} for name in held})


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
        sequence = status.sequence + turn
        failed = replace(status, sequence=sequence, generation=generation, digest=None, outcome=outcome, error=error)
        control.receive(Reports(statuses=(failed,)))
    assert newest[-1] == newest[3], "somebody would go on sending for ever"
    assert leases.views(*control.desired(HOST))[0].state == "ended"


@pytest.mark.parametrize("others", [(), ("df",)], ids=str)
def test_an_end_waits_for_what_is_not_settled(bus: Any, control: HostControl, others: tuple[str, ...]) -> None:
    """Below the end of a lease a change that fails would be tried anew, and the daemon restarted for it, for ever."""
    with served(bus, Holder(HOST)) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        lease(control, "cpu")
        agent.over = True
        rows = {plugin: stored(control, plugin) for plugin in (BAD, *others)}
        control.receive(Reports(statuses=(agent.status(),)))
        for _ in range(10):
            control.send(HOST, PATIENCE)
        assert len(agent.seen) < 20, "it comes to rest"
    host, desired = control.desired(HOST)
    assert (host.settled, host.last_good, desired.leases) == (host.n, host.n, ())
    with control.database.reader() as session:
        states = {plugin: operations.get(session, row).state for plugin, row in rows.items()}
    assert states == {BAD: "failed", **dict.fromkeys(others, "succeeded")}


def test_an_end_that_is_in_the_answer_to_a_change_is_stored_with_it(bus: Any, control: HostControl) -> None:
    """The next status may be long in coming: this one says all that there is to say."""
    with served(bus, Holder(HOST)) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        lease(control, "cpu")
        agent.over = True
        done = control.change(ALICE, HOST, edits.set_plugin("df", PluginSetting(True)), "set", "df")
        assert done.operation.state == "succeeded"
        host, desired = control.desired(HOST)
    assert (desired.leases, host.settled) == ((), host.n)


def stored(control: HostControl, plugin: str) -> str:
    """As by an API that is killed before it sends; the id of the operation."""
    edit = edits.set_plugin(plugin, PluginSetting(True))
    asked = Asked(edit, ALICE.origin("set", plugin), check_managed)
    with control.database.transaction() as connection:
        found = store(control.database, connection, HOST, asked, now())
    assert found is not None
    return found[1].id
