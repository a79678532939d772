# SPDX-License-Identifier: Apache-2.0
"""What a killed agent left half done is ended before anything else; where it cannot be, it is tried again."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import faults
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Counters, Generation
from collectd_mgr.drivers.base import Recovered
from tests.unit.agent.agents import Agent, Live, spec
from tests.unit.agent.test_crash import Killed, killer
from tests.unit.agent.test_leases import leased, let_pass
from tests.waiting import eventually


def stuck(trouble: list[str], blind: list[str] | None = None) -> type[Live]:
    """A driver whose recovery fails while there is ``trouble``, and each look while it is ``blind``."""

    class Stuck(Live):
        def recover(self) -> Recovered:
            if trouble:
                raise OSError(trouble[0])
            return super().recover()

        def observe(self) -> Running:
            if blind:
                raise OSError(blind[0])
            return super().observe()

    return Stuck


@pytest.fixture
def cut_off(tmp_path: Path) -> Agent:
    """Generation 1 is applied, generation 2 was being done."""
    agent = Agent(tmp_path).recover()
    agent.apply_and_look(spec(1, memory=True))
    with pytest.raises(Killed):
        Agent(tmp_path, agent.collectd, fault=killer(faults.ACTING)).recover().apply(spec(2, memory=True, cpu=True))
    return agent


def test_one_that_fails_is_said_and_tried_again(cut_off: Agent, tmp_path: Path) -> None:
    trouble = ["no space left"]
    agent = Agent(tmp_path, cut_off.collectd, live=stuck(trouble)).recover()
    assert "no space left" in str(agent.status().warnings)
    trouble.clear()

    def ended() -> bool:
        agent.service.keeper.look()
        return agent.enabled() == {"memory", "cpu"}

    eventually(ended)
    status = agent.status()
    assert (status.generation, status.outcome, status.warnings) == (Generation("e", 2), "applied", ())


def test_a_lease_whose_time_is_over_waits_for_it_with_the_daemon_alone(tmp_path: Path) -> None:
    before = Agent(tmp_path).recover()
    before.apply_and_look(leased(spec(1, memory=True), 600.0, swap=1.0))
    trouble = ["no space left"]
    agent = Agent(tmp_path, before.collectd, live=stuck(trouble)).recover()
    let_pass(agent, 600.0)
    agent.service.keeper.look()
    assert agent.status().leases["lease:1"]["state"] == "ended"
    assert agent.enabled() == {"memory", "swap"}
    trouble.clear()

    def ended() -> bool:
        agent.service.keeper.look()
        return agent.enabled() == {"memory"}

    eventually(ended)


def test_looks_that_come_in_between_do_not_close_the_journal(cut_off: Agent, tmp_path: Path) -> None:
    """What was cut off is known, and what becomes of it could not be remembered."""
    agent, lines = Agent(tmp_path, cut_off.collectd), tmp_path / "state" / "memory.lines"
    lines.unlink()
    lines.mkdir()
    agent.recover()
    assert "memory.lines" in str(agent.service.state.notices())
    lines.rmdir()
    agent.service.keeper.close()

    def ended() -> bool:
        agent.service.keeper.look()
        return agent.enabled() == {"memory", "cpu"}

    eventually(ended)


def test_a_journal_that_notes_no_start_is_told_by_the_pid(cut_off: Agent, tmp_path: Path) -> None:
    """Of an earlier agent: the daemon that has that pid did not die, whatever the wall clock says."""
    path = tmp_path / "state" / "journal"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        if "intent" in record:
            del record["intent"]["since_boot"]
            record["intent"]["started"] -= 3600.0
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    agent = Agent(tmp_path, cut_off.collectd).recover()
    assert (agent.status().outcome, agent.status().quarantine) == ("applied", None)


def test_nothing_new_is_begun_before(cut_off: Agent, tmp_path: Path) -> None:
    """It would hide what the journal says; the service sends it again."""
    agent = Agent(tmp_path, cut_off.collectd, live=stuck(["no space left"])).recover()
    with pytest.raises(exception.RequestTimeout, match="no space left"):
        agent.apply(spec(3, memory=True, df=True))
    assert agent.enabled() == {"memory"}


def test_it_comes_first_where_the_mode_did_not_allow_it(cut_off: Agent, tmp_path: Path) -> None:
    (tmp_path / "mode").write_text("off")
    agent = Agent(tmp_path, cut_off.collectd).recover()
    cut_off.collectd.die()
    (tmp_path / "mode").unlink()
    agent.apply(spec(3, memory=True, df=True))
    # It died in a live operation, for all that anybody knows; the next change is made without that.
    assert agent.service.state.memory.quarantine is not None


def test_what_was_overtaken_is_not_gone_on_with(cut_off: Agent, tmp_path: Path) -> None:
    (tmp_path / "mode").write_text("off")
    agent = Agent(tmp_path, cut_off.collectd).recover()
    agent.apply(spec(3, memory=True))
    (tmp_path / "mode").unlink()
    agent.service.keeper.look()
    assert (agent.status().generation, agent.enabled()) == (Generation("e", 3), {"memory"})


def test_a_look_that_fails_is_said(tmp_path: Path) -> None:
    blind: list[str] = []
    agent = Agent(tmp_path, live=stuck([], blind)).recover()
    blind.append("too many open files")
    stop = threading.Event()
    thread = threading.Thread(target=agent.service.keeper.run, args=(stop,))
    thread.start()
    try:
        eventually(lambda: "too many open files" in str(agent.service.state.notices()))
        blind.clear()
        eventually(lambda: agent.service.state.notices() == ())
    finally:
        stop.set()
        thread.join()


class Finds(Live):
    """A driver that has to end something."""

    def recover(self) -> Recovered:
        return Recovered(self.observe(), ("The agent was killed on the way: 2 goes on.",))


def test_what_had_to_be_ended_is_told_with_what_was_cut_off(cut_off: Agent, tmp_path: Path) -> None:
    agent = Agent(tmp_path, cut_off.collectd, live=Finds).recover()
    status = agent.status()
    assert (status.outcome, status.generation) == ("applied", Generation("e", 2))
    assert status.warnings == ("The agent was killed on the way: 2 goes on.",)
    assert agent.apply(spec(3, memory=True)).warnings == ()


def test_it_is_told_where_nothing_was_cut_off(tmp_path: Path) -> None:
    agent = Agent(tmp_path, live=Finds).recover()
    assert agent.status().warnings == ("The agent was killed on the way: 2 goes on.",)


@pytest.mark.parametrize(
    ("counters", "how"),
    [
        (Counters(daemon_replacements=1), {"replaced": True, "restarted": False}),
        (Counters(daemon_restarts=1), {"replaced": False, "restarted": True}),
    ],
    ids=["replace", "restart"],
)
def test_a_daemon_that_was_there_when_the_agent_was_killed_is_told(
    tmp_path: Path, counters: Counters, how: dict[str, bool]
) -> None:
    agent, wanted = Agent(tmp_path).recover(), spec(2, memory=True)
    agent.apply_and_look(spec(1, memory=True))
    killed = Agent(tmp_path, agent.collectd, fault=killer(faults.APPLIED)).recover()
    with pytest.raises(Killed):
        killed.apply(replace(wanted, layers=tuple(layer.with_counters(counters) for layer in wanted.layers)))
    pid = agent.collectd.running.pid
    status = Agent(tmp_path, agent.collectd).recover().status()
    assert (status.outcome, status.driver, status.daemon["pid"]) == ("applied", "fake", pid)
    assert {name: status.daemon[name] for name in how} == how
