# SPDX-License-Identifier: Apache-2.0
"""Of which plugins a process that reads the operator's files as they are now may give something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr.agent import origin
from collectd_mgr.agent.origin import Origin
from collectd_mgr.agent.reload import apart
from collectd_mgr.domain.spec import Goal, PluginGoal

BEFORE = "Interval 1\nLoadPlugin df\nLoadPlugin swap\n"


@pytest.mark.parametrize(
    ("now", "about"),
    [
        (BEFORE, set()),
        (f"# the same\n{BEFORE}", set()),
        ("Interval 1\nLoadPlugin swap\n", {"df"}),
        (BEFORE.replace("LoadPlugin df", "<LoadPlugin df>\nInterval 600\n</LoadPlugin>"), {"df"}),
        (f'{BEFORE}<Plugin DF>\nMountPoint "/"\n</Plugin>\n', {"df"}),
        (f"{BEFORE}LoadPlugin load\n", {"load"}),
        (BEFORE.replace("Interval 1", "Interval 60"), {"df", "swap", "memory"}),
        (f'{BEFORE}TypesDB "/etc/types.db"\n', {"df", "swap", "memory"}),
        ("<Plugin never_closed>\n", set()),
    ],
)
def test_it_is_of_those_that_differ_or_of_all(tmp_path: Path, now: str, about: set[str]) -> None:
    def read(text: str, last: Origin | None = None) -> Origin:
        conf = tmp_path / "collectd.conf"
        conf.write_text(text)
        return origin.read(str(conf), str(tmp_path / "managed"), last)

    before = read(BEFORE)
    goal = Goal(dict.fromkeys(("df", "swap", "memory"), PluginGoal(True)))
    assert apart(before, read(now, before), goal) == about
