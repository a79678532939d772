# SPDX-License-Identifier: Apache-2.0
"""What pyproject.toml promises is there, and what is there is pinned."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from importlib.metadata import EntryPoint, packages_distributions
from importlib.metadata import entry_points as distributed
from pathlib import Path
from typing import Any

import pytest

from tests.guide.walk import blocks
from tests.layering.imports import imports

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)


def entry_points() -> list[EntryPoint]:
    groups = {"console_scripts": PROJECT["scripts"], **PROJECT["entry-points"]}
    return [EntryPoint(name, value, group) for group, rows in groups.items() for name, value in rows.items()]


@pytest.mark.parametrize(
    ("file", "group"),
    [("config-generator.conf", "oslo.config.opts"), ("policy-generator.conf", "oslo.policy.policies")],
)
def test_samples_are_generated_of_what_there_is(file: str, group: str) -> None:
    wanted = re.findall(r"^namespace = (.+)$", (ROOT / "etc/collectd-mgr" / file).read_text(), re.MULTILINE)
    assert "collectd_mgr" in wanted
    assert set(wanted) - {each.name for each in distributed(group=group)} == set()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("entry_point", entry_points(), ids=lambda each: f"{each.group}-{each.name}")
def test_every_entry_point_leads_somewhere(entry_point: EntryPoint) -> None:
    assert entry_point.load() is not None


def imported() -> set[str]:
    """The roots of everything outside of the standard library that production imports."""
    found = {
        each.root
        for path in (ROOT / "collectd_mgr").rglob("*.py")
        if "testing" not in path.parts
        for each in imports(ast.parse(path.read_text()), "collectd_mgr", is_package=False)
        if not each.for_annotations
    }
    # The module collectd exists inside the daemon only.
    return found - sys.stdlib_module_names - {"collectd_mgr", "collectd"}


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    homes = packages_distributions()
    declared = {canonical(re.split(r"[<>=\[]", row)[0]) for row in PROJECT["dependencies"]}
    needed = {root: {canonical(name) for name in homes[root]} for root in imported()}
    assert {root for root, names in needed.items() if not names & declared} == set()
    assert declared - set().union(*needed.values()) == set()


def test_every_dependency_is_pinned() -> None:
    extras = [row for name in ("memcached", "mysql", "test", "docs") for row in PROJECT["optional-dependencies"][name]]
    names = {canonical(re.split(r"[<>=!~\[; ]", row)[0]) for row in PROJECT["dependencies"] + extras}
    assert names - {canonical(name) for name in PINNED} == set()


def test_what_the_guide_installs_is_there_and_pinned() -> None:
    words = shlex.split(blocks("install/deployment", "Everywhere")[0])
    package, *others = words[words.index("constraints.txt") + 1 : words.index("export")]
    extras = package.removeprefix(".[").removesuffix("]").split(",")
    assert set(extras) - set(PROJECT["optional-dependencies"]) == set()
    assert {canonical(name) for name in others} - {canonical(name) for name in PINNED} == set()


def test_every_dependency_has_a_lower_bound() -> None:
    assert [row for row in PROJECT["dependencies"] if ">=" not in row] == []
