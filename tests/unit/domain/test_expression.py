# SPDX-License-Identifier: Apache-2.0
"""What libc finds, what it is not asked for, and what it may keep."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.expression import Expression, NoExpression
from collectd_mgr.domain.reads import matching


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("cpu-[0-9]+", "h/cpu-0/cpu-idle", True),
        ("cpu-[0-9]{2}", "h/cpu-0/cpu-idle", False),
        ("^h/load", "h/cpu-0/cpu-idle", False),
        ("", "anything", True),
        ("ü", "für", True),
    ],
)
def test_it_is_found_anywhere(text: str, name: str, found: bool) -> None:
    assert Expression(text).matches(name.encode()) == found


@pytest.mark.parametrize(
    "text",
    [
        "(",
        "[",
        "a{1",
        "*a\\",
        "*{",
        "[[:x:]]",
        "(a)\\1",
        "a{1,300}",
        "(a{100}){3}",
        "x" * 257,
        "a\nb",
        "a\0b",
        "\udc80",
    ],
)
def test_what_is_none_is_said(text: str) -> None:
    with pytest.raises(NoExpression):
        Expression(text)
    with pytest.raises(exception.BadRequest, match="no regular expression") as bad:
        matching(text)
    assert bad.value.kwargs == {"parameter": "match"}


@pytest.mark.parametrize(
    "text",
    [
        "(a?)+",
        "(a*)*",
        "((a?)+|(b?)+){20}",
        "(in|out|)*",
        "(|x)+",
        "a?*",
        "a**",
        "(^)*",
        "(^a|$)+",
        "(a?b?){2,}",
        "([]a]*)+",
        "(\\b)+",
    ],
)
def test_no_loop_around_nothing(text: str) -> None:
    """glibc compiles the third for hours."""
    with pytest.raises(NoExpression, match="loop"):
        Expression(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("^(a?b)+$", "abbab"),
        ("^(([0-9]{1,3})\\.){3}[0-9]{1,3}$", "10.0.0.1"),
        ("^([]*?)]+-)*$", "]*-?-"),
        ("^[[:alpha:]]+$", "x"),
        ("^(a?){3}$", "aa"),
        ("^\\(a?\\)+$", "(a)))"),
        ("^(in|out|)?$", "out"),
        ("^x[^]?]*$", "xy"),
    ],
)
def test_other_loops(text: str, name: str) -> None:
    assert Expression(text).matches(name.encode())


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_what_libc_learns_of_texts_is_bounded() -> None:
    """It keeps a state for each way to be in the middle of a match: about 1.5 MB for each of these."""
    expression = Expression(".*[0-4]" + 33 * "." + "Z")
    chance = random.Random(1)
    before = _resident()
    for _ in range(150):
        assert not expression.matches(b"h/interface-%060d/if_octets" % chance.randrange(10**60))
    assert _resident() - before < 120_000_000
