# SPDX-License-Identifier: Apache-2.0
"""Cells, for people and for programs."""

from __future__ import annotations

import argparse
import io
import json
from typing import Any

import pytest
import stevedore
import yaml
from cliff.columns import FormattableColumn

from collectd_mgr.cli.columns import cell

ODD = "clear\x1b[2J\x9b1m\udcff\nline"
PLAIN = "clear?[2J?1m?\nline"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (ODD, PLAIN),
        ([ODD], '["clear\\u001b[2J?1m?\\nline"]'),
        ({"of": ODD}, '{"of": "clear\\u001b[2J?1m?\\nline"}'),
        (["a", "b"], "a, b"),
    ],
)
def test_what_a_host_says_is_no_command_for_the_terminal(value: Any, shown: str) -> None:
    column = cell(value)
    assert isinstance(column, FormattableColumn)
    assert (column.human_readable(), column.machine_readable()) == (shown, value)


def test_words_are_words() -> None:
    text = "two\n\tlines, \N{FIRE}"
    assert (cell(text).human_readable(), cell(text).machine_readable()) == (text, text)


def test_a_column_with_odd_texts_is_sorted() -> None:
    assert sorted(map(cell, ["b", ODD, "a"])) == [cell("a"), cell("b"), cell(ODD)]


PRINTED = {
    "csv": f'"Message"\n"{PLAIN}"\n',
    "value": f"{PLAIN}\n",
    "json": json.dumps([{"Message": ODD}]) + "\n",
    "yaml": yaml.safe_dump([{"Message": ODD}]),
}


@pytest.mark.parametrize("name", PRINTED)
def test_no_format_has_commands_for_the_terminal(name: str) -> None:
    """Those that have a way to write them down lose nothing."""
    formatter: Any = stevedore.DriverManager("cliff.formatter.list", name, invoke_on_load=True).driver
    out = io.StringIO()
    formatter.emit_list(["Message"], [(cell(ODD),)], out, argparse.Namespace(quote_mode="nonnumeric", noindent=True))
    assert out.getvalue() == PRINTED[name]
    assert "\x1b" not in out.getvalue()
