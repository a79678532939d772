# SPDX-License-Identifier: Apache-2.0
"""Each start of an agent has a higher number than the last, whatever the clock says."""

from __future__ import annotations

import re
import time
from pathlib import Path

from collectd_mgr.agent import boots
from tests.unit.agent.agents import Agent

PAGE = Path(__file__).parents[3] / "doc" / "source" / "admin" / "troubleshooting.rst"


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


def test_who_has_lost_the_file_and_the_time_goes_on_from_what_the_page_of_troubles_says(tmp_path: Path) -> None:
    """Above all that a clock said before, and the database has room for it."""
    said = re.search(r"``echo (\d+) > \S+/boot``", PAGE.read_text(encoding="utf-8"))
    assert said is not None
    (tmp_path / "boot").write_text(f"{said[1]}\n")
    number = boots.begin(str(tmp_path))
    assert time.time_ns() < number == int(said[1]) + 1 < 1 << 63
