# SPDX-License-Identifier: Apache-2.0
"""What the daemon looks for finds all that a pattern matches."""

from __future__ import annotations

import locale
from collections.abc import Iterator

import pytest
from hypothesis import example, given
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


@pytest.fixture(params=["C", "C.UTF-8"])
def characters(request: pytest.FixtureRequest) -> Iterator[None]:
    """A daemon has the locale that whoever starts it gives it."""
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, request.param)
    yield
    locale.setlocale(locale.LC_CTYPE, before)


@pytest.mark.usefixtures("characters")
@given(_TEXT, _TEXT)
@example("m?ll", "mäll")
def test_nothing_is_overlooked(pattern: str, identifier: str) -> None:
    expression = glob.expression(pattern)
    if glob.matches(pattern, identifier) and expression is not None:
        assert Expression(expression).matches(identifier.encode())


def test_a_long_pattern_is_left_to_the_agent() -> None:
    assert glob.expression("a*" * 200) is None
