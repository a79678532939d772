# SPDX-License-Identifier: Apache-2.0
"""Named settings: merged name by name, taken away by None, compared by digest."""

from __future__ import annotations

from collectd_mgr.domain import plan, sections
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import HOST, Goal, Layer, merge

LOW = Layer("low", sections={"thresholds": {"a": {"max": 1}, "b": {"max": 2}}})


def test_a_layer_is_read_back_as_it_was_and_says_nothing_of_empty_sections() -> None:
    assert Layer.from_dict(LOW.to_dict()) == LOW
    assert "sections" not in Layer(HOST).to_dict()
    assert LOW.with_setting("thresholds", "a", None).with_setting("thresholds", "b", None).sections == {}


def test_the_upper_layer_wins_name_by_name_and_may_take_away() -> None:
    upper = Layer("upper", sections={"thresholds": {"a": None, "b": {"max": 3}}, "mutes": {"m": {}}})
    merged = merge((LOW, upper)).sections
    assert merged == {"thresholds": {"b": {"max": 3}}, "mutes": {"m": {}}}
    assert merge((LOW, upper, LOW)).section("thresholds") == LOW.sections["thresholds"]


def test_a_goal_with_sections_is_read_back_as_it_was() -> None:
    goal = merge((LOW,))
    assert Goal.from_dict(goal.to_dict()) == goal
    assert goal.digest() != merge((Layer("low"),)).digest()


def test_the_daemon_is_brought_to_a_section_that_it_was_not_given() -> None:
    goal = merge((LOW,))
    assert [str(change) for change in plan.plan(Running(1), goal)] == ["thresholds.set"]
    given = Running(1, sections={"thresholds": sections.digest(goal.section("thresholds"))})
    assert not plan.plan(given, goal)
    assert [str(change) for change in plan.plan(given, Goal())] == ["thresholds.set"]


def test_what_is_the_agents_own_business_changes_no_daemon() -> None:
    assert not plan.plan(Running(1), Goal(sections={"mutes": {"m": {}}}))
