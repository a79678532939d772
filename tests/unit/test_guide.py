# SPDX-License-Identifier: Apache-2.0
"""What compares a page with what comes finds what differs, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guide import shapes, walk
from tests.guide.page import Page

TEXT = """\
Title
=====

::

    $ openstack collectd thing set a \\
        --b c
    +------+---------+
    | Host | State   |
    +------+---------+
    | h    | missing |
    +------+---------+

.. as mona

::

    PUT /v1/things/a
    {"b": 1}
    HTTP 200
    {"thing": {"name": "a", …}, "rows": [{"n": 1}, …]}

Text that is none of it.
"""


def test_a_page_is_cut_into_steps_and_put_together_again(tmp_path: Path) -> None:
    file = tmp_path / "page.rst"
    file.write_text(TEXT)
    page = Page(file)
    command, request = page.steps
    assert (command.arguments, command.by, len(command.told)) == (["thing", "set", "a", "--b", "c"], "", 5)
    assert (request.request, request.by, request.status) == (("PUT", "/v1/things/a", {"b": 1}), "mona", 200)
    assert request.answer == {"thing": {"name": "a", "…": None}, "rows": [{"n": 1}, "…"]}
    assert page.text() == TEXT


def table(*rows: str) -> list[str]:
    return ["+-+", f"| {rows[0]} |", "+-+", *(f"| {row} |" for row in rows[1:]), "+-+"]


@pytest.mark.parametrize(
    ("page", "real", "differs"),
    [
        (table("Host | State | Age", "h | okay | 1"), table("Host | State | Age", "h | okay | 2"), False),
        (table("Host | State | Age", "h | okay | 1"), table("Host | State | Age", "h | failed | 1"), True),
        (table("Host | State | Age", "h | okay | 1"), table("Host | State", "h | okay"), True),
        (table("Host | State", "h | okay"), [], True),
        (table("Field | Value", "id | 1"), table("Field | Value", "id | 2"), False),
        (table("Field | Value", "id | 1"), table("Field | Value", "id | 1", "more | 2"), True),
        (["No. [forbidden, request req-1a]"], ["No. [forbidden, request req-2b]"], False),
        (["No. [forbidden, request req-1a]"], ["No. [busy, request req-2b]"], True),
    ],
)
def test_what_commands_print(page: list[str], real: list[str], differs: bool) -> None:
    assert bool(list(shapes.differences(page, real))) is differs


@pytest.mark.parametrize(
    ("page", "real", "differs"),
    [
        ({"n": 1, "…": None}, {"n": 2.5, "m": 1}, False),
        ({"n": 1}, {"n": 2, "m": 1}, True),
        ({"n": 1, "m": 1}, {"n": 2}, True),
        ({"n": 1}, {"n": "1"}, True),
        ({"code": "busy"}, {"code": "timeout"}, True),
        ({"rows": [{"n": 1}, "…"]}, {"rows": [{"m": 1}, {"n": 7}]}, False),
        ({"rows": [{"n": 1}]}, {"rows": []}, True),
    ],
)
def test_answers(page: object, real: object, differs: bool) -> None:
    assert bool(list(shapes.mismatches(page, real))) is differs


def test_blocks_of_a_page_of_the_installation() -> None:
    found = walk.blocks("install/deployment", "A host")
    assert [text.split()[0] for text in found] == ["[DEFAULT]", "collectd-mgr-agent", "openstack"]
