# SPDX-License-Identifier: Apache-2.0
"""What pyproject.toml promises is there, and what is there is pinned."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)


def entry_points() -> list[EntryPoint]:
    groups = {"console_scripts": PROJECT["scripts"], **PROJECT["entry-points"]}
    return [EntryPoint(name, value, group) for group, rows in groups.items() for name, value in rows.items()]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("entry_point", entry_points(), ids=lambda each: f"{each.group}-{each.name}")
def test_every_entry_point_leads_somewhere(entry_point: EntryPoint) -> None:
    assert entry_point.load() is not None


def test_every_dependency_is_pinned() -> None:
    extras = [row for name in ("mysql", "test", "docs") for row in PROJECT["optional-dependencies"][name]]
    names = {canonical(re.split(r"[<>=!~\[; ]", row)[0]) for row in PROJECT["dependencies"] + extras}
    assert names - {canonical(name) for name in PINNED} == set()


def test_every_dependency_has_a_lower_bound() -> None:
    assert [row for row in PROJECT["dependencies"] if ">=" not in row] == []
