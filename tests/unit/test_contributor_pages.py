# SPDX-License-Identifier: Apache-2.0
"""What the contributor's pages name is there: the files of the walk, of the layers, of where to add what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "doc" / "source" / "contributor").glob("*.rst"))
SUITE = ROOT / "collectd_mgr" / "testing" / "suite"
PLACES = ("collectd_mgr", "tests", "benchmarks", "examples", "tools", "doc/ext")
FILES = [f"/{path.relative_to(ROOT)}" for place in PLACES for path in (ROOT / place).rglob("*.py")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"``([\w/]+\.py)``", page.read_text())
    assert [name for name in named if not any(file.endswith(f"/{name}") for file in FILES)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"``(test_\w+)``", page.read_text())
    tests = [*(ROOT / "tests").rglob("test_*.py"), *SUITE.glob("*.py")] if named else []
    texts = [path.read_text() for path in tests]
    assert [name for name in named if not any(f"def {name}(" in text for text in texts)] == []
