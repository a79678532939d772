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
        ("\\w\\.[\\d]\\\\d", "a.d\\d", True),
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
        "cpu-\\d+",
        "a{1,600}",
        "(a{100}){6}",
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
    """It keeps a state of 1.3 KB for each way to be in the middle of a match."""
    expression = Expression("^.*[0-4].{6}Z")
    chance = random.Random(1)
    before = _resident()
    for _ in range(1000):
        assert not expression.matches(b"h/interface-%060d/if_octets" % chance.randrange(10**60))
    assert _resident() - before < 20_000_000


@pytest.mark.parametrize(
    "text",
    [
        "^[0-9a-f]*a[0-9a-f-]{30}x",
        "^[0-9a-f]*a" + "[0-9a-f-]" * 25 + "x",
        ".*[0-4]" + 33 * "." + "Z",
        "(a|b)*a(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)c",
        "[^-]*x[^-]{12}-",
        "(.?.?.?.?.?.?.?.?.?.?a){2}.*b.{5}c",
    ],
)
def test_nothing_that_texts_take_too_far(text: str) -> None:
    """Without a bound the first has glibc take 0.4 MB for each of these names, and ever more time."""
    with pytest.raises(NoExpression, match="combinations"):
        Expression(text)


@pytest.mark.parametrize("text", [10 * "(" + "a" + 10 * "+)", "(([a-z]{30}){30}){30}", "(()){600}", "a{1,99999}"])
def test_nothing_that_is_too_long_when_it_is_written_out(text: str) -> None:
    """glibc takes twice the time to compile the first for each pair of parentheses more."""
    with pytest.raises(NoExpression, match="written out"):
        Expression(text)


@pytest.mark.parametrize("text", ["(^x){2}", "(x$)+", "((\\bx)y){1,2}"])
def test_no_places_that_libc_forgets(text: str) -> None:
    with pytest.raises(NoExpression, match="place"):
        Expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "^(veth|tap|qvo|qvb|qbr)[0-9a-f]{8}-[0-9a-f]{2}$",
        "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "^instance-[0-9a-f]{8}$",
        "^([0-9]{1,3}\\.){3}[0-9]{1,3}$",
        "^([0-9a-f]{2}:){5}[0-9a-f]{2}$",
        "^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme[0-9]+n[0-9]+(p[0-9]+)?|dm-[0-9]+|loop[0-9]+)$",
        "^(en|eth|wl)[a-z0-9]+(\\.[0-9]{1,4})?(@if[0-9]+)?$",
        "(^|/)(proc|sys|dev|run)(/|$)",
        "^/var/lib/(docker|containers|kubelet)/.*",
        "^(.*[-_.])?(test|tmp|dev)([-_.].*)?$",
        "^.*-(read|write)-(1|5|15)m(in)?$",
        "^[^/]+/[^/]+-[^/]+/[^-]+(-.*)?$",
        "^cpu-?[0-9]*$|^memory$|^swap(_io)?$",
        "^(a|b|c|d|e|f|g|h)+$",
        "\\<(idle|wait|steal)\\>",
        "^[[:alnum:]_-]+[[:space:]]+[[:digit:]]+$",
        "^(foo|bar|baz){1,5}-[0-9]+",
        "mem.*used|used.*mem|.*(free|cached).*",
        "^.*(cpu|mem|eth[0-9]{1,3}).*-[a-z]{1,12}$",
        "für|größe",
    ],
)
def test_what_operators_write(text: str) -> None:
    Expression(text)
