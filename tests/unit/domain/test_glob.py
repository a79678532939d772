# SPDX-License-Identifier: Apache-2.0
"""What the daemon looks for finds all that a pattern matches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.domain import glob
from collectd_mgr.domain.expression import Expression

_TEXT = st.text(st.sampled_from("ab-/.*?[]!+(){}|\\^$é"), max_size=12)


@pytest.mark.parametrize(
    ("pattern", "identifier"),
    [("*", "h/load/load"), ("*/cpu-?/cpu-*", "h.x/cpu-0/cpu-idle"), ("*/df-[ab]/*", "h/df-a/df_complex-free")],
)
def test_patterns(pattern: str, identifier: str) -> None:
    assert glob.matches(pattern, identifier)
    expression = glob.expression(pattern)
    assert expression is not None
    assert Expression(expression).matches(identifier.encode())


@given(_TEXT, _TEXT)
def test_nothing_is_overlooked(pattern: str, identifier: str) -> None:
    expression = glob.expression(pattern)
    if glob.matches(pattern, identifier) and expression is not None:
        assert Expression(expression).matches(identifier.encode())


def test_a_long_pattern_is_left_to_the_agent() -> None:
    assert glob.expression("*" * 200) is None
