# SPDX-License-Identifier: Apache-2.0
"""The agent on the bus."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.endpoint import AgentEndpoint
from collectd_mgr.agent.reporter import Reporter
from collectd_mgr.domain.reads import Flush, Query
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import status as rpc_status
from collectd_mgr.rpc.agent import VERSION, AgentAPI
from tests.unit.agent.agents import NAME, Agent, spec
from tests.waiting import PATIENCE, eventually


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path)
    agent.service.start()
    yield agent
    agent.service.stop()


@pytest.fixture
def client(agent: Agent) -> AgentAPI:
    return AgentAPI(agent.bus, timeout=PATIENCE)


def test_the_whole_conversation(client: AgentAPI) -> None:
    assert client.apply(NAME, spec(1, memory=1.0), request_id="req-9").outcome == "applied"
    assert client.status(NAME).plugins["memory"].enabled
    rows = client.values(NAME, Query("memory")).rows
    assert [row["id"] for row in rows] == [row["id"] for row in client.metrics(NAME, Query("memory")).rows]
    assert rows[0]["values"][0]["type"] == "gauge"
    assert client.flush(NAME, Flush("memory"))["plugins"][0]["outcome"] == "cannot"
    assert client.config(NAME)["managed"].splitlines()[0] == '<LoadPlugin "memory">'
    with pytest.raises(exception.StaleGeneration):
        client.apply(NAME, spec(0))


def test_in_mode_off_nothing_is_read(client: AgentAPI, tmp_path: Path) -> None:
    (tmp_path / "mode").write_text("off")
    with pytest.raises(exception.HostNotManaged):
        client.values(NAME, Query())
    status = client.status(NAME)
    assert (status.mode.mode, {plugin.metrics for plugin in status.plugins.values()} - {0}) == ("off", set())


def test_both_sides_have_the_same_methods_and_version() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        found = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(method).parameters)[2:] for name, method in found if name[0] != "_"}

    ours, theirs = methods(AgentEndpoint), methods(AgentAPI)
    assert ours.keys() == theirs.keys()
    assert all(theirs[name][: len(arguments)] == arguments for name, arguments in ours.items())
    assert AgentEndpoint.target.version == VERSION


def test_heartbeats_and_statuses_arrive(agent: Agent) -> None:
    heard: list[rpc_status.Reports] = []
    listener = rpc_status.listener(agent.notifications, heard.append, size=10, seconds=0.05)
    listener.start()
    agent.service.applier.apply(spec(1, memory=True))
    eventually(lambda: _statuses(heard) and _statuses(heard)[-1].outcome == "applied")
    eventually(lambda: any(reports.heartbeats for reports in heard))
    listener.stop()
    listener.wait()


def _statuses(heard: list[rpc_status.Reports]) -> list[HostStatus]:
    return [status for reports in heard for status in reports.statuses]


class Told:
    def __init__(self) -> None:
        self.said: list[Any] = []

    def heartbeat(self, heartbeat: dict[str, object]) -> None:
        self.said.append("heartbeat")

    def status(self, status: HostStatus) -> None:
        self.said.append(status.outcome)


class TestReporter:
    def test_the_whole_status_only_when_it_is_news(self, tmp_path: Path) -> None:
        agent, told = Agent(tmp_path).recover(), Told()
        reporter = Reporter(agent.service.reporter._picture, agent.service.reporter._sweep, told, 10.0)
        reporter.report()
        reporter.report()
        agent.apply(spec(1, csv=True))
        reporter.report()
        reporter.report()
        assert told.said == [None, "heartbeat", "applied", "heartbeat"]

    def test_a_change_is_reported_soon(self, tmp_path: Path) -> None:
        agent, told, stop = Agent(tmp_path).recover(), Told(), threading.Event()
        reporter = Reporter(agent.service.reporter._picture, agent.service.reporter._sweep, told, 60.0)
        thread = threading.Thread(target=reporter.run, args=(stop,))
        thread.start()
        agent.apply(spec(1, csv=True))
        reporter.answer(None)
        eventually(lambda: "applied" in told.said)
        stop.set()
        reporter.wake()
        thread.join(PATIENCE)
        assert not thread.is_alive()
