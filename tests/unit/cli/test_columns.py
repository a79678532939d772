# SPDX-License-Identifier: Apache-2.0
"""Cells, for people and for programs."""

from __future__ import annotations

from typing import Any

import pytest
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
    assert cell("two\n\tlines, \N{FIRE}") == "two\n\tlines, \N{FIRE}"
