# SPDX-License-Identifier: Apache-2.0
"""What a difference means for each plugin is what collectd would make of both configurations."""

from __future__ import annotations

import pytest

from collectd_mgr.domain import difference, grammar
from collectd_mgr.domain.difference import Difference, PluginChange
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.spec import PluginGoal

DF = 'LoadPlugin df\n<Plugin df>\n  MountPoint "/"\n</Plugin>\n'


def between(before: str, now: str) -> list[PluginChange]:
    return list(difference.plugins(grammar.parse(before), grammar.parse(now)))


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        ("", DF, [PluginChange("df", "loaded")]),
        (DF, "", [PluginChange("df", "gone")]),
        (DF, DF.replace('"/"', '"/home"'), [PluginChange("df", "block")]),
        (DF, DF.replace("<Plugin df>\n", '<Plugin "DF">\n  # the same\n'), []),
        (DF + "LoadPlugin cpu\n", "LoadPlugin cpu\n" + DF, []),
        # A block ahead of its LoadPlugin is lost.
        (DF, '<Plugin df>\n  MountPoint "/"\n</Plugin>\nLoadPlugin df\n', [PluginChange("df", "block")]),
        (
            "LoadPlugin cpu\n",
            "<LoadPlugin cpu>\n  Interval 1\n</LoadPlugin>\n",
            [PluginChange("cpu", "interval", None, 1.0)],
        ),
        (
            "<LoadPlugin cpu>\n  Interval 2\n</LoadPlugin>\n<Plugin cpu>\n  ReportByCpu true\n</Plugin>\n",
            "<LoadPlugin cpu>\n  Interval 1\n</LoadPlugin>\n",
            [PluginChange("cpu", "block"), PluginChange("cpu", "interval", 2.0, 1.0)],
        ),
        (DF, "Interval 5\n" + DF, [PluginChange("", "global")]),
    ],
)
def test_each_plugin_and_how(before: str, now: str, changes: list[PluginChange]) -> None:
    assert between(before, now) == changes


def test_of_goals_one_that_is_off_is_not_there() -> None:
    before = {"cpu": PluginGoal(True), "df": PluginGoal(True, config={"Password": "one"}), "load": PluginGoal(False)}
    now = {"cpu": PluginGoal(False), "df": PluginGoal(True, config={"Password": "two"}), "load": PluginGoal(True, 1.0)}
    assert difference.goals(before, now) == (
        PluginChange("cpu", "gone"),
        PluginChange("df", "block"),
        PluginChange("load", "loaded"),
    )


def test_there_is_none() -> None:
    assert not Difference(difference.lines("a\n", "a\n", "1", "2"), difference.goals({}, {}))
    assert Difference(difference.lines("a\n", "b\n", "1", "2")).text == "--- 1\n+++ 2\n@@ -1 +1 @@\n-a\n+b\n"


def test_a_drift_has_it_and_one_of_an_earlier_agent_has_not() -> None:
    found = Drift("managed_file", "It was changed.", 1.0, ("-a",), plugins=(PluginChange("cpu", "interval", 1.0),))
    assert Drift.from_dict(found.to_dict()) == found
    earlier = {name: value for name, value in found.to_dict().items() if name != "plugins"}
    assert Drift.from_dict(earlier).plugins == ()
