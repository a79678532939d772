# SPDX-License-Identifier: Apache-2.0
"""Each start of an agent has a higher number than the last, whatever the clock says."""

from __future__ import annotations

from pathlib import Path

from collectd_mgr.agent import boots
from tests.unit.agent.agents import Agent


def test_it_goes_up_when_the_clock_goes_back(tmp_path: Path) -> None:
    numbers = [boots.begin(str(tmp_path), lambda now=now: now) for now in (1000, 2000, 500, 2500)]  # type: ignore[misc]
    assert numbers == [1000, 2000, 2001, 2500]


def test_a_file_that_nobody_can_read_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "boot").write_text("no number")
    assert boots.begin(str(tmp_path), lambda: 7) == 7


def test_statuses_bear_it(tmp_path: Path) -> None:
    ahead = 1 << 62
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "boot").write_text(f"{ahead}\n")
    assert [Agent(tmp_path).status().boot for _ in range(2)] == [ahead + 1, ahead + 2]
