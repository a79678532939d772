# SPDX-License-Identifier: Apache-2.0
"""What is told to Ceilometer of hosts and operations: each once, by one conductor, and after a crash again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from collectd_mgr.control import edits
from collectd_mgr.control.events import Telling
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.control.requester import Requester
from collectd_mgr.db import duties
from collectd_mgr.db.engine import now
from collectd_mgr.domain.events import HOST_DOWN, HOST_UP, OPERATION_FAILED
from collectd_mgr.domain.spec import PluginSetting
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import BAD, ScriptedAgent, served

HOST = "c1.example.org"


def heard(control: HostControl, agent: ScriptedAgent) -> None:
    control.receive(Reports(statuses=(agent.status(),)))


def told(telling: Telling) -> list[str]:
    """Tell what there is; of what kinds it was."""
    found = telling.news()
    for news in found:
        telling.told(news)
    return [news.event.type for news in found]


def test_a_host_that_comes_and_goes_is_told_once(control: HostControl) -> None:
    agent, telling = ScriptedAgent(HOST), Telling(control.database, "infrastructure")
    assert told(telling) == []
    heard(control, agent)
    assert told(telling) == [HOST_UP]
    heard(control, agent)
    assert told(telling) == []
    control.lose(now() + timedelta(seconds=1))
    (down,) = telling.news()
    assert (down.event.type, down.event.payload["host"]) == (HOST_DOWN, HOST)
    assert (down.event.payload["severity"], down.event.payload["project_id"]) == ("FAILURE", "infrastructure")
    telling.told(down)
    heard(control, agent)
    assert told(telling) == [HOST_UP]


def test_one_that_is_killed_before_it_noted_it_tells_it_again(control: HostControl) -> None:
    telling = Telling(control.database, "")
    heard(control, ScriptedAgent(HOST))
    (first,) = telling.news()
    (second,) = telling.news()
    assert first.event == second.event


def test_an_operation_that_failed(control: HostControl, bus: Any) -> None:
    telling = Telling(control.database, "infrastructure")
    with served(bus, ScriptedAgent(HOST)) as agent:
        heard(control, agent)
        told(telling)
        alice = Requester("alice", "ops", "req-1", "INC-12")
        for plugin in ("cpu", BAD):
            control.change(alice, HOST, edits.set_plugin(plugin, PluginSetting(True)), "set", plugin)
    (news,) = telling.news()
    said = news.event.payload
    assert (news.event.type, said["plugin"], said["code"]) == (OPERATION_FAILED, BAD, "config_rejected")
    assert (said["requester"], said["requester_project"], said["request_id"]) == ("alice", "ops", "req-1")
    assert "hunter2" not in str(said), "secrets are masked"
    telling.told(news)
    assert told(telling) == []


def test_one_conductor_at_a_time_and_another_when_it_was_killed(control: HostControl) -> None:
    heard(control, ScriptedAgent(HOST))
    first, second = Telling(control.database, ""), Telling(control.database, "")
    assert first.news()
    assert first.news(), "it may go on"
    assert not second.news()
    later = now() + timedelta(minutes=1)
    with control.database.transaction() as connection:
        assert duties.hold(connection, duties.EVENTS, "the second", later, later)
    assert not first.news()
