# SPDX-License-Identifier: Apache-2.0
"""The way of a change, and that desired and effective meet again whatever went wrong between them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.control import edits, history, plugins
from collectd_mgr.control.hosts import HostControl, status_of
from collectd_mgr.control.requester import Requester
from collectd_mgr.db import claims, generations, hosts, operations
from collectd_mgr.db.engine import Database, Executor, now
from collectd_mgr.db.hosts import Filters
from collectd_mgr.db.models import Host, Operation
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.spec import Generation, HostSpec, Layer, PluginSetting, merge
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import BAD, ScriptedAgent, served
from tests.waiting import PATIENCE

HOST = "c1.example.org"
ALICE = Requester("alice", "ops", "req-1", "INC-12")


@pytest.fixture
def agent(bus: Any, control: HostControl) -> Iterator[ScriptedAgent]:
    with served(bus, ScriptedAgent(HOST)) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        yield agent


def enable(control: HostControl, plugin: str = "cpu", expected: Generation | None = None) -> Operation:
    edit = edits.set_plugin(plugin, PluginSetting(True))
    return control.change(ALICE, HOST, edit, "set", plugin, expected).operation


def operation(control: HostControl, row: Operation) -> Operation:
    with control.database.reader() as session:
        return operations.get(session, row.id)


def test_the_answer_says_what_the_host_does(control: HostControl, agent: ScriptedAgent) -> None:
    row = enable(control)
    assert (row.state, row.driver, row.from_n, row.to_n) == ("succeeded", "live", 0, 1)
    assert (row.user, row.project, row.request_id, row.reason) == ("alice", "ops", "req-1", "INC-12")
    host = control.get(HOST)
    assert (host.n, host.settled, host.last_good) == (1, 1, 1)
    status = status_of(host)
    assert status is not None
    assert status.plugins["cpu"].health == "registered"


def test_each_change_is_one_line_of_the_log(
    control: HostControl, agent: ScriptedAgent, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "collectd_mgr.control.hosts")
    row = enable(control)
    who = f"[req-1] set cpu of {HOST} by user alice of project ops"
    assert caplog.messages == [f"{who}: operation {row.id} is succeeded"]


def test_a_change_that_changes_nothing_is_an_operation_too(control: HostControl, agent: ScriptedAgent) -> None:
    assert [enable(control).state, enable(control).state] == ["succeeded", "succeeded"]
    assert control.get(HOST).n == 2


def test_after_a_failure_the_last_good_spec_is_desired(control: HostControl, agent: ScriptedAgent) -> None:
    enable(control)
    row = enable(control, BAD)
    assert (row.state, row.error and row.error["code"]) == ("failed", "config_rejected")
    assert row.error is not None
    assert "hunter2" not in str(row.error)
    host, desired = control.desired(HOST)
    assert set(desired.layer.plugins) == {"cpu"}
    assert (host.n, host.settled, host.last_good) == (3, 3, 3)
    with control.database.reader() as session:
        rollback = generations.get(session, host, 3)
    assert (rollback.action, rollback.rollback_of, rollback.outcome) == ("rollback", 2, "applied")
    attempt = history.failed_attempt(control.database, HOST)
    assert attempt is not None
    assert (attempt.id, attempt.error) == (row.id, row.error)
    enable(control, "df")
    assert history.failed_attempt(control.database, HOST) is None


def test_a_refusal_by_the_agent_fails_the_operation(control: HostControl, agent: ScriptedAgent) -> None:
    agent.refuse = exception.RefusedByAgent("exec is denied here", plugin="exec")
    with pytest.raises(exception.RefusedByAgent):
        enable(control, "exec")
    with control.database.reader() as session:
        (row,) = operations.listed(session, operations.Filters(), Paging())
    assert (row.state, row.error and row.error["code"]) == ("failed", "refused_by_agent")
    assert control.desired(HOST)[1].layer.plugins == {}


def test_a_silent_host_gets_its_spec_when_it_is_back(control: HostControl, bus: Any) -> None:
    agent = ScriptedAgent(HOST)
    control.receive(Reports(statuses=(agent.status(),)))
    control._wait = 0.2
    row = enable(control)
    assert row.state == "pending"
    assert control.unsettled() == [HOST]
    with served(bus, agent):
        control.send(HOST, PATIENCE)
    assert operation(control, row).state == "succeeded"
    assert control.unsettled() == []


def test_a_status_settles_what_a_lost_reply_left_open(control: HostControl, bus: Any) -> None:
    agent = ScriptedAgent(HOST)
    control.receive(Reports(statuses=(agent.status(),)))
    control._wait = 0.1
    row = enable(control)
    agent.apply({}, control.spec_of(HOST).to_dict())
    status = agent.status()
    for _ in range(2):
        control.receive(Reports(statuses=(status,)))
    assert operation(control, row).state == "succeeded"
    assert control.get(HOST).n == 1


def test_a_generation_that_somebody_else_left_behind_is_refused(control: HostControl, agent: ScriptedAgent) -> None:
    seen = Generation(control.get(HOST).epoch, 0)
    enable(control, "cpu", seen)
    with pytest.raises(exception.StaleGeneration) as caught:
        enable(control, "df", seen)
    assert caught.value.kwargs["generation"]["n"] == 1
    assert len(agent.seen) == 1


def test_a_database_restored_to_last_week_converges(control: HostControl, agent: ScriptedAgent) -> None:
    enable(control)
    epoch = control.get(HOST).epoch
    agent.apply({}, HostSpec(Generation(epoch, 9), (Layer("host", {"df": PluginSetting(True)}),)).to_dict())
    row = enable(control, "memory")
    assert (row.state, row.to_n) == ("succeeded", 11)
    assert agent.running is not None
    assert set(agent.running.layers[0].plugins) == {"cpu", "memory"}


def test_a_restored_database_converges_without_anybody_asking(control: HostControl, agent: ScriptedAgent) -> None:
    enable(control)
    epoch = control.get(HOST).epoch
    agent.apply({}, HostSpec(Generation(epoch, 9), (Layer("host", {"df": PluginSetting(True)}),)).to_dict())
    control.receive(Reports(statuses=(agent.status(),)))
    assert control.unsettled() == [HOST]
    control.send(HOST, PATIENCE)
    assert agent.running is not None
    assert (agent.running.generation.n, set(agent.running.layers[0].plugins)) == (11, {"cpu"})
    assert control.unsettled() == []


def test_what_the_host_had_before_a_database_was_restored_settles_nothing(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """Its number lies between what was stored and what is desired above it by now."""
    enable(control)
    agent.apply({}, HostSpec(Generation(control.get(HOST).epoch, 9), (Layer("host"),)).to_dict())
    agent.refuse = exception.RequestTimeout("It is away.")
    rows = [enable(control, name) for name in ("memory", "load")]
    for _ in range(2):
        control.receive(Reports(statuses=(agent.status(),)))
    assert (control.get(HOST).n, {operation(control, row).state for row in rows}) == (11, {"pending"})
    agent.refuse = None
    control.send(HOST, PATIENCE)
    assert {operation(control, row).state for row in rows} == {"succeeded"}


@pytest.mark.parametrize("more", [0, 1])
def test_a_number_that_a_restored_database_gives_again_is_another_generation(
    control: HostControl, agent: ScriptedAgent, more: int
) -> None:
    """The host was away when something was asked for, and says first what it has had under that number before."""
    enable(control)
    wanted = HostSpec(Generation(control.get(HOST).epoch, 2), (Layer("host", {"df": PluginSetting(True)}),))
    agent.apply({}, wanted.to_dict())
    agent.refuse = exception.RequestTimeout("It is away.")
    rows = [enable(control, name) for name in ("memory", "load")[: 1 + more]]
    for _ in range(2):
        control.receive(Reports(statuses=(agent.status(),)))
    assert {operation(control, row).state for row in rows} == {"pending"}
    agent.refuse = None
    control.send(HOST, PATIENCE)
    assert {operation(control, row).state for row in rows} == {"succeeded"}
    assert agent.running is not None
    assert (agent.running.generation.n, len(agent.running.layers[0].plugins)) == (4 + more, 2 + more)
    assert control.unsettled() == []


def test_a_forgotten_host_comes_back_as_new(control: HostControl, agent: ScriptedAgent) -> None:
    enable(control)
    with pytest.raises(exception.HostUp):
        control.forget(HOST)
    control.forget(HOST, force=True)
    with pytest.raises(exception.HostNotFound):
        control.get(HOST)
    control.receive(Reports(heartbeats=(agent.status().heartbeat(),)))
    control.receive(Reports(statuses=(agent.status(),)))
    control.send(HOST, PATIENCE)
    assert agent.running is not None
    assert (agent.running.generation.n, dict(agent.running.layers[0].plugins)) == (0, {})
    assert enable(control, "df").state == "succeeded"


def test_a_record_from_before_the_host_was_forgotten_gets_a_new_epoch(
    control: HostControl, agent: ScriptedAgent
) -> None:
    agent.past.add(control.get(HOST).epoch)
    agent.taken = HostSpec(Generation("the-later-epoch", 4))
    row = enable(control)
    assert row.state == "succeeded"
    assert agent.taken.generation.epoch == control.get(HOST).epoch == row.epoch


def test_a_new_epoch_leaves_no_operation_open(control: HostControl, agent: ScriptedAgent) -> None:
    agent.past.add(control.get(HOST).epoch)
    agent.taken = HostSpec(Generation("the-later-epoch", 4))
    agent.refuse = exception.RequestTimeout("It is busy.")
    first, second = enable(control, "df"), enable(control, "cpu")
    assert {operation(control, row).state for row in (first, second)} == {"pending"}
    agent.refuse = None
    control.send(HOST, PATIENCE)
    assert [operation(control, row).state for row in (first, second)] == ["succeeded", "succeeded"]


def test_an_agent_that_lost_its_memory_gets_its_spec_again(control: HostControl, agent: ScriptedAgent) -> None:
    enable(control)
    agent.forget()
    control.receive(Reports(statuses=(agent.status(),)))
    assert control.unsettled() == [HOST]
    control.send(HOST, PATIENCE)
    assert agent.running is not None
    assert (agent.running.generation.n, control.unsettled()) == (1, [])


def test_so_does_one_whose_newest_failed_with_what_was_good(control: HostControl, agent: ScriptedAgent) -> None:
    """There was nothing to take back: what is desired is what it ran all the time."""
    enable(control)
    row = enable(control)
    agent.error = exception.DaemonDied()
    control.receive(Reports(statuses=(agent.status(),)))
    assert operation(control, row).state == "failed"
    agent.forget()
    control.receive(Reports(statuses=(agent.status(),)))
    assert control.unsettled() == [HOST]
    control.send(HOST, PATIENCE)
    assert agent.running is not None
    assert control.unsettled() == []


@pytest.mark.parametrize("kind", [exception.HostNotManaged, exception.RefusedByAgent, exception.AgentOutdated])
def test_what_was_applied_is_not_lost_where_it_is_refused_by_one_without_memory(
    control: HostControl, agent: ScriptedAgent, kind: type[exception.CollectdMgrError]
) -> None:
    """A new disk, and a local file that has the host left alone, an allow-list that is not there yet, or an agent of
    before what was asked for.
    """
    enable(control)
    row = enable(control, "df")
    agent.forget()
    agent.refuse = kind("Not here.")
    control.receive(Reports(statuses=(agent.status(),)))
    assert control.unsettled() == [HOST]
    control.send(HOST, PATIENCE)
    host, desired = control.desired(HOST)
    assert (host.n, set(desired.layer.plugins), operation(control, row).state) == (2, {"cpu", "df"}, "succeeded")
    assert (control.unsettled(), host.last_good < host.n) == ([], True)
    agent.refuse = None
    control.receive(Reports(statuses=(agent.status(),)))
    assert control.unsettled() == [HOST]
    control.send(HOST, PATIENCE)
    assert agent.running is not None
    assert set(merge(agent.running.layers).plugins) == {"cpu", "df"}
    host = control.get(HOST)
    assert (host.settled, host.last_good) == (2, 2)


@pytest.mark.parametrize("plugin", ["df", "cpu"], ids=["something else", "the same again"])
def test_what_an_agent_of_before_refuses_to_go_on_with_is_sent_to_the_one_after_it(
    control: HostControl, agent: ScriptedAgent, plugin: str
) -> None:
    """It was taken back to an older release, and does not know all that the host has: a rollback neither."""
    enable(control)
    good = agent.status().generation
    assert good is not None
    agent.refuse = exception.AgentOutdated("Does not know phases.", good=good.to_dict())
    row = operation(control, enable(control, plugin))
    assert (row.state, control.unsettled()) == ("failed", [])
    assert [host.name for host in control.listed(Filters(in_sync=False), Paging())] == [HOST]
    said = history.failed_attempt(control.database, HOST)
    assert said is not None
    assert said.error == row.error
    # At its news it is asked once more, and no more than once.
    control.receive(Reports(statuses=(agent.status(),)))
    assert control.unsettled() == [HOST]
    control.send(HOST, PATIENCE)
    assert control.unsettled() == []
    agent.refuse = None
    control.receive(Reports(statuses=(agent.status(),)))
    control.send(HOST, PATIENCE)
    assert [host.name for host in control.listed(Filters(in_sync=True), Paging())] == [HOST]
    assert set(control.desired(HOST)[1].layer.plugins) == {"cpu"}
    assert operation(control, row).state == "failed"


def test_what_a_host_without_memory_always_refused_is_not_sent_for_ever(
    control: HostControl, agent: ScriptedAgent
) -> None:
    agent.refuse = exception.HostNotManaged("Not here.")
    assert operation(control, enable(control)).state == "failed"
    control.send(HOST, PATIENCE)
    control.receive(Reports(statuses=(agent.status(),)))
    assert control.unsettled() == []
    agent.refuse = None
    assert operation(control, enable(control, "df")).state == "succeeded"


def test_a_forgotten_host_that_is_to_be_left_alone_is_not_in_sync(control: HostControl, agent: ScriptedAgent) -> None:
    """It came back with what it was asked by the record before; this one wants nothing of that."""
    agent.taken = HostSpec(Generation("before", 4))
    agent.refuse = exception.HostNotManaged("Not here.")
    control.receive(Reports(statuses=(agent.status(),)))
    control.send(HOST, PATIENCE)
    assert (control.unsettled(), control.listed(Filters(in_sync=True), Paging())) == ([], [])
    agent.refuse = None
    control.receive(Reports(statuses=(agent.status(),)))
    control.send(HOST, PATIENCE)
    assert [host.name for host in control.listed(Filters(in_sync=True), Paging())] == [HOST]


def test_a_late_status_undoes_nothing(control: HostControl, agent: ScriptedAgent) -> None:
    late = agent.status()
    enable(control)
    control.receive(Reports((late.heartbeat(),), (late,)))
    assert control.unsettled() == []
    status = status_of(control.get(HOST))
    assert status is not None
    assert set(status.plugins) == {"cpu"}


def test_the_daemon_that_died_of_it_later_takes_the_spec_back(control: HostControl, agent: ScriptedAgent) -> None:
    """The agent reports ``applied``, and in the probation after it ``failed``."""
    enable(control)
    row = enable(control, "df")
    agent.error = exception.DaemonDied()
    control.receive(Reports(statuses=(agent.status(),)))
    said = operation(control, row)
    assert (said.state, said.error and said.error["code"]) == ("failed", "daemon_died")
    host, desired = control.desired(HOST)
    assert (host.n, host.last_good, set(desired.layer.plugins)) == (3, 1, {"cpu"})


def test_what_the_daemon_had_not_outlived_before_that_is_taken_back_too(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """Two changes soon after each other: the host is back at what was before both."""
    enable(control)
    first, second = enable(control, "df"), enable(control, "load")
    agent.error = exception.DaemonDied(good=Generation(control.get(HOST).epoch, 1).to_dict())
    for _ in range(2):
        control.receive(Reports(statuses=(agent.status(),)))
    assert [operation(control, row).state for row in (first, second)] == ["failed", "failed"]
    host, desired = control.desired(HOST)
    assert (host.n, host.last_good, set(desired.layer.plugins)) == (4, 1, {"cpu"})


def test_so_it_is_where_another_change_has_failed_meanwhile(control: HostControl, agent: ScriptedAgent) -> None:
    """What is desired then is a rollback, to what collectd dies of a moment later."""
    enable(control)
    good, died = agent.running, enable(control, "df")
    assert enable(control, BAD).state == "failed"
    assert good is not None
    agent.running, agent.error = good, exception.DaemonDied(good=good.generation.to_dict())
    for _ in range(2):
        control.receive(Reports(statuses=(agent.status(),)))
    said = operation(control, died)
    assert (said.state, said.error and said.error["code"]) == ("failed", "daemon_died")
    host, desired = control.desired(HOST)
    assert (host.n, host.last_good, set(desired.layer.plugins)) == (5, 1, {"cpu"})
    control.send(HOST, PATIENCE)
    assert control.get(HOST).last_good == 5
    # Should it die of that as well, there is nothing earlier.
    agent.error = exception.DaemonDied(good=good.generation.to_dict())
    for _ in range(2):
        control.receive(Reports(statuses=(agent.status(),)))
    assert control.get(HOST).n == 5


def test_a_host_that_is_not_managed_is_left_alone(control: HostControl) -> None:
    control.receive(Reports(statuses=(HostStatus(HOST, 1, 1, mode=Mode("observe", reason="freeze")),)))
    with pytest.raises(exception.HostNotManaged, match="freeze"):
        enable(control)
    assert control.get(HOST).n == 0


def test_of_a_host_that_has_not_said_its_mode_none_is_claimed(control: HostControl) -> None:
    control.receive(Reports((HostStatus(HOST, 1, 1).heartbeat(),)))
    control._wait = 0.1
    assert enable(control).state == "pending"


def test_unknown_hosts_are_enrolled_once(control: HostControl) -> None:
    statuses = [HostStatus(f"c{i}", 1, 1) for i in range(20)]
    batch = _beats(statuses)
    threads = [threading.Thread(target=control.receive, args=(batch,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later = tuple(replace(status, sequence=2) for status in statuses)
    assert set(control.receive(_beats(later))) == {f"c{i}" for i in range(20)}
    assert control.receive(Reports(_beats(later).heartbeats, later)) == ()


def _beats(statuses: Iterable[HostStatus]) -> Reports:
    return Reports(tuple(status.heartbeat() for status in statuses))


def test_what_is_said_again_changes_nothing(control: HostControl, agent: ScriptedAgent) -> None:
    enable(control)
    failed = replace(agent.status(), outcome="failed", error=exception.Busy().to_dict())
    said = [failed.heartbeat(), agent.status().heartbeat()]
    row = enable(control, "memory")
    control.receive(Reports((agent.status().heartbeat(),)))
    control.lose(now() + timedelta(seconds=1))
    before = vars(control.get(HOST))
    for again in (replace(failed, generation=control.spec_of(HOST).generation), status_of(control.get(HOST))):
        assert again is not None
        control.receive(Reports(statuses=(again,)))
    for beat in said:
        assert control.receive(Reports((beat,))) == ()
    after = vars(control.get(HOST))
    assert {**after, "_sa_instance_state": None} == {**before, "_sa_instance_state": None}
    assert (after["state"], operation(control, row).state) == ("down", "succeeded")
    control.receive(Reports((agent.status().heartbeat(),)))
    assert control.get(HOST).state == "up"


def test_two_processes_change_one_host_at_once(control: HostControl, agent: ScriptedAgent, bus: Any) -> None:
    second = HostControl(control.database, AgentAPI(bus), wait=PATIENCE)
    errors: list[Exception] = []

    def work(mine: HostControl, prefix: str) -> None:
        try:
            for i in range(8):
                enable(mine, f"{prefix}{i}")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=item) for item in ((control, "a"), (second, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    host, desired = control.desired(HOST)
    assert (host.n, len(desired.layer.plugins)) == (16, 16)
    control.send(HOST, PATIENCE)
    with control.database.reader() as session:
        rows = operations.listed(session, operations.Filters(host=HOST), Paging())
    assert {row.state for row in rows} <= {"succeeded", "superseded"}
    assert control.get(HOST).settled == 16


def test_secrets_lie_in_the_database_encrypted_only(control: HostControl, agent: ScriptedAgent) -> None:
    edit = edits.set_plugin("mysql", PluginSetting(True, config={"Database": {"args": "x", "Password": "hunter2"}}))
    control.change(ALICE, HOST, edit, "set", "mysql")
    assert "hunter2" in str(control.spec_of(HOST).to_dict())
    assert "hunter2" not in dump(control.database)


def dump(database: Database) -> str:
    """Everything that is in the tables."""
    connection = database.engine.raw_connection()
    try:
        names = [row[0] for row in connection.cursor().execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return str([connection.cursor().execute(f"SELECT * FROM {name}").fetchall() for name in names])
    finally:
        connection.close()


def test_while_somebody_sends_to_a_host_nobody_else_does(control: HostControl, bus: Any) -> None:
    control.receive(Reports(statuses=(HostStatus(HOST, 1, 1, mode=Mode("manage")),)))
    impatient = HostControl(control.database, AgentAPI(bus), wait=0.05)
    enable(impatient, "cpu")
    until = now() + timedelta(seconds=60)
    with control.database.transaction() as connection:
        assert claims.claim(connection, HOST, now(), until)
    assert (control.unsettled(), control.resend(HOST, 2.0)) == ([], False)
    with control.database.transaction() as connection:
        claims.release(connection, HOST, now())
        assert not claims.claim(connection, HOST, now(), until)
        claims.release(connection, HOST, until)
    with served(bus, ScriptedAgent(HOST)):
        assert (control.unsettled(), control.resend(HOST, 2.0), control.resend(HOST, 2.0)) == ([HOST], True, False)


def test_a_claim_of_somebody_who_was_killed_ends_by_itself(control: HostControl, bus: Any) -> None:
    control.receive(Reports(statuses=(HostStatus(HOST, 1, 1, mode=Mode("manage")),)))
    enable(HostControl(control.database, AgentAPI(bus), wait=0.05), "cpu")
    with control.database.transaction() as connection:
        assert claims.claim(connection, HOST, now(), now() - timedelta(seconds=1))
    with served(bus, ScriptedAgent(HOST)):
        assert control.resend(HOST, 2.0)


def test_what_is_stored_with_a_change_is_not_without_it(control: HostControl, agent: ScriptedAgent) -> None:
    def labelled(session: Executor, host: Host) -> None:
        hosts.describe(session, host.id, "corner", {"rack": "r12"})

    def refuse(host: Host, desired: edits.Desired) -> None:
        raise exception.HostNotManaged("no")

    def described() -> tuple[str, dict[str, str]]:
        host = control.desired(HOST, labels=True)[0]
        return host.description, dict(host.labels)

    change = edits.set_mode({"mode": "manage"})
    with pytest.raises(exception.HostNotManaged):
        control.change(ALICE, HOST, change, "mode", check=refuse, also=labelled)
    with pytest.raises(exception.StaleGeneration):
        control.change(ALICE, HOST, change, "mode", expected=Generation("", 7), also=labelled)
    assert described() == ("", {})
    control.change(ALICE, HOST, change, "mode", also=labelled)
    assert described() == ("corner", {"rack": "r12"})


def test_what_had_failed_and_is_so_by_now_is_in_sync(control: HostControl, agent: ScriptedAgent) -> None:
    enable(control)
    enable(control, BAD)
    # The way back fails as well, for as long as something on the host is broken.
    newest = control.spec_of(HOST).generation
    failed = replace(agent.status(), generation=newest, outcome="failed", error=exception.DaemonNotStarted().to_dict())
    control.receive(Reports(statuses=(failed,)))
    assert control.get(HOST).last_good < newest.n
    mended = replace(agent.status(), generation=newest, outcome="applied", error=None)
    control.receive(Reports(statuses=(mended,)))
    host = control.get(HOST)
    assert (host.n, host.last_good, host.settled) == (newest.n, newest.n, newest.n)


@pytest.mark.parametrize(
    ("daemon", "in_sync"),
    [
        ({"pid": None}, False),
        ({"pid": None, "snippet": None}, False),
        ({"pid": 7}, True),
        ({"pid": 7, "snippet": None}, True),
        ({"pid": 7, "snippet": True}, True),
        ({"pid": 7, "snippet": False}, False),
    ],
)
def test_a_host_without_collectd_or_with_one_that_has_nothing_of_ours_is_in_sync_with_nothing(
    control: HostControl, agent: ScriptedAgent, daemon: dict[str, Any], in_sync: bool
) -> None:
    enable(control)
    control.receive(Reports(statuses=(replace(agent.status(), daemon=daemon),)))
    assert control.get(HOST).running is in_sync
    found = [control.listed(Filters(in_sync=wanted), Paging()) for wanted in (True, False)]
    assert [[host.name for host in each] for each in found] == ([[HOST], []] if in_sync else [[], [HOST]])


def test_nobody_goes_back_to_a_setting_that_nobody_could_make(control: HostControl, agent: ScriptedAgent) -> None:
    """An earlier release let it in."""
    control.change(ALICE, HOST, edits.set_plugin("threshold", PluginSetting(True)), "set", "threshold")
    control.change(ALICE, HOST, edits.unset_plugin("threshold"), "unset", "threshold")
    old = edits.desired_of(history.generation(control.database, HOST, 1)[1])
    with pytest.raises(exception.PluginOfSection):
        control.change(ALICE, HOST, edits.revert_to(old), "revert", check=plugins.check_revert(old))
    assert control.get(HOST).n == 2
    # To say nothing of it could be made.
    nothing = edits.set_plugin("threshold", PluginSetting())(edits.Desired())
    control.change(ALICE, HOST, edits.revert_to(nothing), "revert", check=plugins.check_revert(nothing))
    assert control.get(HOST).n == 3
