# SPDX-License-Identifier: Apache-2.0
"""Requests that met on one host: nobody loses what he asked for, or is blamed, because of what somebody else asked."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.control import buffer, edits, history
from collectd_mgr.control.edits import Desired, Edit
from collectd_mgr.control.hosts import HostControl, check_managed, unchecked
from collectd_mgr.control.requester import Requester
from collectd_mgr.control.storing import Asked, store
from collectd_mgr.db import generations, operations
from collectd_mgr.db.engine import now
from collectd_mgr.db.models import Operation
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.leases import granted
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.spec import HOST as HOST_LAYER
from collectd_mgr.domain.spec import Generation, HostSpec, Layer, PluginSetting, merge
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.status import Reports
from tests.unit.control.agents import BAD, BAD_CONFIG, ScriptedAgent, served
from tests.waiting import PATIENCE, eventually

HOST = "c1.example.org"


@pytest.fixture
def agent(bus: Any, control: HostControl) -> Iterator[ScriptedAgent]:
    with served(bus, ScriptedAgent(HOST)) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        yield agent


def asked(plugin: str, edit: Edit | None = None, action: str = "set", parts: Any = (), **origin: Any) -> Asked:
    edit = edit or edits.set_plugin(plugin, PluginSetting(True))
    return Asked(edit, Requester(f"user-of-{plugin}", **origin).origin(action, plugin, parts=parts), check_managed)


def part(plugin: str, **given: Any) -> Asked:
    return asked(plugin, edits.patch_plugin(plugin, given), "update", given)


def stored(control: HostControl, asked: Asked) -> Operation:
    """As by an API that is killed before it sends, so that the next request meets it; one of its own."""
    asked = replace(asked, id=uuid.uuid4())
    with control.database.transaction() as connection:
        found = store(control.database, connection, HOST, asked, now())
    assert found is not None
    return found[1]


def change(control: HostControl, plugin: str, edit: Edit | None = None, **origin: Any) -> Operation:
    edit = edit or edits.set_plugin(plugin, PluginSetting(True))
    return control.change(Requester(f"user-of-{plugin}", **origin), HOST, edit, "set", plugin).operation


def state(control: HostControl, row: Operation) -> str:
    with control.database.reader() as session:
        return operations.get(session, row.id).state


def error_of(control: HostControl, row: Operation) -> dict[str, Any] | None:
    with control.database.reader() as session:
        return operations.get(session, row.id).error


def runs(agent: ScriptedAgent) -> set[str]:
    goals = merge(agent.running.layers).plugins if agent.running else {}
    return {name for name, goal in goals.items() if goal.enabled}


def is_settled(control: HostControl, agent: ScriptedAgent) -> bool:
    """And what is desired is what runs."""
    host, desired = control.desired(HOST)
    wanted = {name for name, setting in desired.plugins().items() if setting.enabled}
    return (host.settled, host.last_good) == (host.n, host.n) and wanted == runs(agent)


def settles(control: HostControl, agent: ScriptedAgent) -> bool:
    control.send(HOST, PATIENCE)
    return is_settled(control, agent)


@pytest.mark.parametrize("says_good", [True, False], ids=["named", "silent"])
@pytest.mark.parametrize("order", list(itertools.permutations(("df", BAD, "load"))), ids="-".join)
def test_of_what_a_host_gets_at_once_only_the_bad_fails(
    control: HostControl, agent: ScriptedAgent, order: tuple[str, ...], says_good: bool
) -> None:
    change(control, "cpu")
    agent.says_good = says_good
    rows = {name: stored(control, asked(name)) for name in order}
    control.send(HOST, PATIENCE)
    assert {name: state(control, row) for name, row in rows.items()} == {
        "df": "succeeded",
        "load": "succeeded",
        BAD: "failed",
    }
    assert runs(agent) == {"cpu", "df", "load"}
    assert is_settled(control, agent)


@pytest.mark.parametrize("order", [("df", BAD), (BAD, "df")], ids="-".join)
@pytest.mark.parametrize("sent", [(1,), (0, 1), (1, 0)], ids=str)
def test_whatever_comes_to_the_host_first(
    control: HostControl, agent: ScriptedAgent, order: tuple[str, str], sent: tuple[int, ...]
) -> None:
    rows, specs = {}, []
    for name in order:
        rows[name] = stored(control, asked(name))
        specs.append(control.spec_of(HOST))
    for place in sent:
        control._delivery.deliver(HOST, specs[place], PATIENCE)
    control.send(HOST, PATIENCE)
    assert (state(control, rows["df"]), state(control, rows[BAD])) == ("succeeded", "failed")
    assert runs(agent) == {"df"}
    assert is_settled(control, agent)


def test_what_was_asked_for_again_alone_bears_the_name_of_who_asked(control: HostControl, agent: ScriptedAgent) -> None:
    stored(control, asked(BAD))
    row = stored(control, asked("df", reason="INC-12"))
    control.send(HOST, PATIENCE)
    with control.database.reader() as session:
        row = operations.get(session, row.id)
        made = generations.get(session, control.get(HOST), row.to_n)
    assert (made.user, made.reason, made.plugin, made.outcome) == ("user-of-df", "INC-12", "df", "applied")


@pytest.mark.parametrize("says_good", [True, False], ids=["named", "silent"])
def test_a_change_whose_answer_was_lost_outlives_the_failure_of_the_next(
    control: HostControl, agent: ScriptedAgent, says_good: bool
) -> None:
    agent.says_good = says_good
    change(control, "cpu")
    lost = stored(control, asked("memory"))
    agent.apply({}, control.spec_of(HOST).to_dict())
    assert change(control, BAD).state == "failed"
    assert state(control, lost) == "succeeded"
    assert runs(agent) == {"cpu", "memory"}
    assert is_settled(control, agent)


def died(agent: ScriptedAgent, of: HostSpec, good: HostSpec) -> None:
    """collectd did, of a generation that was applied, and runs the one before again."""
    agent.taken, agent.running = of, good
    agent.error = exception.DaemonDied("collectd died", good=good.generation.to_dict())


@pytest.mark.parametrize("named", [{}, {"n": -1}, {"n": "1"}])
def test_a_word_that_names_no_generation_is_none(
    control: HostControl, agent: ScriptedAgent, named: dict[str, object]
) -> None:
    rows = [change(control, name) for name in ("cpu", "df")]
    good = {"epoch": control.get(HOST).epoch, **named}
    agent.error = exception.DaemonDied("collectd died", good=good)
    control.settle(HOST, agent.status())
    assert [state(control, row) for row in rows] == ["succeeded", "failed"]


def test_a_death_takes_back_what_was_not_outlived_where_nothing_was_good_before(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """A fresh host: two changes soon after each other, and nobody knows which of them it was."""
    rows = [change(control, name) for name in ("cpu", "df")]
    assert agent.taken is not None
    first = replace(agent.taken.generation, n=1)
    agent.running, agent.error = None, exception.DaemonDied("collectd died", first=first.to_dict())
    control.settle(HOST, agent.status())
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "failed"]
    assert control.desired(HOST)[1].layer.plugins == {}
    assert is_settled(control, agent)


def test_what_was_made_on_a_change_that_collectd_then_died_of_does_not_bring_it_back(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """Otherwise it would be done once more, and be in effect though its operation has failed."""
    change(control, "cpu")
    good, first = agent.running, change(control, "df")
    second = [stored(control, asked(name)) for name in ("load", "swap")]
    assert first.state == "succeeded"
    assert good is not None
    died(agent, control.spec_of(HOST, 2), good)
    status = agent.status()
    for _ in range(3):
        control.settle(HOST, status)
    assert control.get(HOST).n == 6
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in (first, *second)] == ["failed", "succeeded", "succeeded"]
    assert (error_of(control, first) or {})["code"] == "daemon_died"
    assert runs(agent) == {"cpu", "load", "swap"}
    assert [set(merge(spec.layers).plugins) for spec in agent.seen[2:]] == [{"cpu", "load"}, {"cpu", "load", "swap"}]
    assert is_settled(control, agent)


def test_the_word_that_it_is_at_work_does_not_hide_that_it_is_done(control: HostControl, agent: ScriptedAgent) -> None:
    """Two processes had read it as pending; the host is settled then, and no report is about it any more."""
    row = stored(control, asked("cpu"))
    with control.database.writer() as session:
        (seen,) = operations.open_of(session, HOST)
        assert operations.move(session, seen, "applying")
        assert operations.move(session, seen, "succeeded")
        assert not operations.move(session, seen, "applying")
    assert state(control, row) == "succeeded"


def test_a_halt_outlives_a_death_and_what_fails(control: HostControl, agent: ScriptedAgent) -> None:
    """Somebody saw trouble, and said a halt; then collectd died of the change before."""
    halt = Asked(edits.set_mode({"mode": "observe", "live": False}), Requester().origin("mode"), unchecked)
    change(control, "cpu")
    good, first = agent.running, change(control, "df")
    assert good is not None
    row = stored(control, halt)
    control.send(HOST, PATIENCE)
    died(agent, control.spec_of(HOST), good)
    control.settle(HOST, agent.status())
    control.send(HOST, PATIENCE)
    assert [state(control, each) for each in (first, row)] == ["failed", "succeeded"]
    desired = control.desired(HOST)[1]
    assert (set(desired.plugins()), desired.mode) == ({"cpu"}, Mode("observe", False, set_by="server"))
    assert agent.taken is not None
    assert agent.taken.mode == desired.mode
    assert is_settled(control, agent)


def test_a_halt_that_meets_what_fails_holds(control: HostControl, agent: ScriptedAgent) -> None:
    rows = [
        stored(control, asked(BAD)),
        stored(control, Asked(edits.set_mode({"mode": "off"}), Requester().origin("mode"), unchecked)),
    ]
    control.send(HOST, PATIENCE)
    assert [state(control, each) for each in rows] == ["failed", "succeeded"]
    assert control.desired(HOST)[1].mode == Mode("off", set_by="server")
    assert is_settled(control, agent)


def test_what_is_lost_by_a_death_does_not_fail_of_what_somebody_else_asked_for_next(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """Of the death nothing was heard before: the answer to the next one says that the host is back."""
    change(control, "cpu")
    good, first = agent.running, change(control, "df")
    assert first.state == "succeeded"
    assert good is not None
    died(agent, control.spec_of(HOST), good)
    agent.denied = "exec"
    with pytest.raises(exception.RefusedByAgent):
        change(control, "exec")
    assert (state(control, first), (error_of(control, first) or {})["code"]) == ("failed", "daemon_died")
    assert runs(agent) == {"cpu"}


def test_what_became_of_a_later_change_stands(control: HostControl, agent: ScriptedAgent) -> None:
    """The word of the death comes late: the host has said meanwhile that it runs what was made on top of it."""
    change(control, "cpu")
    good, first = agent.running, change(control, "df")
    second = change(control, "load")
    taken = agent.taken
    assert good is not None
    assert taken is not None
    died(agent, control.spec_of(HOST, 2), good)
    control.settle(HOST, agent.status())
    agent.taken, agent.running, agent.error = taken, taken, None
    assert (state(control, first), state(control, second)) == ("failed", "succeeded")
    assert control.get(HOST).n == 3


def test_who_is_refused_is_refused_alone(control: HostControl, agent: ScriptedAgent) -> None:
    agent.denied = "exec"
    rows = [stored(control, asked("exec")), stored(control, asked("df"))]
    with pytest.raises(exception.RefusedByAgent):
        change(control, "exec")
    assert [state(control, row) for row in rows] == ["failed", "succeeded"]
    assert runs(agent) == {"df"}


def test_two_that_are_both_good_both_succeed(control: HostControl, agent: ScriptedAgent) -> None:
    rows = [stored(control, asked(name)) for name in ("cpu", "df")]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["succeeded", "succeeded"]


def test_what_somebody_set_otherwise_before_it_was_known_is_superseded(
    control: HostControl, agent: ScriptedAgent
) -> None:
    first = stored(control, asked("cpu"))
    second = stored(control, asked("cpu", edits.set_plugin("cpu", PluginSetting(True, 5.0))))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in (first, second)] == ["superseded", "succeeded"]


@pytest.mark.parametrize(
    ("given", "then"),
    [({"interval": 5.0}, PluginSetting(None, 5.0)), ({"enabled": True}, PluginSetting(True))],
    ids=["other", "same"],
)
def test_a_part_of_a_plugin_does_not_fail_with_what_somebody_else_set_of_it(
    control: HostControl, agent: ScriptedAgent, given: dict[str, Any], then: PluginSetting
) -> None:
    """``same``: it was asked for in the request before too, and is not in effect by that."""
    first = stored(control, asked("df", edits.set_plugin("df", PluginSetting(True, config=BAD_CONFIG))))
    second = stored(control, part("df", **given))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in (first, second)] == ["failed", "succeeded"]
    assert control.desired(HOST)[1].layer.plugins == {"df": then}
    assert is_settled(control, agent)


def test_two_parts_of_one_plugin_are_both_in_effect(control: HostControl, agent: ScriptedAgent) -> None:
    rows = [stored(control, each) for each in (part("df", enabled=True), part("df", interval=5.0))]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["succeeded", "succeeded"]
    assert control.desired(HOST)[1].layer.plugins == {"df": PluginSetting(True, 5.0)}


def test_of_two_that_set_the_same_part_the_later_is_in_effect(control: HostControl, agent: ScriptedAgent) -> None:
    rows = [stored(control, part("df", enabled=True, interval=each)) for each in (5.0, 7.0)]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["superseded", "succeeded"]


@pytest.mark.parametrize(
    ("later", "comes_to"), [({"interval": 7.0}, "succeeded"), ({"enabled": True}, "superseded")], ids=["other", "same"]
)
def test_a_part_that_waits_for_its_turn_is_overtaken_by_the_same_alone(
    control: HostControl, agent: ScriptedAgent, later: dict[str, Any], comes_to: str
) -> None:
    rows = [stored(control, each) for each in (asked(BAD), asked("df"), part("cpu", enabled=False))]
    for expected in (["pending", "queued", "queued"], ["failed", "pending", "queued"]):
        agent.apply({}, control.spec_of(HOST).to_dict())
        control.receive(Reports(statuses=(agent.status(),)))
        assert [state(control, row) for row in rows] == expected
    rows.append(stored(control, part("cpu", **later)))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "succeeded", comes_to, "succeeded"]
    cpu = PluginSetting(comes_to == "superseded", later.get("interval"))
    assert control.desired(HOST)[1].layer.plugins["cpu"] == cpu
    assert is_settled(control, agent)


def test_what_was_asked_for_twice_is_not_said_to_have_succeeded(control: HostControl, agent: ScriptedAgent) -> None:
    """The second of them finds it stored already, and it does not run."""
    rows = [stored(control, asked(name)) for name in (BAD, BAD, "df")]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "failed", "succeeded"]
    assert runs(agent) == {"df"}


def test_nor_is_what_is_set_under_no_name(control: HostControl, agent: ScriptedAgent) -> None:
    edit = buffer.edit({"write_queue": {"high": 10, "low": 5}, "spool": None}, None)
    twice = Asked(edit, Requester().origin(buffer.ACTION), check_managed)
    rows = [stored(control, each) for each in (twice, twice, asked("df"))]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "failed", "succeeded"]
    assert control.desired(HOST)[1].section("queue") == {}


def test_nor_is_a_revert_or_another_collectd(control: HostControl, agent: ScriptedAgent) -> None:
    """Whoever asks again for want of an answer finds it stored; alone it would be about what the host has already."""
    change(control, "cpu")
    another = edits.chain([edits.set_program({"binary": "/opt/rejected"}), edits.replace_daemon])
    for edit, action, setting in (
        (edits.revert_to(Desired(Layer(HOST_LAYER, {BAD: PluginSetting(True)}))), "revert", ""),
        (another, "replace", "collectd"),
    ):
        twice = Asked(edit, Requester().origin(action, setting=setting), check_managed)
        rows = [stored(control, twice), stored(control, twice)]
        control.send(HOST, PATIENCE)
        assert [state(control, row) for row in rows] == ["failed", "failed"]
        assert runs(agent) == {"cpu"}
        assert is_settled(control, agent)


def test_two_leases_that_met_both_succeed(control: HostControl, agent: ScriptedAgent) -> None:
    """The host had only the later generation, which has the lease of the first too, below that of the second."""
    edit = partial(edits.lease_plugin, given=PluginSetting(True), lease=granted(60, 2e9))
    rows = [stored(control, asked(name, edit(name), expires_in=60.0)) for name in ("cpu", "df")]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["succeeded", "succeeded"]


def test_what_is_to_stay_and_waits_for_its_turn_lies_below_what_somebody_asks_for_a_while(
    control: HostControl, agent: ScriptedAgent
) -> None:
    rows = [stored(control, each) for each in (asked(BAD), asked("df"), part("cpu", enabled=True, interval=5.0))]
    for expected in (["pending", "queued", "queued"], ["failed", "pending", "queued"]):
        agent.apply({}, control.spec_of(HOST).to_dict())
        control.receive(Reports(statuses=(agent.status(),)))
        assert [state(control, row) for row in rows] == expected
    lease = edits.lease_plugin("cpu", PluginSetting(None, 1.0), granted(60, 2e9))
    rows.append(stored(control, asked("cpu", lease, "update", {"interval"}, expires_in=60.0)))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "succeeded", "succeeded", "succeeded"]
    desired = control.desired(HOST)[1]
    assert (desired.layer.plugins["cpu"], desired.plugins()["cpu"]) == (
        PluginSetting(True, 5.0),
        PluginSetting(True, 1.0),
    )
    assert is_settled(control, agent)


def test_a_restart_a_lease_and_a_setting_of_a_section_survive_too(control: HostControl, agent: ScriptedAgent) -> None:
    change(control, "cpu")
    lease = edits.lease_plugin("df", PluginSetting(True), granted(60, 2e9))
    mute = edits.set_setting("mutes", "quiet", {"severities": ["okay"]})
    rows = [
        stored(control, asked(BAD)),
        stored(control, asked("cpu", edits.restart_plugin("cpu"), "restart")),
        stored(control, asked("df", lease, expires_in=60.0)),
        stored(control, Asked(mute, Requester().origin("mutes.set", "", "quiet"), check_managed)),
    ]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "succeeded", "succeeded", "succeeded"]
    desired = control.desired(HOST)[1]
    assert desired.layer.counters.restarts["cpu"] > 0
    assert desired.layer.plugins == {"cpu": PluginSetting(True)}
    assert [layer.plugins for layer in desired.leases] == [{"df": PluginSetting(True)}]
    assert desired.section("mutes") == {"quiet": {"severities": ["okay"]}}
    assert is_settled(control, agent)


@pytest.mark.parametrize("enabled", [False, True], ids=["changes it", "finds it so"])
def test_what_waits_for_its_turn_does_not_undo_what_was_asked_for_later(
    control: HostControl, agent: ScriptedAgent, enabled: bool
) -> None:
    change(control, "cpu")
    first, second = stored(control, asked(BAD)), stored(control, asked("df"))
    off = stored(control, asked("cpu", edits.set_plugin("cpu", PluginSetting(enabled))))
    for expected in (["pending", "queued", "queued"], ["failed", "pending", "queued"]):
        agent.apply({}, control.spec_of(HOST).to_dict())
        control.receive(Reports(statuses=(agent.status(),)))
        assert [state(control, row) for row in (first, second, off)] == expected
    again = change(control, "cpu", edits.set_plugin("cpu", PluginSetting(True, 7.0)))
    assert [state(control, row) for row in (second, off, again)] == ["succeeded", "superseded", "succeeded"]
    assert control.desired(HOST)[1].layer.plugins["cpu"] == PluginSetting(True, 7.0)
    assert is_settled(control, agent)


def test_a_revert_that_waits_for_its_turn_does_not_undo_what_was_asked_for_later(
    control: HostControl, agent: ScriptedAgent
) -> None:
    change(control, "cpu")
    back = asked("", edits.revert_to(Desired()), "revert")
    rows = [stored(control, each) for each in (asked("df"), back, asked(BAD))]
    agent.apply({}, control.spec_of(HOST).to_dict())
    control.receive(Reports(statuses=(agent.status(),)))
    assert [state(control, row) for row in rows] == ["pending", "queued", "queued"]
    rows.append(change(control, "cpu", edits.set_plugin("cpu", PluginSetting(True, 7.0))))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["succeeded", "superseded", "failed", "succeeded"]
    assert control.desired(HOST)[1].layer.plugins["cpu"] == PluginSetting(True, 7.0)
    assert is_settled(control, agent)


def test_a_revert_that_waits_for_its_turn_takes_away_what_was_asked_for_before_it(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """Also what waited when it was asked for, and was not in the generation that it was made on."""
    change(control, "cpu")
    rows = [stored(control, asked(name)) for name in (BAD, "df")]
    agent.apply({}, control.spec_of(HOST).to_dict())
    control.receive(Reports(statuses=(agent.status(),)))
    assert [state(control, row) for row in rows] == ["pending", "queued"]
    old = Desired(Layer(HOST_LAYER, {"cpu": PluginSetting(True)}))
    rows += [stored(control, each) for each in (asked("", edits.revert_to(old), "revert"), asked(BAD))]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "succeeded", "succeeded", "failed"]
    assert control.desired(HOST)[1].layer.plugins == old.layer.plugins
    assert is_settled(control, agent)


def test_what_was_forgotten_before_its_turn_fails_and_changes_nothing(
    control: HostControl, agent: ScriptedAgent
) -> None:
    change(control, "cpu")
    rows = [
        stored(control, each) for each in (asked("df"), asked("", edits.revert_to(Desired()), "revert"), asked(BAD))
    ]
    agent.apply({}, control.spec_of(HOST).to_dict())
    control.receive(Reports(statuses=(agent.status(),)))
    assert history.prune(control.database, 1)
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["succeeded", "failed", "failed"]
    assert (error_of(control, rows[1]) or {})["code"] == "generation_not_found"
    assert runs(agent) == {"cpu", "df"}
    assert is_settled(control, agent)


def test_a_revert_takes_no_mode_back_that_waits_for_its_turn(control: HostControl, agent: ScriptedAgent) -> None:
    change(control, "cpu")
    halt = Asked(edits.set_mode({"live": False}), Requester().origin("mode"), unchecked)
    bad = stored(control, asked(BAD))
    spec = control.spec_of(HOST)
    rows = [stored(control, each) for each in (asked("df"), halt)]
    agent.apply({}, spec.to_dict())
    control.receive(Reports(statuses=(agent.status(),)))
    assert [state(control, row) for row in (bad, *rows)] == ["failed", "pending", "queued"]
    rows.append(stored(control, asked("", edits.revert_to(Desired()), "revert")))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["superseded", "succeeded", "succeeded"]
    assert control.desired(HOST)[1].mode == Mode("", False, set_by="server")
    assert is_settled(control, agent)


@pytest.mark.parametrize(("later", "comes_to"), [("ring", "succeeded"), ("samples", "superseded")])
def test_what_waits_for_its_turn_is_overtaken_by_what_has_its_name_in_the_same_section(
    control: HostControl, agent: ScriptedAgent, later: str, comes_to: str
) -> None:
    def named(section: str, interval: float) -> Asked:
        edit = edits.set_setting(section, "memory", {"identifier": "*/memory/*", "interval": interval})
        return Asked(edit, Requester().origin(f"{section}.set", "", "memory"), check_managed)

    rows = [stored(control, each) for each in (asked(BAD), asked("df"), named("samples", 5.0))]
    for expected in (["pending", "queued", "queued"], ["failed", "pending", "queued"]):
        agent.apply({}, control.spec_of(HOST).to_dict())
        control.receive(Reports(statuses=(agent.status(),)))
        assert [state(control, row) for row in rows] == expected
    rows.append(stored(control, named(later, 7.0)))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "succeeded", comes_to, "succeeded"]
    kept = control.desired(HOST)[1].section("samples")["memory"]["interval"]
    assert kept == (5.0 if comes_to == "succeeded" else 7.0)
    assert is_settled(control, agent)


def rule(name: str, plugin: str) -> Asked:
    edit = edits.set_setting("ignorelist", name, {"plugin": plugin})
    return Asked(edit, Requester().origin("ignorelist.set", "", name), check_managed)


def rules(**plugins: str) -> Asked:
    """All of them."""
    edit = edits.set_section("ignorelist", {name: {"plugin": plugin} for name, plugin in plugins.items()})
    return Asked(edit, Requester().origin("ignorelist.replace"), check_managed)


def test_a_replacement_that_waits_for_its_turn_takes_away_what_was_asked_for_before_it(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """Also what waited when it was asked for, and was not in the generation that it was made on."""
    change(control, "cpu")
    rows = [stored(control, each) for each in (asked(BAD), rule("old", "^a$"))]
    agent.apply({}, control.spec_of(HOST).to_dict())
    control.receive(Reports(statuses=(agent.status(),)))
    assert [state(control, row) for row in rows] == ["pending", "queued"]
    rows += [stored(control, each) for each in (rules(new="^b$"), asked(BAD))]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "succeeded", "succeeded", "failed"]
    assert control.desired(HOST)[1].section("ignorelist") == {"new": {"plugin": "^b$"}}
    assert is_settled(control, agent)


@pytest.mark.parametrize(
    ("waits", "later", "kept"),
    [
        (rule("a", "^1$"), rules(b="^2$"), {"b": "^2$"}),
        (rules(a="^1$"), rule("b", "^2$"), {"b": "^2$"}),
        (rules(a="^1$"), rules(b="^2$"), {"b": "^2$"}),
    ],
    ids=["one by all", "all by one", "all by all"],
)
def test_a_replacement_and_a_setting_of_its_section_overtake_each_other(
    control: HostControl, agent: ScriptedAgent, waits: Asked, later: Asked, kept: dict[str, str]
) -> None:
    rows = [stored(control, each) for each in (asked(BAD), asked("df"), waits)]
    for expected in (["pending", "queued", "queued"], ["failed", "pending", "queued"]):
        agent.apply({}, control.spec_of(HOST).to_dict())
        control.receive(Reports(statuses=(agent.status(),)))
        assert [state(control, row) for row in rows] == expected
    rows.append(stored(control, later))
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["failed", "succeeded", "superseded", "succeeded"]
    found = control.desired(HOST)[1].section("ignorelist")
    assert {name: setting["plugin"] for name, setting in found.items()} == kept
    assert is_settled(control, agent)


def test_a_replacement_that_somebody_added_to_before_the_host_had_it_is_superseded(
    control: HostControl, agent: ScriptedAgent
) -> None:
    """At no time was what it asked for all that the host had."""
    rows = [stored(control, each) for each in (rules(a="^1$"), rule("b", "^2$"))]
    control.send(HOST, PATIENCE)
    assert [state(control, row) for row in rows] == ["superseded", "succeeded"]
    assert control.desired(HOST)[1].section("ignorelist").keys() == {"a", "b"}


def test_in_the_order_in_which_it_was_asked_for(control: HostControl, agent: ScriptedAgent) -> None:
    stored(control, asked(BAD))
    rows = [stored(control, asked("cpu", edits.set_plugin("cpu", PluginSetting(True, each)))) for each in (5.0, 7.0)]
    control.send(HOST, PATIENCE)
    assert state(control, rows[1]) == "succeeded"
    assert control.desired(HOST)[1].layer.plugins["cpu"] == PluginSetting(True, 7.0)


def test_a_report_that_comes_again_changes_nothing(control: HostControl, agent: ScriptedAgent) -> None:
    rows = [stored(control, asked(name)) for name in (BAD, "df")]
    agent.apply({}, control.spec_of(HOST).to_dict())
    status = agent.status()
    for _ in range(3):
        control.settle(HOST, status)
    assert control.get(HOST).n == 4
    control.send(HOST, PATIENCE)
    control.settle(HOST, status)
    assert [state(control, row) for row in rows] == ["failed", "succeeded"]
    assert is_settled(control, agent)


def test_a_new_epoch_in_between_loses_nothing(control: HostControl, agent: ScriptedAgent) -> None:
    rows = {name: stored(control, asked(name)) for name in ("df", BAD, "load")}
    agent.past.add(control.get(HOST).epoch)
    agent.taken = agent.running = HostSpec(Generation("the-later-epoch", 4))
    control.send(HOST, PATIENCE)
    assert {name: state(control, row) for name, row in rows.items()} == {
        "df": "succeeded",
        BAD: "failed",
        "load": "succeeded",
    }
    assert is_settled(control, agent)


class Busy(ScriptedAgent):
    """Does not answer before it is told to."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.begun, self.go = threading.Event(), threading.Event()

    def _check(self, wanted: HostSpec) -> None:
        super()._check(wanted)
        self.begun.set()
        assert self.go.wait(PATIENCE)


def test_while_somebody_is_at_work_a_change_waits_for_what_comes_of_it(control: HostControl, bus: Any) -> None:
    with served(bus, Busy(HOST)) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        rows: dict[str, Operation] = {}

        def work(name: str, mine: HostControl) -> None:
            rows[name] = change(mine, name)

        threads = [threading.Thread(target=work, args=(BAD, control))]
        threads[0].start()
        assert agent.begun.wait(PATIENCE)
        another = HostControl(control.database, AgentAPI(bus, timeout=PATIENCE), wait=PATIENCE, turn=PATIENCE)
        threads.append(threading.Thread(target=work, args=("df", another)))
        threads[1].start()
        agent.go.set()
        for thread in threads:
            thread.join()
    assert (rows[BAD].state, rows["df"].state, rows["df"].from_n) == ("failed", "succeeded", 2)
    assert [set(merge(spec.layers).plugins) for spec in agent.seen] == [{BAD}, set(), {"df"}]


def test_a_change_waits_no_longer_than_it_may(control: HostControl, bus: Any) -> None:
    with served(bus, Busy(HOST)) as agent:
        control.receive(Reports(statuses=(agent.status(),)))
        first = threading.Thread(target=change, args=(control, "cpu"))
        first.start()
        assert agent.begun.wait(PATIENCE)
        hasty = HostControl(control.database, AgentAPI(bus, timeout=PATIENCE), wait=0.1, turn=PATIENCE)
        assert change(hasty, "df").state == "pending"
        assert control.get(HOST).n == 2
        agent.go.set()
        first.join()
    with served(bus, agent):
        eventually(lambda: settles(control, agent))
    assert runs(agent) == {"cpu", "df"}


def test_good_and_bad_from_two_apis_at_once(control: HostControl, agent: ScriptedAgent, bus: Any) -> None:
    second = HostControl(control.database, AgentAPI(bus), wait=PATIENCE)
    rows: dict[str, list[Operation]] = {"good": [], "bad": []}

    def good() -> None:
        for number in range(8):
            rows["good"].append(change(control, f"good{number}"))

    def bad() -> None:
        for _ in range(8):
            rows["bad"].append(change(second, BAD))

    threads = [threading.Thread(target=good), threading.Thread(target=bad)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: settles(control, agent))
    assert {state(control, row) for row in rows["good"]} == {"succeeded"}
    assert {state(control, row) for row in rows["bad"]} == {"failed"}
    assert {(error_of(control, row) or {})["code"] for row in rows["bad"]} == {"config_rejected"}
    assert runs(agent) == {f"good{number}" for number in range(8)}
    with control.database.reader() as session:
        assert len(operations.listed(session, operations.Filters(host=HOST), Paging())) == 16


def test_a_lease_leaves_one_of_that_name_in_another_section(control: HostControl, agent: ScriptedAgent) -> None:
    rule = edits.lease_setting("ignorelist", "cpu", {"action": "deny", "plugin": "^cpu$"}, granted(60, 2e9))
    control.change(Requester("a", expires_in=60.0), HOST, rule, "ignorelist.set", setting="cpu")
    stored(control, asked(BAD))
    threshold = edits.lease_setting("thresholds", "cpu", {"type": "cpu", "failure_max": 90.0}, granted(60, 2e9))
    row = stored(control, asked("", threshold, "thresholds.set", expires_in=60.0))
    control.send(HOST, PATIENCE)
    assert state(control, row) == "succeeded"
    leases = control.desired(HOST)[1].leases
    assert sorted(section for layer in leases for section in layer.sections) == ["ignorelist", "thresholds"]
