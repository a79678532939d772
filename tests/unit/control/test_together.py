# SPDX-License-Identifier: Apache-2.0
"""One change of many hosts is whole, or says of each host what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.control import edits, together
from collectd_mgr.control.edits import Desired
from collectd_mgr.control.hosts import HostControl, unchecked
from collectd_mgr.control.requester import Requester
from collectd_mgr.control.storing import Asked, Check
from collectd_mgr.db.models import Host
from collectd_mgr.domain.spec import PluginSetting
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import ScriptedAgent, served
from tests.waiting import PATIENCE

HOSTS = [f"c{n}.example.org" for n in range(1, 5)]
ALICE = Requester("alice", "ops", "req-1", "INC-12")


@pytest.fixture
def agents(bus: Any, control: HostControl) -> Iterator[list[ScriptedAgent]]:
    with ExitStack() as stack:
        found = [stack.enter_context(served(bus, ScriptedAgent(host))) for host in HOSTS]
        for agent in found:
            control.receive(Reports(statuses=(agent.status(),)))
        yield found


def asked(check: Check = unchecked) -> Asked:
    return Asked(edits.set_plugin("cpu", PluginSetting(True)), ALICE.origin("set", "cpu"), check)


def on_the_third(act: Callable[[], None]) -> Check:
    def check(host: Host, desired: Desired) -> None:
        if host.name == HOSTS[2]:
            act()

    return check


def generations(control: HostControl) -> list[int]:
    return [control.get(host).n for host in HOSTS]


def test_all_of_them_at_once(control: HostControl, agents: list[ScriptedAgent]) -> None:
    found = together.change(control, reversed(HOSTS), asked(), PATIENCE)
    assert [result.host for result in found] == HOSTS
    assert [(result.operation and result.operation.state, result.error) for result in found] == [
        ("succeeded", None)
    ] * 4
    assert {control.get(host).settled for host in HOSTS} == {1}


def test_a_kill_in_the_middle_leaves_nothing(control: HostControl, agents: list[ScriptedAgent]) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        together.change(control, HOSTS, asked(on_the_third(killed)))
    assert generations(control) == [0, 0, 0, 0]


def test_a_host_that_takes_none_is_named_and_the_others_have_it(
    control: HostControl, agents: list[ScriptedAgent]
) -> None:
    def refuse() -> None:
        raise exception.HostNotManaged("not this one")

    found = together.change(control, [*HOSTS, "nobody"], asked(on_the_third(refuse)))
    assert [result.error.code if result.error else None for result in found] == [
        *(None, None, "host_not_managed", None),
        "host_not_found",
    ]
    assert generations(control) == [1, 1, 0, 1]


def test_one_that_is_overtaken_is_made_anew_on_top(control: HostControl, agents: list[ScriptedAgent]) -> None:
    others = iter([True])

    def overtake() -> None:
        if next(others, False):
            raise together._Overtaken

    found = together.change(control, HOSTS, asked(on_the_third(overtake)), PATIENCE)
    assert [result.operation and result.operation.state for result in found] == ["succeeded"] * 4
    assert generations(control) == [1, 1, 1, 1]


def test_what_silent_hosts_have_not_done_is_left_to_the_conductors(control: HostControl, bus: Any) -> None:
    silent = ScriptedAgent(HOSTS[0])
    control.receive(Reports(statuses=(silent.status(),)))
    (result,) = together.change(control, HOSTS[:1], asked())
    assert result.operation is not None
    assert (result.operation.state, result.error) == ("pending", None)
    assert control.unsettled() == HOSTS[:1], "nobody has claimed it any more"
