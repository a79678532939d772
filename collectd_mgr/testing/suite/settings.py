# SPDX-License-Identifier: Apache-2.0
"""The sections that are the daemon's business: each is brought to its goal whole, and outlives the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan, sections
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.testing.suite.changes import MEMORY
from collectd_mgr.testing.suite.rig import Rig

__all__ = ["test_a_section_is_set_changed_and_taken_away"]

#: Two states of each section, in normal form.
_STATES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    plan.THRESHOLDS: (
        {"busy": {"type": "load", "failure_max": 100.0}, "idle": {"plugin": "cpu", "type": "percent", "hits": 3}},
        {"busy": {"type": "load", "data_source": "midterm", "warning_max": 1e9, "invert": True}},
    ),
    plan.IGNORELIST: (
        {
            "memory": {"action": "deny", "plugin": "^memory$"},
            "used": {"action": "allow", "plugin": "^memory$", "type_instance": "^(used|free)$"},
        },
        {"memory": {"action": "deny", "plugin": "^memory$", "type": "x{2}"}},
    ),
}


def goal(rig: Rig, kind: str, settings: Mapping[str, Any], plugins: Mapping[str, PluginGoal] | None = None) -> Goal:
    return rig.goal(plugins or {"memory": MEMORY}, sections=sections.read({plan.SECTIONS[kind]: settings}))


@pytest.mark.parametrize("kind", _STATES)
def test_a_section_is_set_changed_and_taken_away(rig: Rig, kind: str) -> None:
    """A rejected config leaves it as it was, and it outlives the daemon."""
    rig.reach(rig.goal({"memory": MEMORY}))
    order = rig.order(goal(rig, kind, _STATES[kind][0]))
    assert [change.kind for change in order.plan] == [kind]
    if not rig.declares(kind):
        assert rig.refuses(order, exception.NotCapable).kwargs["capability"] == kind
        return
    before = rig.reach(order.goal).running
    rejected = {"memory": MEMORY, "cpu": PluginGoal(True, config=rig.rejected)}
    rig.refuses(rig.order(goal(rig, kind, _STATES[kind][1], rejected)), exception.ConfigRejected)
    assert rig.driver.observe().sections == before.sections
    rig.again()
    after = rig.driver.observe()
    assert (after.pid, after.started) != (before.pid, before.started)  # The first in a container is always 1.
    assert not plan.plan(after, order.goal)
    for settings in (_STATES[kind][1], {}):
        rig.reach(goal(rig, kind, settings))
