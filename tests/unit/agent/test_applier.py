# SPDX-License-Identifier: Apache-2.0
"""Specs are taken up in the order of their generations, each once."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.plan import RunningPlugin
from collectd_mgr.domain.spec import HOST, Counters, Generation, Goal, HostSpec, Layer, PluginGoal, PluginSetting
from tests.unit.agent.agents import BUSY, Agent, spec
from tests.waiting import PATIENCE


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path).recover()


def test_a_spec_is_applied_live(agent: Agent) -> None:
    pid = agent.collectd.running.pid
    status = agent.apply(spec(1, cpu=1.0, memory=True))
    assert (status.outcome, status.driver, status.generation) == ("applied", "live", Generation("e", 1))
    assert agent.enabled() == {"cpu", "memory"}
    assert (status.daemon["pid"], status.plugins["cpu"].interval) == (pid, 1.0)


def test_each_is_one_line_of_the_log(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "collectd_mgr.agent.applier")
    agent.apply(spec(1, cpu=True))
    agent.apply(spec(2, cpu=True, df={"Reject": "no"}))
    lines = [message for message in caplog.messages if message.startswith("[req-1]")]
    assert lines == [
        "[req-1] generation 1 of epoch e: applied by live",
        "[req-1] generation 2 of epoch e: failed by live (config_rejected)",
    ]


def test_the_same_generation_again_is_not_done_again(agent: Agent) -> None:
    agent.apply(spec(1, cpu=True))
    before = agent.collectd.running
    assert agent.apply(spec(1, cpu=True)).outcome == "applied"
    assert agent.collectd.running is before


def test_a_failure_is_not_tried_again_either(agent: Agent) -> None:
    broken = spec(1, cpu={"Reject": "no"})
    assert agent.apply(broken).error == agent.apply(broken).error


@pytest.mark.parametrize("late", [spec(1, cpu=True), spec(2, df=True), spec(9, "before")])
def test_what_is_late_is_refused_with_what_the_host_has(agent: Agent, late: object) -> None:
    agent.apply(spec(7, "before"))
    agent.apply(spec(2, cpu=True))
    with pytest.raises(exception.StaleGeneration) as caught:
        agent.apply(late)  # type: ignore[arg-type]
    assert caught.value.kwargs == {"generation": {"epoch": "e", "n": 2}}
    assert agent.enabled() == {"cpu"}


def test_every_failure_names_what_is_run_instead(agent: Agent) -> None:
    agent.apply(spec(1, cpu=True))
    failed = agent.apply(spec(2, cpu={"Reject": "no"}))
    assert failed.error is not None
    assert failed.error["facts"]["good"] == {"epoch": "e", "n": 1}
    with pytest.raises(exception.PluginNotEnabled) as refused:
        agent.apply(HostSpec(Generation("e", 3), (Layer(HOST, counters=Counters({"df": 1})),)))
    assert refused.value.kwargs["good"] == {"epoch": "e", "n": 1}


def test_a_new_epoch_begins_anew(agent: Agent) -> None:
    agent.apply(spec(5, cpu=True))
    assert agent.apply(spec(1, "f", df=True)).generation == Generation("f", 1)
    assert agent.enabled() == {"df"}


def test_what_live_cannot_is_done_by_the_next_driver(agent: Agent) -> None:
    agent.apply(spec(1, cpu=True))
    status = agent.apply(spec(2, cpu={"ReportByCpu": False}))
    assert (status.outcome, status.driver) == ("applied", "fake")


def test_what_asks_for_nothing_new_is_nobodys_doing(agent: Agent) -> None:
    agent.apply(spec(1, cpu=True))
    assert agent.apply(spec(2, cpu={"ReportByCpu": False})).driver == "fake"
    status = agent.apply(spec(3, cpu={"ReportByCpu": False}))
    assert (status.outcome, status.driver) == ("applied", None), "it would look like one more restart"


def test_after_a_failure_the_daemon_runs_what_it_ran_and_the_status_says_why(agent: Agent) -> None:
    agent.apply(spec(1, cpu=True))
    status = agent.apply(spec(2, cpu=True, df={"Reject": "what is a MountPiont"}))
    assert (status.outcome, status.generation) == ("failed", Generation("e", 2))
    assert status.error is not None
    assert (status.error["code"], status.error["detail"]) == ("config_rejected", "what is a MountPiont")
    assert (status.plugins["df"].health, status.plugins["df"].reason) == ("failed", "what is a MountPiont")
    assert agent.enabled() == {"cpu"}


def test_a_failure_names_the_driver_that_tried(agent: Agent) -> None:
    assert agent.apply(spec(1, cpu=True)).driver == "live"
    status = agent.apply(spec(2, cpu={"Reject": "no"}))
    assert (status.outcome, status.driver) == ("failed", "fake")


def test_an_error_of_ours_is_a_failure_too(agent: Agent) -> None:
    agent.collectd.running = None  # type: ignore[assignment]
    agent.service.applier.apply(spec(1, cpu=True))
    error = agent.service.state.memory.error
    assert error is not None
    assert error["code"] == "internal_error"


def test_who_does_not_come_to_its_turn_is_told_so(agent: Agent) -> None:
    at_work, done = threading.Event(), threading.Event()

    def work() -> None:
        with agent.service.state.turn(1.0):
            at_work.set()
            done.wait(PATIENCE)

    thread = threading.Thread(target=work)
    thread.start()
    at_work.wait(PATIENCE)
    with pytest.raises(exception.RequestTimeout), agent.service.state.turn(0.05):
        raise AssertionError
    done.set()
    thread.join()


def test_what_is_off_because_it_is_not_there_is_told_once(agent: Agent) -> None:
    told = "memry is off, but it is not even installed here."
    agent.apply(spec(1, cpu=True, memory=True))
    assert agent.apply(spec(2, cpu=True, memory=False)).warnings == ()
    assert agent.apply(spec(3, cpu=True, memory=False, memry=False)).warnings == (told,)
    assert agent.apply(spec(4, cpu=2.0, memory=False, memry=False)).warnings == ()


def test_secrets_are_masked_in_what_goes_up(agent: Agent) -> None:
    status = agent.apply(spec(1, df={"Password": "hunter2"}))
    failed = agent.apply(spec(2, df={"Reject": "Password hunter2 is too short"}))
    assert "hunter2" not in str(status.to_dict())
    assert "hunter2" not in str(failed.to_dict())
    assert "hunter2" not in str(agent.service.endpoint.config({}))


class TestModes:
    def test_observe_is_the_default_and_changes_nothing(self, tmp_path: Path) -> None:
        agent = Agent(tmp_path, mode="observe").recover()
        with pytest.raises(exception.HostNotManaged) as caught:
            agent.apply(spec(1, cpu=True))
        assert (caught.value.kwargs["mode"], caught.value.kwargs["set_by"]) == ("observe", "default")
        assert agent.enabled() == set()
        assert agent.status().generation is None

    def test_the_servers_word_is_taken_up_with_a_spec(self, tmp_path: Path) -> None:
        agent = Agent(tmp_path, mode="observe").recover()
        status = agent.apply(spec(1, mode=Mode("manage", True, "we have it", "server"), cpu=True))
        assert (status.outcome, status.mode.mode, status.mode.reason) == ("applied", "manage", "we have it")

    def test_a_spec_that_only_changes_the_mode_is_taken_up_in_any_mode(self, agent: Agent) -> None:
        agent.apply(spec(1, cpu=True))
        status = agent.apply(spec(2, mode=Mode("observe"), cpu=True))
        assert (status.outcome, status.generation, status.mode.mode) == ("applied", Generation("e", 2), "observe")
        with pytest.raises(exception.HostNotManaged):
            agent.apply(spec(3, mode=Mode("observe"), cpu=True, df=True))

    def test_the_local_file_wins_at_once(self, agent: Agent, tmp_path: Path) -> None:
        (tmp_path / "mode").write_text("mode = observe\nreason = disk replacement\n")
        with pytest.raises(exception.HostNotManaged, match="disk replacement"):
            agent.apply(spec(1, mode=Mode("manage"), cpu=True))
        assert agent.status().mode == Mode("observe", True, "disk replacement", "file")
        (tmp_path / "mode").unlink()
        assert agent.apply(spec(1, mode=Mode("manage"), cpu=True)).outcome == "applied"

    @pytest.mark.parametrize(("mode", "started"), [("observe", False), ("manage", True)])
    def test_a_unit_that_somebody_stopped_stays_so_where_we_only_observe(
        self, tmp_path: Path, mode: str, started: bool
    ) -> None:
        agent = Agent(tmp_path, mode=mode, daemon="systemd")
        agent.collectd.start(Goal())
        agent.recover()
        agent.collectd.die()
        agent.service.keeper.look()
        assert (agent.collectd.running.pid is not None) is started

    def test_the_switch_for_live_alone(self, agent: Agent, tmp_path: Path) -> None:
        (tmp_path / "mode").write_text("live = no\n")
        assert agent.apply(spec(1, cpu=True)).driver == "fake"


class TestOrigin:
    @pytest.fixture
    def adopted(self, tmp_path: Path) -> Agent:
        (tmp_path / "collectd.conf").write_text(
            'LoadPlugin cpu\nLoadPlugin df\n<Plugin df>\nMountPoint "/"\n</Plugin>\nInterval 5\n'
        )
        agent = Agent(tmp_path)
        agent.collectd.start(Goal({"cpu": PluginGoal(True), "df": PluginGoal(True)}))
        return agent.recover()

    def test_it_is_shown(self, adopted: Agent) -> None:
        status = adopted.status()
        assert (status.plugins["df"].origin, status.plugins["df"].config) == ("host", {"MountPoint": "/"})
        assert status.daemon["interval"] == 5.0

    def test_its_config_cannot_be_set_from_here(self, adopted: Agent) -> None:
        status = adopted.apply(spec(1, df={"MountPoint": "/boot"}))
        assert status.error is not None
        assert (status.outcome, status.error["code"], status.driver) == ("failed", "owned_by_host_config", None)

    def test_one_that_was_ours_is_shown_as_they_have_it_and_can_be_switched_off(self, adopted: Agent) -> None:
        ours = spec(1, df={"MountPoint": "/proc"})
        adopted.service.state.remember(taken=ours, current=ours, good=ours)
        assert adopted.status().plugins["df"].config == {"MountPoint": "/"}
        off = HostSpec(Generation("e", 2), (Layer(HOST, {"df": PluginSetting(False, None, {"MountPoint": "/proc"})}),))
        status = adopted.apply(off)
        assert (status.outcome, status.error) == ("applied", None)
        assert "df" not in adopted.enabled()

    def test_a_new_daemon_is_started_beside_their_files_as_they_are_by_then(
        self, adopted: Agent, tmp_path: Path
    ) -> None:
        def given() -> str | None:
            return adopted.collectd.running.plugins["load"].config_digest

        ours = spec(1, load={"A": 1}).layers[0]
        adopted.apply(HostSpec(Generation("e", 1), (ours,)))
        assert given() == PluginGoal(True, config={"A": 1}).config_digest()
        conf = tmp_path / "collectd.conf"
        conf.write_text(f"{conf.read_text()}LoadPlugin load\n<Plugin load>\nB 2\n</Plugin>\n")
        status = adopted.apply(HostSpec(Generation("e", 2), (replace(ours, counters=Counters(daemon_restarts=1)),)))
        assert (status.outcome, status.error) == ("applied", None)
        assert given() == PluginGoal(True, config={"B": 2}).config_digest()
        assert (status.plugins["load"].origin, status.plugins["load"].config) == ("host", {"B": 2})

    def test_nor_is_one_started_to_set_what_they_name_by_then(self, adopted: Agent, tmp_path: Path) -> None:
        adopted.apply(spec(1, load=BUSY))
        conf, before = tmp_path / "collectd.conf", adopted.collectd.running
        conf.write_text(f"{conf.read_text()}LoadPlugin load\n")
        status = adopted.apply(spec(2, load={**BUSY, "A": 1}))
        assert status.error is not None
        assert (status.outcome, status.error["code"]) == ("failed", "owned_by_host_config")
        assert adopted.collectd.running == before

    def test_it_is_not_in_the_way_on_a_host_that_has_forgotten_when_it_was_ours(self, adopted: Agent) -> None:
        adopted.collectd.start(Goal({name: PluginGoal(True) for name in ("cpu", "df", "memory")}))
        status = adopted.apply(spec(4, df={"MountPoint": "/proc"}, memory=True))
        assert (status.outcome, adopted.enabled()) == ("applied", {"cpu", "df", "memory"})
        assert status.plugins["df"].config == {"MountPoint": "/"}
        assert any("configure df: only enabled" in line for line in status.warnings)

    def test_a_failure_where_nothing_is_known_stops_nothing(self, adopted: Agent) -> None:
        adopted.collectd.start(Goal({name: PluginGoal(True) for name in ("cpu", "df", "memory")}))
        assert adopted.apply(spec(4, memory=True, swap={"Reject": "no"})).outcome == "failed"
        adopted.service.keeper.look()
        assert adopted.enabled() == {"cpu", "df", "memory"}

    def test_what_comes_with_a_section_is_not_switched_off_by_itself(self, adopted: Agent) -> None:
        layer = Layer(HOST, sections={"thresholds": {"x": {"type": "load", "failure_max": 9.0}}})
        assert adopted.apply(HostSpec(Generation("e", 1), (layer,))).outcome == "applied"
        pid = adopted.collectd.running.pid
        with pytest.raises(exception.PluginOfSection):
            adopted.apply(HostSpec(Generation("e", 2), (layer.with_plugin("threshold", PluginSetting(False)),)))
        assert (adopted.status().generation, adopted.collectd.running.pid) == (Generation("e", 1), pid)

    def test_a_setting_that_an_earlier_release_let_in_can_be_taken_away(self, adopted: Agent) -> None:
        old = spec(1, threshold={"Type": {"args": "load", "WarningMax": 1}})
        adopted.apply(spec(1))
        adopted.collectd.start(adopted.service.state.goal(old))
        adopted.service.state.remember(taken=old, current=old, good=old)
        assert "threshold" in adopted.enabled()
        assert adopted.apply(spec(2)).driver is not None
        assert "threshold" not in adopted.enabled()

    def test_it_is_not_in_the_way_of_the_rest_on_a_host_that_remembers_nothing(self, adopted: Agent) -> None:
        old = {"Type": {"args": "load", "WarningMax": 1}}
        adopted.collectd.start(adopted.service.state.goal(spec(1, threshold=old)))
        assert adopted.apply(spec(2, threshold=old, memory=True)).outcome == "applied"
        assert {"threshold", "memory"} < adopted.enabled()

    def test_it_can_be_switched_off(self, adopted: Agent) -> None:
        assert adopted.apply(spec(1, df=False)).outcome == "applied"
        assert adopted.enabled() == {"cpu"}

    def test_what_a_first_spec_that_failed_left_off_is_on_again(self, adopted: Agent) -> None:
        assert adopted.apply(spec(1, memory={"Reject": "no"})).outcome == "failed"
        plugins = {name: RunningPlugin(True, name != "df", stopping=name == "df") for name in ("cpu", "df")}
        adopted.collectd.running = replace(adopted.collectd.running, plugins=plugins)
        adopted.service.keeper.look()
        assert adopted.enabled() == {"cpu", "df"}

    def test_what_nobody_named_is_left_alone(self, adopted: Agent, tmp_path: Path) -> None:
        (tmp_path / "collectd.conf").write_text("<Plugin")
        other = Agent(tmp_path, adopted.collectd).recover()
        assert other.apply(spec(1, memory=True)).outcome == "applied"
        assert other.enabled() == {"cpu", "df", "memory"}
        assert any("collectd.conf" in warning for warning in other.status().warnings)


class TestRestart:
    """Of a plugin; ``counters`` are a layer's, so one of a plugin that nobody names can be there."""

    def of(self, n: int, *restarted: str, **plugins: bool) -> HostSpec:
        settings = {name: PluginSetting(on) for name, on in plugins.items()}
        layer = Layer(HOST, settings, Counters(restarts=dict.fromkeys(restarted, n)))
        return HostSpec(Generation("e", n), (layer,))

    @pytest.mark.parametrize("plugins", [{"cpu": False}, {}], ids=["disabled", "not named"])
    def test_of_one_that_is_off_is_refused(self, tmp_path: Path, plugins: dict[str, bool]) -> None:
        agent = Agent(tmp_path).recover()
        agent.apply(self.of(1, **plugins))
        with pytest.raises(exception.PluginNotEnabled, match="cpu"):
            agent.apply(self.of(2, "cpu", **plugins))
        assert agent.status().generation == Generation("e", 1)

    def test_of_one_that_is_on_is_made(self, tmp_path: Path) -> None:
        agent = Agent(tmp_path).recover()
        agent.apply(self.of(1, cpu=True))
        assert agent.apply(self.of(2, "cpu", cpu=True)).outcome == "applied"
        assert agent.collectd.running.plugins["cpu"].restarts == 2

    def test_of_one_that_was_switched_off_after_it_is_in_nobodys_way(self, tmp_path: Path) -> None:
        """The host was away: it was restarted in generation 2, and switched off in generation 3."""
        agent = Agent(tmp_path).recover()
        agent.apply(self.of(1, cpu=True))
        assert agent.apply(self.of(3, "cpu", cpu=False)).outcome == "applied"
        assert agent.enabled() == set()


def replaced(n: int, replacements: int, **plugins: Any) -> HostSpec:
    wanted = spec(n, **plugins)
    (layer,) = wanted.layers
    return replace(wanted, layers=(layer.with_counters(Counters(daemon_replacements=replacements)),))


def test_collectd_is_replaced_when_that_is_asked_and_not_for_a_marker_that_is_lost(agent: Agent) -> None:
    """Few drivers can replace it: what is to be done besides must not wait for one."""
    now = time.time_ns() // 1_000_000
    agent.apply(replaced(1, now, memory=True))
    assert agent.collectd.running.daemon_replacements == now
    agent.collectd.start(Goal())
    carrier = agent.service.applier._carrier
    running = agent.collectd.running
    assert [str(step) for step in carrier.differs(replaced(1, now, memory=True), running)] == ["plugin.load memory"]
    asked = [str(step) for step in carrier.differs(replaced(2, now + 1, memory=True), running)]
    assert asked == ["daemon.replace", "plugin.load memory"]


@pytest.mark.parametrize(
    ("ago", "steps"), [(3600, ["plugin.load memory"]), (60, ["daemon.replace", "plugin.load memory"])]
)
def test_who_has_forgotten_all_does_not_replace_one_that_came_later(agent: Agent, ago: float, steps: list[str]) -> None:
    """Clocks of hosts and servers differ: what was asked for just before it came may be asked of it."""
    carrier, wanted = agent.service.applier._carrier, replaced(7, int((time.time() - ago) * 1000), memory=True)
    assert [str(step) for step in carrier.differs(wanted, agent.collectd.running)] == steps
