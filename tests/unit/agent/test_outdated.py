# SPDX-License-Identifier: Apache-2.0
"""A server of a later release asks an agent for what it does not know: it refuses, and has done nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.mode import OBSERVE, Mode
from collectd_mgr.domain.spec import Generation, HostSpec, Layer
from tests.unit.agent.agents import Agent, spec


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    agent = Agent(tmp_path).recover()
    agent.apply(spec(1, cpu=True))
    return agent


def later(n: int, mode: Mode | None = None) -> dict[str, Any]:
    """What a later server sends: ``memory`` besides, and what no agent of this release has heard of."""
    said = spec(n, mode=mode, cpu=True, memory=True).to_dict()
    said["layers"][0]["sections"] = {"phases": {"a": {"seconds": 3}}}
    return said


def test_it_is_refused_before_anything_is_done(agent: Agent) -> None:
    before, running = agent.service.state.memory, agent.collectd.running
    for _ in range(2):
        with pytest.raises(exception.AgentOutdated, match="does not know phases") as refused:
            agent.apply(HostSpec.from_dict(later(2)))
        assert refused.value.kwargs == {"unknown": ["phases"], "good": {"epoch": "e", "n": 1}}
    assert (agent.service.state.memory, agent.collectd.running) == (before, running)
    assert agent.apply(spec(3, cpu=True, df=True)).outcome == "applied"
    assert agent.enabled() == {"cpu", "df"}


def test_a_halt_holds_all_the_same(agent: Agent) -> None:
    with pytest.raises(exception.AgentOutdated):
        agent.apply(HostSpec.from_dict(later(2, Mode(OBSERVE, set_by="server"))))
    assert agent.status().mode.mode == OBSERVE


def test_a_preview_says_so(agent: Agent) -> None:
    problems = agent.service.endpoint._preflight.preview(HostSpec.from_dict(later(2)), 1.0)["problems"]
    assert [problem["code"] for problem in problems] == ["agent_outdated"]


def test_a_plugin_is_not_tried_without_what_is_not_known(agent: Agent) -> None:
    layer = Layer.from_dict({"id": "host", "plugins": {"cpu": {"enabled": True, "timeout": 3}}})
    with pytest.raises(exception.AgentOutdated, match=r"plugins\.timeout"):
        agent.service.endpoint._preflight.test("cpu", layer, 1.0)


def test_the_mode_alone_may_have_news(agent: Agent) -> None:
    said = spec(2, cpu=True).to_dict()
    said["mode"] = {**Mode(OBSERVE, set_by="server").to_dict(), "until": 5}
    with pytest.raises(exception.AgentOutdated, match=r"mode\.until"):
        agent.apply(HostSpec.from_dict(said))
    assert (agent.status().mode.mode, agent.status().generation) == (OBSERVE, Generation("e", 1))
