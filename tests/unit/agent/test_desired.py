# SPDX-License-Identifier: Apache-2.0
"""What a spec asks for, beside what the operator's own files say."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.desired import (
    NOTHING,
    asks_for_another,
    asks_for_more,
    check_owned,
    check_sections,
    check_servants,
    doubled,
    goal_of,
    without_effect,
)
from collectd_mgr.domain.plan import Running, RunningPlugin
from collectd_mgr.domain.spec import HOST, ORIGIN, Counters, Generation, HostSpec, Layer, PluginGoal, PluginSetting

OPERATORS = Layer(ORIGIN, {"memory": PluginSetting(True)})


def spec(n: int, counters: Counters | None = None, **plugins: PluginSetting) -> HostSpec:
    return HostSpec(Generation("e", n), (Layer(HOST, plugins, counters or Counters()),))


def test_a_new_setting_of_a_plugin_of_the_operators_is_refused() -> None:
    check_owned(OPERATORS, spec(1, memory=PluginSetting(False)), None)
    with pytest.raises(exception.OwnedByHostConfig):
        check_owned(OPERATORS, spec(1, memory=PluginSetting(True, 5.0)), None)
    with pytest.raises(exception.OwnedByHostConfig):
        check_owned(OPERATORS, spec(2, memory=PluginSetting(True, 5.0)), spec(1, memory=PluginSetting(True, 1.0)))


def test_a_setting_from_before_the_operator_named_the_plugin_is_in_nobodys_way() -> None:
    ours = PluginSetting(True, 5.0)
    check_owned(OPERATORS, spec(2, memory=ours, cpu=PluginSetting(True)), spec(1, memory=ours))
    check_owned(OPERATORS, spec(2, memory=PluginSetting(False, 5.0)), spec(1, memory=ours))
    check_owned(OPERATORS, spec(2, memory=PluginSetting(False)), spec(1, memory=ours))
    with pytest.raises(exception.OwnedByHostConfig):
        check_owned(OPERATORS, spec(2, memory=PluginSetting(False, 5.0, {"MountPoint": "/"})), spec(1, memory=ours))


def test_what_follows_nothing_that_is_known_is_let_in_and_named() -> None:
    said = ("The operator's own files configure memory: only enabled can be set from here.",)
    assert check_owned(OPERATORS, spec(4, memory=PluginSetting(True, 5.0)), None) == said
    assert check_owned(OPERATORS, spec(4, memory=PluginSetting(True, 5.0)), spec(2)) == said
    assert check_owned(OPERATORS, spec(4, cpu=PluginSetting(True, 5.0)), spec(2)) == ()
    with pytest.raises(exception.OwnedByHostConfig):
        check_owned(OPERATORS, spec(4, memory=PluginSetting(True, 5.0)), spec(3))


@pytest.mark.parametrize("name", ["threshold", "match_regex", "Threshold"])
def test_what_comes_with_a_section_takes_no_new_setting(name: str) -> None:
    old, other = (spec(1, None, **{name: PluginSetting(on, 5.0)}) for on in (True, False))
    with pytest.raises(exception.PluginOfSection) as caught:
        check_servants(old, NOTHING)
    assert caught.value.kwargs["section"] == {"match_regex": "ignorelist"}.get(name, "thresholds")
    with pytest.raises(exception.PluginOfSection):
        check_servants(other, old)
    # One of an earlier release may stay, and be taken away, or a part of it.
    check_servants(spec(2, None, cpu=PluginSetting(True), **{name: PluginSetting(True, 5.0)}), old)
    check_servants(spec(2), old)
    for part in (PluginSetting(), PluginSetting(True), PluginSetting(None, 5.0)):
        check_servants(spec(2, None, **{name: part}), old)
    # Who remembers nothing cannot tell whether it is one.
    check_servants(old, None)


def test_a_named_setting_that_is_none_is_refused_once() -> None:
    def rules(n: int, lease: str = HOST, **named: Any) -> HostSpec:
        return HostSpec(Generation("e", n), (Layer(lease, sections={"ignorelist": named}),))

    bad, good = {"plugin": "("}, {"plugin": "x"}
    with pytest.raises(exception.BadSetting):
        check_sections(rules(1, a=bad), None)
    with pytest.raises(exception.BadSetting):
        check_sections(rules(2, "lease:1", a=bad), rules(1, a=bad))
    # An earlier release let it in; and what is taken away need not be anything.
    check_sections(rules(2, a=bad, b=good, c=None), rules(1, a=bad))
    # Who remembers nothing cannot tell whether it did; it is left out.
    check_sections(rules(4, a=bad, b=good), None)
    assert goal_of(Layer(ORIGIN), rules(4, a=bad, b=good)) == goal_of(Layer(ORIGIN), rules(4, b=good))
    (said,) = without_effect(rules(4, a=bad, b=good))
    assert "ignorelist > a" in said


def test_what_was_given_to_collectd_beside_the_operators_own_is_named() -> None:
    theirs = Layer(ORIGIN, {"df": PluginSetting(True, None, {"A": 1}), "cpu": PluginSetting(True)})
    config = {"A": 1}, {"A": 2}, None
    alike, other, none = (RunningPlugin.of(PluginGoal(True, config=each)) for each in config)
    goal, unknown = goal_of(theirs, spec(1, load=PluginSetting(True))), RunningPlugin(True, True)
    running = Running(1, plugins={"df": alike, "cpu": none, "load": other, "swap": other})
    assert doubled(goal, running) == doubled(goal, Running(1, plugins={"df": unknown})) == ()
    both = doubled(goal, Running(1, plugins={"df": other, "cpu": other}))
    assert [line.split()[0] for line in both] == ["cpu", "df"]


def test_true_is_not_one() -> None:
    yes, one = (PluginSetting(True, config={"ValuesPercentage": value}) for value in (True, 1))
    assert asks_for_more(spec(2, memory=one), spec(1, memory=yes), {})
    assert not asks_for_more(spec(2, memory=yes), spec(1, memory=yes), {})


def test_clearing_a_quarantine_asks_nothing_of_the_daemon() -> None:
    assert not asks_for_more(spec(2, Counters(quarantine_clears=7)), spec(1), {})


def test_another_daemon_is_asked_for_where_there_is_one_more_restart() -> None:
    assert asks_for_another(spec(2, Counters(daemon_restarts=2)), spec(1, Counters(daemon_restarts=1)))
    assert not asks_for_another(spec(2, Counters(daemon_restarts=1)), spec(1, Counters(daemon_restarts=1)))
    assert not asks_for_another(spec(2, Counters(daemon_replacements=2)), spec(1))
    # The host may have forgotten that it was restarted.
    assert asks_for_another(spec(1, Counters(daemon_restarts=1)), None)
    assert not asks_for_another(spec(2, Counters(daemon_restarts=1)), None)
