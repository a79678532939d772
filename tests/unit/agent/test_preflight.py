# SPDX-License-Identifier: Apache-2.0
"""What would be, on an agent of an in-memory collectd. Trials run in a real one (see tests/collectd/test_trial.py)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.preflight import _SHORTEST, Preflight, _Asked
from collectd_mgr.domain import plan
from collectd_mgr.domain.capabilities import Offer
from collectd_mgr.domain.plan import Change, Running
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.spec import HOST, Generation, Goal, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.base import Applied, Order
from collectd_mgr.drivers.fake import FakeDriver
from tests.unit.agent.agents import NAME, Agent, Live, spec


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "collectd.conf").write_text(
        'Hostname "c1.example.org"\nInterval 5\nLoadPlugin load\n<Plugin load>\n  ReportRelative true\n</Plugin>\n'
        'LoadPlugin table\n<Plugin table>\n  <Table "http://me:hunter2@example.org/">\n  </Table>\n</Plugin>\n'
    )
    agent = Agent(tmp_path / "agent", allowlist_file=str(tmp_path / "allowlist.toml")).recover()
    agent.service.state.see_origin(agent.collectd.running, again=True)
    yield agent
    agent.service.stop()


def preflight(agent: Agent) -> Preflight:
    return agent.service.endpoint._preflight


def asked(agent: Agent, plugin: str, **setting: Any) -> dict[str, Any]:
    return preflight(agent).test(plugin, Layer(HOST, {plugin: PluginSetting(**setting)}), 10.0)


def test_the_operators_own_settings_are_what_is_tried(agent: Agent) -> None:
    (row,) = asked(agent, "load")["rows"]
    assert (row["id"], row["interval"]) == ("c1.example.org/load/load-relative", 5.0)


def test_what_is_given_goes_on_top_of_them(agent: Agent) -> None:
    (row,) = asked(agent, "load", interval=2.0, config={"ReportRelative": False})["rows"]
    assert (row["id"], row["interval"]) == ("c1.example.org/load/load", 2.0)


def test_the_hosts_allow_list_is_asked_for_what_is_not_the_operators(agent: Agent, tmp_path: Path) -> None:
    with pytest.raises(exception.RefusedByAgent):
        asked(agent, "table", config={"Table": {"args": "/root/other", "Separator": " "}})
    with pytest.raises(exception.RefusedByAgent):
        asked(agent, "uptime", interval=0.01)
    assert not (tmp_path / "agent" / "state" / "trials").exists()
    with pytest.raises(exception.ConfigRejected):
        asked(agent, "table")


def test_a_secret_in_collectds_own_words_is_masked(agent: Agent) -> None:
    """collectd quotes the configuration."""
    with pytest.raises(exception.ConfigRejected) as rejected:
        asked(agent, "table")
    assert "example.org" in str(rejected.value.to_dict())
    assert "hunter2" not in str(rejected.value.to_dict())


class TestPreview:
    def of(self, agent: Agent, n: int = 1, **plugins: Any) -> dict[str, Any]:
        return preflight(agent).preview(spec(n, **plugins), 10.0)

    def test_a_load_in_the_running_daemon(self, agent: Agent, tmp_path: Path) -> None:
        (tmp_path / "allowlist.toml").write_text("[limits]\nsamples_per_second = 0.4\n")
        agent.apply(spec(1))
        before = dict(agent.collectd.running.plugins)
        found = self.of(agent, 2, uptime=2.0)
        (change,) = found["changes"]
        assert (change["change"], change["plugin"], change["class"]) == ("plugin.load", "uptime", "live")
        assert change["after"] == {"series": 1, "interval": 2.0, "basis": "scratch", "samples_per_second": 0.5}
        assert any("this host allows 0.4" in warning for warning in change["warnings"]), change
        assert (found["driver"], found["restart"], found["series_added"]) == ("live", False, 1)
        assert (found["samples_per_second_added"], found["problems"]) == (0.5, [])
        assert agent.collectd.running.plugins == before
        taken = agent.service.state.memory.taken
        assert taken is not None
        assert taken.generation.n == 1

    def test_what_is_tried_may_have_another_switched_off(self, agent: Agent, tmp_path: Path) -> None:
        agent.apply(spec(1, memory=1.0))
        while not agent.service._sweep.seen.get("memory"):
            agent.status()
        (tmp_path / "allowlist.toml").write_text("[limits]\nsamples_per_second = 4.2\n")
        (change,) = self.of(agent, 2, memory=1.0, uptime=2.0)["changes"]
        assert any("memory would be switched off: of 4.5 " in warning for warning in change["warnings"]), change

    def test_another_interval_of_what_is_known(self, agent: Agent) -> None:
        agent.apply(spec(1, memory=1.0))
        while not agent.service._sweep.seen.get("memory"):
            agent.status()
        (change,) = self.of(agent, 2, memory=2.0)["changes"]
        assert (change["change"], change["before"]["series"], change["after"]["series"]) == ("plugin.interval", 4, 4)
        assert (change["before"]["samples_per_second"], change["after"]["samples_per_second"]) == (4.0, 2.0)

    def test_a_plugin_that_collects_nothing_adds_nothing(self, agent: Agent) -> None:
        agent.apply(spec(1))
        found = self.of(agent, 2, csv={"DataDir": "/var/lib/collectd/csv"}, uptime=True)
        assert (found["series_added"], [change["plugin"] for change in found["changes"]]) == (1, ["csv", "uptime"])

    def test_a_disable(self, agent: Agent) -> None:
        agent.apply(spec(1, memory=1.0))
        while not agent.service._sweep.seen.get("memory"):
            agent.status()
        found = self.of(agent, 2, memory=False)
        assert (found["series_added"], found["samples_per_second_added"]) == (-4, -4.0)

    def test_another_config_needs_a_new_daemon(self, agent: Agent) -> None:
        agent.apply(spec(1, cpu={"ReportByCpu": True}))
        found = self.of(agent, 2, cpu={"ReportByCpu": False})
        (change,) = found["changes"]
        assert (change["change"], change["driver"]) == ("plugin.reconfigure", found["driver"])

    def test_a_new_daemon_reads_the_operators_files_as_they_are_by_now(self, agent: Agent, tmp_path: Path) -> None:
        agent.apply(spec(1, cpu={"ReportByCpu": True}))
        with (tmp_path / "agent" / "collectd.conf").open("a") as conf:
            conf.write("LoadPlugin cpu\n")
        found = self.of(agent, 2, cpu={"ReportByCpu": False})
        assert [problem["code"] for problem in found["problems"]] == ["owned_by_host_config"]

    def test_what_would_be_refused(self, agent: Agent) -> None:
        found = self.of(agent, load=2.0, exec=True)
        assert {problem["code"] for problem in found["problems"]} >= {"refused_by_agent", "owned_by_host_config"}

    def test_nothing_is_tried_that_is_not_let_in(self, agent: Agent, tmp_path: Path) -> None:
        (tmp_path / "allowlist.toml").write_text("[plugins")
        found = self.of(agent, 2, uptime=2.0)
        assert [problem["facts"]["reason_code"] for problem in found["problems"]] == ["broken"]
        assert [change["after"]["basis"] for change in found["changes"]] == ["unknown"]

    def test_a_plugin_that_is_not_on_the_host(self, agent: Agent) -> None:
        found = self.of(agent, nosuch=True)
        assert [problem["code"] for problem in found["problems"]] == ["plugin_not_loadable"]
        assert found["series_added"] is None

    def test_a_config_that_collectd_does_not_take(self, agent: Agent) -> None:
        found = self.of(agent, cpu={"NoSuchOption": 1})
        assert [problem["code"] for problem in found["problems"]] == ["config_rejected"]
        assert found["series_added"] is None

    def test_what_it_does_not_get_to_is_not_known(self, agent: Agent) -> None:
        """The first gives nothing in all of its time, and what is left is too little for the others."""
        nothing = {"MountPoint": "/nowhere"}
        agent.apply(spec(1))
        found = preflight(agent).preview(spec(2, df=nothing, uptime=True, users=True), 4.0)
        bases = {change["plugin"]: change["after"]["basis"] for change in found["changes"]}
        assert (found["problems"], found["series_added"]) == ([], None)
        assert {bases["uptime"], bases["users"]} == {"unknown"}

    def test_each_trial_has_its_share_of_the_time(self) -> None:
        asked = _Asked(time.monotonic() + 1000, 10, [], None, Goal())
        assert _SHORTEST < asked.share() <= 100
        assert replace(asked, trials=1000).share() == _SHORTEST
        with pytest.raises(exception.Busy):
            replace(asked, deadline=time.monotonic() + _SHORTEST).share()

    def test_settings_that_are_about_metrics(self, agent: Agent) -> None:
        agent.apply(spec(1, memory=1.0))
        while not agent.service._sweep.seen.get("memory"):
            agent.status()
        settings: dict[str, Any] = {
            "ignorelist": {"free": {"action": "deny", "plugin": "^memory$", "type_instance": "^free$"}},
            "queue": {"limits": {"high": 10, "low": 5}},
            "ring": {"mem": {"identifier": "*/memory/*", "interval": 2.0}},
        }
        asked = HostSpec(Generation("e", 2), (replace(spec(1, memory=1.0).layers[0], sections=settings),))
        found = preflight(agent).preview(asked, 10.0)
        rule, queue, ring = found["settings"]
        assert (rule["section"], rule["matched"], rule["metrics"]) == (
            *("ignorelist", 1),
            ["c1.example.org/memory/memory-free"],
        )
        assert (rule["class"], rule["driver"]) == ("new_daemon", "fake")
        assert (rule["before"]["samples_per_second"], found["samples_per_second_added"]) == (1.0, -1.0)
        assert (queue["section"], queue["matched"], queue["class"]) == ("queue", None, "new_daemon")
        assert (ring["class"], ring["driver"], ring["after"]["samples_per_second"]) == ("agent", None, 2.0)
        assert [change["change"] for change in found["changes"]] == ["ignorelist.set", "queue.set"]


class Odd(Live):
    """Of a collectd that others send values, and name them as they like: the first without a plugin."""

    def metrics(self, query: Query) -> Page:
        odd = {"id": f"{NAME}/-x/gauge-y", "interval": None, "last_update": 1.0, "state": "okay"}
        page = super().metrics(query)
        return Page((odd, *page.rows), page.marker)


def test_a_metric_that_is_called_oddly_hides_no_other(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "agent", live=Odd).recover()
    agent.apply(spec(1, memory=1.0))
    while not agent.service._sweep.seen.get("memory"):
        agent.status()
    everything = {"ignorelist": {"all": {"action": "deny", "host": "."}}}
    asked = HostSpec(Generation("e", 2), (replace(spec(1, memory=1.0).layers[0], sections=everything),))
    (rule,) = preflight(agent).preview(asked, 10.0)["settings"]
    assert rule["metrics"][0] == f"{NAME}/-x/gauge-y"
    assert rule["matched"] == 5
    agent.service.stop()


def test_another_collectd(tmp_path: Path) -> None:
    """Whether it is one, and has the plugins; those that are tried are tried with it."""
    other = tmp_path / "other"
    (tmp_path / "allowlist.toml").write_text(f'[collectd]\nbinaries = ["{other}"]\n')
    agent = Agent(tmp_path / "agent", allowlist_file=str(tmp_path / "allowlist.toml")).recover()
    layer = replace(spec(1, uptime=True).layers[0], sections={"program": {"collectd": {"binary": str(other)}}})
    asked = HostSpec(Generation("e", 1), (layer,))
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    found = preflight(agent).preview(asked, 10.0)
    assert [change["change"] for change in found["changes"]] == ["program.set", "plugin.load"]
    assert [problem["code"] for problem in found["problems"]] == ["program_unfit"]
    # It has no plugins at all.
    (tmp_path / "none").mkdir()
    says = f"  Plugin directory  {tmp_path}/none\ncollectd 5.12.0, http://collectd.org/"
    other.write_text(f"#!/bin/sh\ncat <<END\n{says}\nEND\n")
    found = preflight(agent).preview(asked, 10.0)
    assert [problem["code"] for problem in found["problems"]] == ["plugin_not_loadable"]
    assert found["series_added"] is None
    agent.service.stop()


class Full(Live):
    """Of a collectd that has room for two rules."""

    def offer(self) -> Offer:
        offer = super().offer()
        return replace(offer, capabilities=offer.capabilities | {plan.IGNORELIST})

    def refusal(self, change: Change, running: Running) -> str | None:
        return "There is no room." if len(change.settings or ()) > 2 else super().refusal(change, running)


@pytest.mark.parametrize(("count", "driver", "kind"), [(2, "live", "live"), (3, "fake", "new_daemon")])
def test_rules_that_a_daemon_has_no_room_for(tmp_path: Path, count: int, driver: str, kind: str) -> None:
    agent = Agent(tmp_path / "agent", live=Full).recover()
    agent.apply(spec(1, memory=1.0))
    rules = {"ignorelist": {f"r{n}": {"action": "deny", "plugin": f"^{n}$"} for n in range(count)}}
    asked = HostSpec(Generation("e", 2), (replace(spec(1, memory=1.0).layers[0], sections=rules),))
    found = preflight(agent).preview(asked, 10.0)
    assert [(found["driver"], change["class"]) for change in found["changes"]] == [(driver, kind)]
    assert {(rule["driver"], rule["class"]) for rule in found["settings"]} == {(driver, kind)}
    over = {} if driver == "live" else {"live": "ignorelist.set: There is no room."}
    assert found["passed_over"] == over
    agent.service.stop()


class Restart(FakeDriver):
    """Takes a while to end the one collectd and to start the other."""

    name: ClassVar[str] = "restart"

    def apply(self, order: Order) -> Applied:
        return replace(super().apply(order), gap=0.25)


class TestGap:
    @pytest.fixture
    def restarted(self, tmp_path: Path) -> Iterator[Agent]:
        agent = Agent(tmp_path / "agent", between=[Restart], drivers=2).recover()
        agent.apply(spec(1, memory=1.0, cpu={"ReportByCpu": True}))
        yield agent
        agent.service.stop()

    def of(self, agent: Agent, cpu: bool) -> dict[str, Any]:
        return preflight(agent).preview(spec(9, memory=1.0, cpu={"ReportByCpu": cpu}), 10.0)

    def test_it_is_not_known_before_the_first(self, restarted: Agent) -> None:
        found = self.of(restarted, False)
        assert (found["driver"], found["restart"], found["gap"]["seconds"]) == ("restart", True, None)
        assert [row["plugin"] for row in found["gap"]["plugins"]] == ["cpu", "memory"]
        assert found["gap"]["states_lost"].keys() == {"okay", "warning", "failure"}
        assert found["passed_over"].keys() == {"live"}

    def test_the_answer_says_it_and_the_next_preview_expects_it(self, restarted: Agent) -> None:
        status = restarted.apply(spec(2, memory=1.0, cpu={"ReportByCpu": False}))
        assert (status.driver, status.daemon["gap"]) == ("restart", 0.25)
        assert "nothing was read of cpu, memory for 0.25 s" in status.warnings[0]
        assert "live could not do it" in status.warnings[0]
        gap = self.of(restarted, True)["gap"]
        assert gap["seconds"] == 0.25
        assert {"plugin": "memory", "interval": 1.0, "without_rate": 1.25} in gap["plugins"]

    def test_there_is_none_without_a_restart(self, restarted: Agent) -> None:
        found = preflight(restarted).preview(spec(9, memory=2.0, cpu={"ReportByCpu": True}), 10.0)
        assert (found["driver"], found["gap"], found["passed_over"]) == ("live", None, {})


def test_an_observed_host_answers_and_one_in_mode_off_does_not(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "agent", mode="observe").recover()
    assert asked(agent, "uptime")["rows"]
    assert preflight(agent).preview(spec(1, uptime=True), 5.0)["problems"][0]["code"] == "host_not_managed"
    (tmp_path / "agent" / "mode").write_text("off")
    with pytest.raises(exception.HostNotManaged):
        asked(agent, "uptime")
    agent.service.stop()
