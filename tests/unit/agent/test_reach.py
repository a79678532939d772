# SPDX-License-Identifier: Apache-2.0
"""Settings that fall on no metric are told, once there was time for one to come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collectd_mgr.agent.reach import LEAST, MOST, Reach
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.sections import Sections
from collectd_mgr.domain.spec import HOST, Generation, Goal, HostSpec, Layer, PluginGoal
from tests.unit.agent.agents import Agent

CPU = {"type": "cpu", "plugin": "cpu", "failure_max": 1.0}
GPU = {**CPU, "plugin": "gpu"}


class Host:
    """Time passes where a test says so."""

    def __init__(self, path: Path | None = None, **sections: Any) -> None:
        self.now = 1000.0
        self.sections: Sections = sections
        self.plugins = {"cpu": PluginGoal(True)}
        self.names: Sequence[str] = ()
        self.asked: list[str] = []
        self._path = path
        self.begin()

    def begin(self) -> None:
        """As an agent that was started."""
        self._reach = Reach(self._goal, lambda: 10.0, lambda: self.now, self._sources, self._path)

    def _goal(self) -> Goal:
        return Goal(self.plugins, sections=self.sections)

    def _sources(self, type_: str) -> Sequence[str]:
        self.asked.append(type_)
        return {"load": ["shortterm", "midterm"], "percent": ["value"]}.get(type_, [])

    def look(self, after: float, *names: str) -> tuple[str, ...]:
        self.now += after
        pages = [Page(tuple({"id": name, "interval": 1.0, "last_update": 1.0} for name in names))]
        self._reach.look(pages, names != self.names)
        self.names = names
        return self._reach.sentences


def test_each_kind_is_told_when_it_had_its_time() -> None:
    host = Host(
        thresholds={"cpu": CPU, "gpu": GPU},
        samples={"all": {"identifier": "*"}, "none": {"identifier": "*/gpu/*"}},
        ring={"none": {"identifier": "*/gpu/*"}},
    )
    assert host.look(0, "h/cpu-0/cpu-idle") == host.look(LEAST - 1, "h/cpu-0/cpu-idle") == ()
    assert host.look(1, "h/cpu-0/cpu-idle") == (
        "Choices of the ring that fall on no metric so far: none.",
        "Choices of samples that fall on no metric so far: none.",
        "Thresholds that fall on no metric so far: gpu.",
    )
    assert host.look(1, "h/cpu-0/cpu-idle", "h/gpu/cpu") == ()


def test_one_that_fell_on_a_metric_is_none_of_these_though_that_goes() -> None:
    host = Host(thresholds={"cpu": CPU})
    assert host.look(0, "h/cpu/cpu") == host.look(10 * LEAST) == ()


def test_what_is_set_otherwise_has_its_time_anew() -> None:
    host = Host(thresholds={"cpu": CPU})
    host.look(0, "h/cpu/cpu")
    host.sections = {"thresholds": {"cpu": GPU}}
    assert host.look(LEAST, "h/cpu/cpu") == ()
    assert host.look(LEAST, "h/cpu/cpu") != ()
    host.sections = {"thresholds": {"cpu": CPU}}
    assert host.look(1, "h/cpu/cpu") == ()


def test_a_slow_plugin_has_its_time() -> None:
    host = Host(thresholds={"smart": {**CPU, "plugin": "smart"}, "gpu": GPU})
    host.plugins |= {"smart": PluginGoal(True, 500.0), "gpu": PluginGoal(True)}
    host.look(0)
    assert host.look(LEAST) == ("Thresholds that fall on no metric so far: gpu.",)
    assert host.look(1000 - LEAST) == ("Thresholds that fall on no metric so far: gpu, smart.",)


def test_of_a_plugin_that_is_off_no_metric_is_expected() -> None:
    host = Host(thresholds={"cpu": CPU})
    host.plugins = {"cpu": PluginGoal(False)}
    host.look(0)
    assert host.look(10 * LEAST) == ()


def test_what_is_no_setting_is_in_nobodys_way() -> None:
    odd: dict[str, Any] = {"number": 5, "list": ["x"], "pattern": {"identifier": 5}, "nothing": {}}
    host = Host(samples=odd, thresholds=odd)
    host.look(0, "h/cpu/cpu")
    assert host.look(LEAST, "h/cpu/cpu") == (
        "Choices of samples that fall on no metric so far: pattern.",
        "Thresholds that fall on no metric so far: nothing, pattern.",
    )


def test_many_are_neither_all_looked_for_nor_all_named() -> None:
    host = Host(thresholds={f"t{number:04}": {**GPU, "type": f"t{number}"} for number in range(2 * MOST)})
    host.look(0)
    (said,) = host.look(LEAST)
    assert said.startswith("Thresholds that fall on no metric so far: t0000, t0001, ")
    assert said.endswith(f" and {MOST - 10} more.")


def test_a_data_source_that_is_not_there_is_told_at_once() -> None:
    load = {"type": "load", "warning_max": 1.0}
    host = Host(
        thresholds={
            "short": {**load, "data_source": "shortterm"},
            "short-too": {**load, "data_source": "shortterms"},
            "value": {**load, "data_source": "value"},
            "all": load,
            "unknown": {**CPU, "data_source": "value"},
        }
    )
    assert host.look(0) == ()
    said = ("Thresholds of a data source that the metrics of their type do not have: short-too, value.",)
    assert host.look(1, "h/load/load", "h/cpu/cpu") == host.look(1, "h/load/load", "h/cpu/cpu") == said
    assert sorted(host.asked) == ["cpu", "load"], "once for all"
    host.sections = {"thresholds": {"value": {**load, "data_source": "midterm"}}}
    assert host.look(1, "h/load/load") == ()


def test_a_percentage_of_the_only_data_source_is_told() -> None:
    percent = {"type": "percent", "failure_max": 90.0, "percentage": True}
    unknown = {**percent, "type": "cpu"}
    host = Host(thresholds={"all": percent, "load": {**percent, "type": "load"}, "unknown": unknown})
    said = ("Thresholds in percent of a sum that has one data source alone, which is always 100 %: all.",)
    assert host.look(0, "h/df/percent-used", "h/load/load", "h/cpu/cpu") == said
    host.sections = {"thresholds": {"all": {**percent, "percentage": False}}}
    assert host.look(1, "h/df/percent-used") == ()


def test_an_agent_that_is_started_again_tells_at_once_what_was_told(tmp_path: Path) -> None:
    host, said = Host(tmp_path / "reach.json", thresholds={"gpu": GPU}), "Thresholds that fall on no metric so far: {}."
    host.look(0)
    assert host.look(LEAST) == (said.format("gpu"),)
    host.begin()
    host.sections = {"thresholds": {"gpu": GPU, "new": {**GPU, "failure_max": 2.0}}}
    assert host.look(1) == (said.format("gpu"),)
    assert host.look(LEAST) == (said.format("gpu, new"),)
    host.begin()
    assert host.look(1, "h/gpu/cpu") == ()
    host.begin()
    assert host.look(1) == (), "they fell on one"


def test_what_is_no_file_of_these_is_begun_anew(tmp_path: Path) -> None:
    for text in ("", "{", "5", '[["x"]]'):
        (tmp_path / "reach.json").write_text(text)
        host = Host(tmp_path / "reach.json", thresholds={"gpu": GPU})
        assert host.look(0) == ()
        assert host.look(LEAST) != ()


def test_a_file_that_cannot_be_written_is_in_nobodys_way(tmp_path: Path) -> None:
    host = Host(tmp_path / "nowhere" / "reach.json", thresholds={"gpu": GPU})
    host.look(0)
    assert host.look(LEAST) != ()


def test_the_status_has_it_among_its_warnings(tmp_path: Path) -> None:
    agent, said = Agent(tmp_path).recover(), "Thresholds that fall on no metric so far: gpu."
    layer = Layer(HOST, sections={"thresholds": {"gpu": GPU}})
    assert said not in agent.apply(HostSpec(Generation("e", 1), (layer,))).warnings
    agent.service.reach._clock = lambda: float("inf")
    assert said in agent.status().warnings


def test_that_samples_are_published_by_nobody_is_told(tmp_path: Path) -> None:
    agent, said = Agent(tmp_path).recover(), "Samples are chosen, and this agent publishes none"
    chosen = Layer(HOST, sections={"samples": {"all": {"identifier": "*"}}})
    (warning,) = agent.apply(HostSpec(Generation("e", 1), (chosen,))).warnings
    assert warning.startswith(said)
    assert agent.apply(HostSpec(Generation("e", 2), (Layer(HOST),))).warnings == ()
