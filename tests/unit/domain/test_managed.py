# SPDX-License-Identifier: Apache-2.0
"""The managed file: what is in it, and that nothing escapes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr import exception
from collectd_mgr.domain import config, grammar, managed
from collectd_mgr.domain.managed import Marked, Marker
from collectd_mgr.domain.spec import Goal, PluginGoal

GOAL = Goal(
    {
        "memory": PluginGoal(True, interval=1.0),
        "cpu": PluginGoal(True, config={"ReportByCpu": False}, restarts=2),
        "swap": PluginGoal(False, config={"ReportBytes": True}),
        "df": PluginGoal(False, origin="host"),
        "csv": PluginGoal(True, config={"DataDir": "/x"}, origin="host"),
    },
    reloads=1,
)


def test_what_is_on_and_managed_is_rendered_and_nothing_else() -> None:
    statements = managed.items(GOAL)
    assert statements[:3] == (
        config.load_plugin("cpu"),
        config.plugin_block("cpu", config.from_json({"ReportByCpu": False})),
        config.load_plugin("memory", 1.0),
    )
    assert [item.values for item in statements[3:]] == [("python",)]


def test_the_extension_is_told_what_stays_off_and_what_it_runs() -> None:
    (module,) = managed.items(GOAL, "e:4")[-1].children or ()
    told = {option.key: option.values[0] for option in module.children or ()}
    assert told["Disabled"] == "df"
    assert Marker.from_text(str(told["Marker"])) == managed.marker(GOAL, "e:4")


def test_the_marker_names_what_plan_compares() -> None:
    marker = managed.marker(GOAL, "e:4")
    assert marker.plugins["memory"] == Marked(1.0, PluginGoal(True).config_digest(), 0)
    assert marker.plugins["cpu"].restarts == 2
    assert "csv" not in marker.plugins
    assert marker.reloads == 1
    assert marker.disabled == ("df",)


@pytest.mark.parametrize("text", [None, "", "x", "[]", "{}", '{"plugins": {"cpu": 1}}', '{"plugins": {}, "other": 1}'])
def test_a_marker_of_somebody_else_is_empty(text: str | None) -> None:
    assert Marker.from_text(text) == Marker()


def test_the_same_goal_gives_the_same_text_in_any_order_of_names() -> None:
    backwards = Goal(dict(reversed(list(GOAL.plugins.items()))), reloads=1)
    assert managed.render(GOAL, "e:4") == managed.render(backwards, "e:4")


def test_the_blocks_of_a_file_are_those_of_its_plugins() -> None:
    text = managed.render(GOAL)
    assert managed.block(text, "cpu") == managed.plugin_text("cpu", GOAL.plugins["cpu"])
    assert managed.block(text, "df") is None


def test_the_marker_of_a_file_is_read_back() -> None:
    assert managed.marker_in(managed.render(GOAL, "e:4")) == managed.marker(GOAL, "e:4")
    assert managed.marker_in("LoadPlugin cpu\n") == Marker()


def test_a_file_that_somebody_broke_says_nothing() -> None:
    assert managed.block("<Plugin cpu>\n", "cpu") is None
    assert managed.marker_in("<Plugin cpu>\n") == Marker()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_no_value_leaves_its_block(hostile: str) -> None:
    goal = Goal({"exec": PluginGoal(True, config={"Exec": {"args": ["nobody", hostile]}})})
    block = grammar.parse(managed.render(goal))[1]
    assert block == grammar.Item("Plugin", ("exec",), (grammar.Item("Exec", ("nobody", hostile)),))


def test_a_config_that_collectd_cannot_hold_is_refused() -> None:
    with pytest.raises(exception.BadConfig):
        managed.render(Goal({"cpu": PluginGoal(True, config={"Two words": 1})}))


def test_only_what_is_off_without_its_reads_is_kept_off() -> None:
    names = ("df", "snmp", "procevent", "unixsock", "acme_write")
    assert managed.disabled(Goal(dict.fromkeys(names, PluginGoal(False, origin="host")))) == ("df", "snmp")
