# SPDX-License-Identifier: Apache-2.0
"""Every command that stands in the documentation is one that its command takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli import commands

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.rst", *sorted((ROOT / "doc/source").rglob("*.rst")), *sorted((ROOT / "devstack").glob("*.rst"))]

#: A line of its own, with those that it goes on in.
_LINE = re.compile(r"^ +(?:\$ |# )?openstack collectd (?!…)((?:.*\\\n)*.*)$", re.MULTILINE)

#: Where a name is left to the reader, and what it stands for there.
_ANY = {"…": "", "$(hostname)": "cn1", "$seen": "7"}


def examples(page: Path) -> Iterator[str]:
    for found in _LINE.findall(page.read_text(encoding="utf-8")):
        yield found.replace("\\\n", " ")


LINES = [(page.relative_to(ROOT), line) for page in PAGES for line in examples(page)]


def test_there_are_such() -> None:
    assert len(LINES) > 50


@pytest.mark.parametrize(("page", "line"), LINES, ids=lambda part: str(part)[:60])
def test_it_is_taken(page: Path, line: str) -> None:
    for word, stands_for in _ANY.items():
        line = line.replace(word, stands_for)
    words = shlex.split(line, comments=True)
    words = words[: next((at for at, word in enumerate(words) if word in ("|", ">", "&&")), None)]
    name = commands.of(tuple(words))
    parser = commands.COMMANDS[name].load()(None, None).get_parser(f"openstack {name}")
    parser.parse_args(words[len(name.split()) - 1 :])
