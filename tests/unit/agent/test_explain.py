# SPDX-License-Identifier: Apache-2.0
"""Whose metric it is that somebody misses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr.agent.explain import finding
from collectd_mgr.domain.expression import Expression, encoded
from collectd_mgr.domain.metrics import shown
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Generation, HostSpec, Layer
from tests.unit.agent.agents import NAME, Agent, Live, spec
from tests.waiting import eventually


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    (tmp_path / "collectd.conf").write_text('Hostname "c1.example.org"\n')
    agent = Agent(tmp_path, allowlist_file=str(tmp_path / "allowlist.toml")).recover()
    agent.service.state.see_origin(agent.collectd.running, again=True)
    agent.apply(spec(1, df={"Plugin": "instances", "Host": "shelf"}, cpu=True))
    yield agent
    agent.service.stop()


def link(agent: Agent, metric: str) -> str | None:
    return agent.service.endpoint._explain.explain(metric).link


@pytest.mark.parametrize(
    ("metric", "broken"),
    [
        ("c1.example.org/instances/files", "never_seen"),
        ("c1.example.org/nobodys/files", "not_installed"),
        ("shelf/df-x/df", "never_seen"),
        ("guest/cpu-0/cpu-idle", "another_host"),
    ],
)
def test_a_plugin_may_call_its_metrics_otherwise(agent: Agent, metric: str, broken: str) -> None:
    assert link(agent, metric) == broken


class Renamed(Live):
    """collectd has looked up the name of its host: the agent knows no more of it than what the machine calls itself."""

    def observe(self) -> Running:
        return replace(super().observe(), hostname=NAME)


def test_a_host_is_called_as_its_daemon_calls_it(tmp_path: Path) -> None:
    agent = Agent(tmp_path, live=Renamed).recover()
    agent.apply(spec(1, df=True))
    assert agent.service.state.origin.hostname != NAME == agent.status().daemon["hostname"]
    assert (link(agent, f"{NAME}/df-x/df"), link(agent, "cn1/df-x/df")) == ("never_seen", "another_host")


def test_a_chain_of_the_operators_own_is_named(agent: Agent, tmp_path: Path) -> None:
    explain = agent.service.endpoint._explain.explain
    assert explain("c1.example.org/df-x/df").facts["chain"] is None
    chain = '<Chain "Noise">\n  Target "stop"\n</Chain>\nPreCacheChain "Noise"\n'
    (tmp_path / "collectd.conf").write_text(f'Hostname "c1.example.org"\n{chain}')
    agent.service.state.see_origin(agent.collectd.running, again=True)
    assert explain("c1.example.org/df-x/df").facts["chain"] == "Noise"


def test_an_allow_list_that_nobody_understands_refuses_nothing_that_runs(agent: Agent, tmp_path: Path) -> None:
    metric, file = "c1.example.org/cpu-0/cpu-idle", tmp_path / "allowlist.toml"
    eventually(lambda: link(agent, metric) == "not_published")
    file.write_text("[plugins")
    assert link(agent, metric) == "not_published"
    file.write_text('[plugins]\ndeny = ["cpu"]\n')
    assert link(agent, metric) == "refused"


def test_a_rule_of_an_earlier_release_is_in_nobodys_way(agent: Agent) -> None:
    rules = {"ignorelist": {"old": {"action": "deny", "type": "(a?)+"}, "idle": {"action": "deny", "type": "^cpu$"}}}
    agent.service.state.remember(current=HostSpec(Generation("e", 2), (Layer("host", sections=rules),)))
    agent.service.state.remember(taken=spec(1, cpu=True))
    found = agent.service.endpoint._explain.explain("c1.example.org/cpu-0/cpu-idle")
    assert (found.link, found.facts) == ("ignored", {"rule": "idle"})


@pytest.mark.parametrize(
    "name",
    [
        "h/cpu-0/cpu-idle",
        "h.example.org/df-a (b) [c]+*?$^{1}|\\.d/df_complex-free",
        "h/df-two\tparts\u200b/df",
        f"{'h' * 120}/cgroups-{'(pod)' * 24}/cpu-{'é' * 60}",
    ],
)
def test_a_metric_is_found_whatever_it_is_called(name: str) -> None:
    """It would be explained as one that was never seen."""
    expression = Expression(finding(name))
    assert expression.matches(encoded(name))
    assert not expression.matches(encoded(f"{name}x"))


@pytest.mark.parametrize("length", [1, 100])
def test_one_is_found_of_which_a_byte_is_no_utf_8(length: int) -> None:
    """It is asked for as it is shown."""
    name = f"h/{'p' * length}-caf\udce9 {'(x)' * length}/gauge"
    expression = Expression(finding(shown(name)))
    assert expression.matches(encoded(name))
    assert not expression.matches(encoded("h/q-caf/gauge"))
