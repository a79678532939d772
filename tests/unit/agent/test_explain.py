# SPDX-License-Identifier: Apache-2.0
"""Whose metric it is that somebody misses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.agent.agents import Agent, spec


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    (tmp_path / "collectd.conf").write_text('Hostname "c1.example.org"\n')
    agent = Agent(tmp_path).recover()
    agent.service.state.see_origin(agent.collectd.running, again=True)
    agent.apply(spec(1, df={"Plugin": "instances", "Host": "shelf"}, cpu=True))
    yield agent
    agent.service.stop()


@pytest.mark.parametrize(
    ("metric", "link"),
    [
        ("c1.example.org/instances/files", "never_seen"),
        ("c1.example.org/nobodys/files", "not_installed"),
        ("shelf/df-x/df", "never_seen"),
        ("guest/cpu-0/cpu-idle", "another_host"),
    ],
)
def test_a_plugin_may_call_its_metrics_otherwise(agent: Agent, metric: str, link: str) -> None:
    assert agent.service.endpoint._explain.explain(metric).link == link
