# SPDX-License-Identifier: Apache-2.0
"""The host's own policy is asked before anything is done, whoever asks and whatever is remembered."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.allowlist import Allowlist
from collectd_mgr.domain import drift, sections
from collectd_mgr.domain.spec import HOST, Generation, Goal, HostSpec, Layer, PluginGoal
from tests.unit.agent.agents import Agent, spec
from tests.waiting import eventually

EXEC = {"Exec": {"args": ["nobody", "/bin/true"]}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "allowlist.toml"


def make(tmp_path: Path, **changes: Any) -> Agent:
    return Agent(tmp_path, allowlist_file=str(tmp_path / "allowlist.toml"), **changes).recover()


def looked(agent: Agent) -> set[str]:
    agent.service.keeper.look()
    return agent.enabled()


def goal(**plugins: PluginGoal) -> Goal:
    return Goal(plugins)


def test_a_refused_spec_leaves_no_trace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    agent = make(tmp_path)
    agent.apply(spec(1, cpu=True))
    with pytest.raises(exception.RefusedByAgent) as refused:
        agent.apply(spec(2, cpu=True, load=True, exec=EXEC))
    assert refused.value.kwargs["plugin"] == "exec"
    assert "refuses exec: It runs programs" in caplog.text
    assert refused.value.kwargs["violations"][0]["reason_code"] == "plugin"
    assert agent.enabled() == {"cpu"}
    assert agent.service.state.memory.taken == spec(1, cpu=True)
    assert "exec" not in (tmp_path / "state" / "journal").read_text()


def test_what_the_operator_names_is_let_in_at_once(tmp_path: Path, file: Path) -> None:
    agent = make(tmp_path)
    with pytest.raises(exception.RefusedByAgent):
        agent.apply(spec(1, load=0.5))
    file.write_text("[limits]\nshortest_interval = 0.5\n")
    assert agent.apply(spec(2, load=0.5)).plugins["load"].enabled


def test_what_is_remembered_is_switched_off_when_the_policy_changes(tmp_path: Path, file: Path) -> None:
    agent = make(tmp_path)
    agent.apply_and_look(spec(1, cpu=True, load=True))
    file.write_text('[plugins]\ndeny = ["Load"]\n')
    eventually(lambda: looked(agent) == {"cpu"})
    assert any("load: The host's operator refuses" in line for line in agent.status().warnings)
    again = make(tmp_path, collectd=agent.collectd)
    assert again.enabled() == {"cpu"}
    # What is about something else goes on, and taking the plugin out is no offence.
    status = again.apply(spec(2, cpu=1.0, load=True))
    assert status.outcome == "applied"
    assert any("load: The host's operator refuses" in line for line in status.warnings), "for the operation"
    assert again.enabled() == {"cpu"}
    with pytest.raises(exception.RefusedByAgent):
        again.apply(spec(3, cpu=1.0, load=2.0))
    assert again.apply(spec(3, cpu=1.0)).outcome == "applied"


def test_what_is_refused_by_now_is_in_nobodys_way_on_a_host_that_has_forgotten_all(tmp_path: Path, file: Path) -> None:
    forgetful = make(tmp_path)
    file.write_text("[plugins")
    with pytest.raises(exception.RefusedByAgent):
        forgetful.apply(spec(4, cpu=True, load=True))
    file.write_text('[plugins]\ndeny = ["Load"]\n')
    status = forgetful.apply(spec(4, cpu=True, load=True, exec=EXEC))
    assert (status.outcome, forgetful.enabled()) == ("applied", {"cpu"})
    assert any("load: The host's operator refuses" in line for line in status.warnings)
    with pytest.raises(exception.RefusedByAgent):
        forgetful.apply(spec(5, cpu=True, load=2.0, exec=EXEC))


def test_a_broken_file_lets_in_nothing_and_stops_nothing(tmp_path: Path, file: Path) -> None:
    agent = make(tmp_path)
    agent.apply_and_look(spec(1, cpu=True, df=True))
    for text in ("[plugins", "[plugin]\n", "[limits]\nshortest_interval = 0\n", '[files]\nread = ["etc"]\n', "allow=1"):
        file.write_text(text)
        with pytest.raises(exception.RefusedByAgent) as refused:
            agent.apply(spec(2, cpu=True, df=True, load=True))
        assert refused.value.kwargs["reason_code"] == "broken"
        agent.service.keeper.look()
        assert agent.enabled() == {"cpu", "df"}
        assert any("lets in nothing new" in line for line in agent.status().warnings)
    agent.apply(spec(2, cpu=True))
    assert agent.enabled() == {"cpu"}, "what may be switched off"
    with pytest.raises(exception.RefusedByAgent):
        agent.apply(buffers(3, thresholds={"busy": {"type": "cpu"}}))
    file.unlink()
    assert agent.apply(spec(3, cpu=True, load=True)).plugins["load"].enabled


def test_a_broken_file_stops_nothing_when_the_agent_starts_either(tmp_path: Path, file: Path) -> None:
    """Whoever edits it starts the agent again as a rule."""
    file.write_text("[limits]\nshortest_interval = 0.5\nspool_bytes = 2e12\n")
    agent = make(tmp_path)
    agent.apply_and_look(spec(1, cpu=0.5))
    file.write_text("[limits\nshortest_interval = 0.1\n")
    again = make(tmp_path, collectd=agent.collectd)
    assert looked(again) == {"cpu"}
    assert again.service.state.refusals(again.service.state.memory.current)[1:] == ()
    with pytest.raises(exception.RefusedByAgent) as refused:
        again.apply(spec(2, cpu=0.5, load=True))
    assert refused.value.kwargs["reason_code"] == "broken"
    file.unlink()
    eventually(lambda: looked(again) == set())
    file.write_text("[limits")
    assert looked(make(tmp_path, collectd=agent.collectd)) == set(), "no file was the last one that could be read"


@pytest.mark.parametrize("name", ["allowlist.toml", "allowlist.last.toml"])
def test_the_copy_takes_the_place_of_no_list(tmp_path: Path, name: str) -> None:
    (tmp_path / "state").mkdir()
    file = tmp_path / "state" / name
    file.write_text("[limits]\nshortest_interval = 0.5\n")
    before = file.stat()
    agent = Agent(tmp_path, allowlist_file=str(file)).recover()
    agent.apply(spec(1, cpu=0.5))
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_copy_is_kept_once_whoever_finds_the_list_changed(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    last = tmp_path / "last.toml"
    policy, together = Allowlist(str(file), last=last), threading.Barrier(8)

    def ask(number: int) -> None:
        together.wait()
        policy.refusals(Goal(), 10.0)
        if not together.wait():
            file.write_text("#" * number)

    def often() -> None:
        for number in range(1, 31):
            ask(number)

    threads = [threading.Thread(target=often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not caplog.records
    assert last.read_text() == "#" * 29


def test_a_file_that_others_may_write_is_no_policy(tmp_path: Path, file: Path) -> None:
    file.write_text("")
    file.chmod(0o666)
    with pytest.raises(exception.RefusedByAgent, match="writable by nobody else"):
        make(tmp_path).apply(spec(1, cpu=True))


def test_a_layer_cannot_pass_for_the_operators(tmp_path: Path) -> None:
    agent = make(tmp_path)
    (layer,) = spec(1, exec=EXEC).layers
    with pytest.raises(exception.RefusedByAgent):
        agent.apply(replace(spec(1), layers=(replace(layer, id="origin"),)))
    (layer,) = spec(1, cpu=True).layers
    agent.apply(replace(spec(1), layers=(replace(layer, id="origin"),)))
    assert agent.enabled() == {"cpu"}


def test_the_operators_own_plugins_are_not_judged(tmp_path: Path) -> None:
    (tmp_path / "collectd.conf").write_text('LoadPlugin exec\n<Plugin exec>\n  Exec "nobody" "/x"\n</Plugin>\n')
    agent = make(tmp_path)
    agent.apply(spec(1, exec=False))
    assert agent.apply(spec(2, exec=True)).outcome == "applied"


@pytest.mark.parametrize("away", [False, True], ids=["the agent runs", "it is away"])
def test_a_stricter_list_holds_where_drift_is_left_and_is_none(tmp_path: Path, file: Path, away: bool) -> None:
    agent = make(tmp_path, on_drift=drift.LEAVE)
    agent.apply_and_look(spec(1, cpu=True, load=True))

    def after(text: str) -> Agent:
        file.write_text(text)
        return make(tmp_path, collectd=agent.collectd, on_drift=drift.LEAVE) if away else agent

    stricter = after('[plugins]\ndeny = ["load"]\n')
    eventually(lambda: looked(stricter) == {"cpu"})
    assert (looked(stricter), stricter.status().drift) == ({"cpu"}, ())
    milder = after("")
    eventually(lambda: looked(milder) == {"cpu", "load"})
    assert (looked(milder), milder.status().drift) == ({"cpu", "load"}, ())
    # What somebody else does is still left, and told.
    milder.collectd.running = replace(milder.collectd.running, plugins={})
    assert (looked(milder), [each.kind for each in milder.status().drift]) == (set(), [drift.DAEMON])


def test_a_stricter_list_holds_where_an_earlier_release_left_it(tmp_path: Path, file: Path) -> None:
    agent = make(tmp_path, on_drift=drift.LEAVE)
    agent.apply_and_look(spec(1, cpu=True, load=True))
    agent.service.state.remember(reached=None)
    agent.collectd.running = replace(agent.collectd.running, plugins={})
    assert (looked(agent), [each.kind for each in agent.status().drift]) == (set(), [drift.DAEMON])
    file.write_text('[plugins]\ndeny = ["load"]\n')
    eventually(lambda: looked(make(tmp_path, collectd=agent.collectd, on_drift=drift.LEAVE)) == {"cpu"})


def test_too_many_samples_are_too_many_where_drift_is_left(tmp_path: Path, file: Path) -> None:
    file.write_text("[limits]\nsamples_per_second = 0.75\n")
    agent = make(tmp_path, on_drift=drift.LEAVE)
    agent.apply_and_look(spec(1, cpu=1.0, load=10.0))
    agent.service._sweep.refresh()
    eventually(lambda: looked(agent) == {"load"})
    assert agent.status().drift == ()


def test_what_turns_out_to_be_too_much_is_switched_off(tmp_path: Path, file: Path) -> None:
    file.write_text("[limits]\nsamples_per_second = 0.75\n")
    agent = make(tmp_path)
    agent.apply(spec(1, cpu=1.0, load=10.0))
    assert agent.enabled() == {"cpu", "load"}
    agent.service._sweep.refresh()
    eventually(lambda: looked(agent) == {"load"})
    assert any("cpu: It turned out to give more samples" in line for line in agent.status().warnings)
    agent.apply(spec(2, cpu=1.0, load=20.0))
    assert agent.enabled() == {"load"}
    agent.apply(spec(3, cpu=5.0, load=10.0))
    eventually(lambda: looked(agent) == {"cpu", "load"})


def test_the_rate_of_samples_is_bounded(file: Path) -> None:
    file.write_text("[limits]\nsamples_per_second = 100\n")
    allowlist = Allowlist(str(file), lambda plugin, _: {"cpu": 200, "load": 10}[plugin])
    slow, fast = goal(cpu=PluginGoal(True, 10.0)), goal(cpu=PluginGoal(True, 1.0))
    allowlist.check(slow, goal(), 10.0)
    with pytest.raises(exception.RefusedByAgent) as refused:
        allowlist.check(fast, slow, 10.0)
    assert refused.value.kwargs["reason_code"] == "rate"
    # A host that is above the bound already may be brought down step by step.
    allowlist.check(goal(cpu=PluginGoal(True, 1.5)), fast, 10.0)


def test_what_bears_no_plugins_name_is_told_and_bound_by_nothing(file: Path) -> None:
    file.write_text("[limits]\nsamples_per_second = 100\n")
    seen = {"all": 100.0, "cpu": 5}
    allowlist = Allowlist(str(file), lambda plugin, _: int(seen[plugin]), everything=lambda: seen["all"])
    now = goal(cpu=PluginGoal(True, 1.0))
    assert allowlist.refusals(now, 10.0) == ()
    seen["all"] = 100.1
    (said,) = allowlist.refusals(now, 10.0)
    assert "no plugin's name" in said
    seen["cpu"] = 101
    (said,) = allowlist.refusals(now, 10.0)
    assert said.endswith("its operator's among them."), "one reason is enough"


class Bounded:
    """An allow-list that allows 100 samples per second, and how many metrics each plugin has."""

    def __init__(self, file: Path, **metrics: int) -> None:
        file.write_text("[limits]\nsamples_per_second = 100\n")
        self.allowlist = Allowlist(str(file), lambda plugin, _: metrics[plugin])

    def left(self, goal: Goal) -> set[str]:
        """What is on after a look."""
        goal = self.allowlist.permitted(goal)
        self.allowlist.bound(goal, 10.0)
        return {name for name, plugin in self.allowlist.permitted(goal).plugins.items() if plugin.enabled}


def test_no_more_is_switched_off_than_has_to_be(file: Path) -> None:
    bounded = Bounded(file, cpu=90, load=60, df=2000)
    asked = goal(cpu=PluginGoal(True, 1.0), load=PluginGoal(True, 1.0), df=PluginGoal(True))
    assert bounded.left(asked) == {"cpu", "load"}, "2000 metrics every ten seconds"
    assert bounded.left(asked) == {"load"}, "150 samples a second"
    assert bounded.left(asked) == {"load"}
    restarted = {**asked.plugins, "df": replace(asked.plugins["df"], restarts=1)}
    assert bounded.left(Goal(restarted)) == {"load"}, "it gives as many as before"
    slower = {**asked.plugins, "df": replace(asked.plugins["df"], interval=60.0)}
    assert bounded.left(Goal(slower)) == {"load", "df"}


def test_what_would_be_switched_off_is_foreseen(file: Path) -> None:
    """Whatever gives most, be it not what was tried."""
    bounded = Bounded(file, cpu=80, load=0, df=0, snmp=5000)
    now = goal(cpu=PluginGoal(True, 1.0), load=PluginGoal(True, 1.0), snmp=PluginGoal(True, origin="host"))
    excess = bounded.allowlist.excess
    assert excess(now, {"load": 20.0}, 10.0) == ()
    (said,) = excess(now, {"load": 50.0}, 10.0)
    assert said == "cpu would be switched off: of 130 samples per second this host allows 100."
    (said,) = excess(now, {"load": 150.0}, 10.0)
    assert said.startswith("load would be"), "the rest is no more than allowed"
    (said,) = excess(goal(**now.plugins, df=PluginGoal(True)), {"load": 90.0, "df": 70.0}, 10.0)
    assert said.startswith("load, cpu would be")
    assert excess(now, {"cpu": 50.0, "load": 50.0}, 10.0) == (), "it was tried as it would be by then"
    assert excess(now, {"snmp": 500.0}, 10.0) == ()


def test_the_operators_own_samples_are_nobodys_fault(file: Path) -> None:
    bounded = Bounded(file, cpu=40, snmp=5000)
    theirs = PluginGoal(True, origin="host")
    both = goal(cpu=PluginGoal(True, 1.0), snmp=theirs)
    assert bounded.left(both) == {"cpu", "snmp"}
    (said,) = bounded.allowlist.refusals(both, 10.0)
    assert "more than the 100 samples per second" in said
    with pytest.raises(exception.RefusedByAgent):
        bounded.allowlist.check(both, goal(snmp=theirs), 10.0)
    assert (
        bounded.allowlist.refusals(goal(cpu=PluginGoal(True, 1.0), snmp=PluginGoal(False, origin="host")), 10.0) == ()
    )


def buffers(n: int, **settings: dict[str, Any]) -> HostSpec:
    return HostSpec(Generation("e", n), (Layer(HOST, sections=settings),))


def test_the_host_says_how_much_of_its_disk_may_be_taken(tmp_path: Path, file: Path) -> None:
    agent = make(tmp_path)
    for option, settings in (("spool", {"limits": {"bytes": 1 << 40}}), ("ring", {"all": {"bytes": 1 << 40}})):
        with pytest.raises(exception.RefusedByAgent) as refused:
            agent.apply(buffers(1, **{option: settings}))
        assert (refused.value.kwargs["option"], refused.value.kwargs["reason_code"]) == (option, "size")
    assert agent.service.state.memory.taken is None
    file.write_text("[limits]\nspool_bytes = 2e12\nring_bytes = 2e12\n")
    agent.apply(buffers(1, spool={"limits": {"bytes": 1 << 40}}, ring={"all": {"identifier": "*", "bytes": 1 << 40}}))
    # Its operator thinks better of it: what is remembered is held to that.
    file.write_text("[limits]\nspool_bytes = 1048576\nring_bytes = 2097152\n")
    assert agent.service.state.section("spool") == {"limits": {"bytes": 1048576}}
    assert agent.service.state.section("ring") == {"all": {"identifier": "*", "bytes": 2097152}}
    status = agent.status()
    assert status.sections["ring"]["settings"]["all"]["bytes"] == 2097152
    assert any("are more than the 1048576 of this host" in line for line in status.warnings)


def test_a_choice_that_nobody_can_understand_is_not_taken_up(tmp_path: Path) -> None:
    """The API would not have sent it."""
    agent = make(tmp_path)
    with pytest.raises(exception.RefusedByAgent) as refused:
        agent.apply(buffers(1, samples={"a": {"identifier": "*", "interval": "x"}, "b": {"identifier": "*"}}))
    assert (refused.value.kwargs["option"], refused.value.kwargs["reason_code"]) == ("samples > a", "config")
    assert agent.service.state.memory.taken is None


def test_what_holds_is_digested_once(tmp_path: Path, file: Path) -> None:
    """Each look asks for it, and there may be thousands of rules."""
    agent = make(tmp_path)
    agent.apply_and_look(spec(1, cpu=1.0, load=10.0))
    state = agent.service.state
    before = state.in_force(state.memory.current)
    agent.service.keeper.look()
    assert state.in_force(state.memory.current) is before
    file.write_text('[plugins]\ndeny = ["load"]\n')
    denied = state.in_force(state.memory.current)
    assert denied != before
    file.write_text("[limits]\nsamples_per_second = 0.75\n")
    assert state.in_force(state.memory.current) == before
    agent.service._sweep.refresh()
    eventually(lambda: looked(agent) == {"load"})
    assert state.in_force(state.memory.current) not in (before, denied)


def test_another_collectd_is_run_only_where_the_host_names_it(tmp_path: Path, file: Path) -> None:
    agent = make(tmp_path)
    agent.apply(spec(1, cpu=True))
    layer = Layer(HOST, dict(spec(1, cpu=True).layers[0].plugins))
    wanted = replace(layer, sections={"program": {"collectd": {"binary": "/opt/collectd"}}})
    with pytest.raises(exception.RefusedByAgent) as refused:
        agent.apply(HostSpec(Generation("e", 2), (wanted,)))
    assert (refused.value.kwargs["option"], refused.value.kwargs["reason_code"]) == ("program > binary", "program")
    file.write_text('[collectd]\nbinaries = ["/opt/*"]\n')
    assert agent.apply(HostSpec(Generation("e", 3), (wanted,))).sections["program"] != sections.NOTHING
    file.unlink()
    agent.service.keeper.look()
    assert agent.collectd.running.sections["program"] == sections.NOTHING
    assert any("/opt/collectd" in line for line in agent.service.state.refusals(agent.service.state.memory.current))


def test_the_configured_collectd_needs_no_name(tmp_path: Path) -> None:
    wanted = Goal(sections={"program": {"collectd": {"binary": "/usr/sbin/collectd"}}})
    with pytest.raises(exception.RefusedByAgent):
        Allowlist().check(wanted, Goal(), 10.0)
    Allowlist(configured={"binary": "/usr/sbin/collectd"}).check(wanted, Goal(), 10.0)
