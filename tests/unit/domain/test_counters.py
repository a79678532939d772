# SPDX-License-Identifier: Apache-2.0
"""Whose counters begin anew with another collectd."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr.domain import counters, plan
from collectd_mgr.domain.plan import Change, Plan
from collectd_mgr.domain.spec import Goal, PluginGoal


@pytest.mark.parametrize(
    ("plugin", "config", "said"),
    [
        ("processes", {"Process": "sshd"}, ("processes",)),
        ("processes", '<ProcessMatch "all" ".*">\n CollectContextSwitch true\n</ProcessMatch>', ("processes",)),
        ("processes", {"CollectContextSwitch": True}, ()),
        ("Disk", None, ("Disk (disk_time)",)),
        ("curl", '<Page "a">\n URL "http://x/"\n <Match>\n Regex "b"\n </Match>\n</Page>', ("curl",)),
        ("curl", '<Page "a">\n URL "http://x/"\n</Page>', ()),
        ("memcachec", '<Page "a">\n Key "k"\n <Match>\n Regex "b"\n </Match>\n</Page>', ("memcachec",)),
        ("tail", None, ("tail",)),
        ("statsd", None, ("statsd",)),
        ("pinba", None, ("pinba",)),
        ("cpu", None, ()),
    ],
)
def test_who_counts_itself(plugin: str, config: Any, said: tuple[str, ...]) -> None:
    assert counters.begun_anew(Goal({plugin: PluginGoal(True, config=config)}), Plan(())) == said
    assert counters.begun_anew(Goal({plugin: PluginGoal(False, config=config)}), Plan(())) == ()


def test_what_comes_anew_has_counted_nothing() -> None:
    wanted = PluginGoal(True)
    assert counters.begun_anew(Goal({"disk": wanted}), Plan((Change(plan.LOAD, "disk", wanted),))) == ()


def test_nothing_is_told_of_none() -> None:
    assert counters.told(()) == ()
    assert "disk (disk_time), tail begin anew" in counters.told(["disk (disk_time)", "tail"])[0]
