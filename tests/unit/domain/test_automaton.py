# SPDX-License-Identifier: Apache-2.0
"""glibc makes no more states of an expression than were counted, whatever the texts are."""

from __future__ import annotations

import ctypes
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from collectd_mgr.domain import automaton, expression, pattern

#: A state comes in up to three contexts (after a character of a word, after another one, at the end).
_CONTEXTS = 3

_PIECES = st.sampled_from(
    ["a", "b", "0", "-", "[ab]", "[^a]", "[0-9a-f]", ".", "[[:alpha:]]", "\\w", "é", "[aé]", "\\."]
)
_PLACES = st.sampled_from(["^", "$", "\\b", "\\B", "\\<", "\\>"])
_BOUNDS = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "{5}"])


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map("({})".format),
        st.tuples(inner, _BOUNDS).map(lambda pair: "({}){}".format(*pair)),
    )


_EXPRESSIONS = st.recursive(st.one_of(_PIECES, _PIECES, _PIECES, _PLACES), _more, max_leaves=12)


def made_by_libc(text: str, chance: random.Random) -> int:
    """How many states glibc has after forty texts: those of the table in its re_dfa_t."""
    compiled = expression._Compiled(expression.encoded(text))
    for _ in range(40):
        letters = chance.sample("ab0-fx .é_", chance.randrange(1, 5))
        compiled.matches("".join(chance.choices(letters, k=chance.randrange(60))).encode())
    automata = ctypes.c_uint64.from_buffer(compiled._form).value
    table = ctypes.c_uint64.from_address(automata + 64).value
    last = ctypes.c_uint32.from_address(automata + 132).value
    return sum(ctypes.c_int32.from_address(table + 16 * place).value for place in range(last + 1))


def counted(text: str) -> int:
    return automaton.states(pattern.parse(text), expression._taken, 10_000)


@given(_EXPRESSIONS, st.randoms(use_true_random=False))
def test_libc_makes_no_more(text: str, chance: random.Random) -> None:
    assume(expression.flaw(text) is None)
    assert made_by_libc(text, chance) <= _CONTEXTS * counted(text)


@pytest.mark.parametrize("text", [".*a.{6}x", "([ab]|ab|ba)*a.{4}x"])
def test_nor_are_there_many_more_counted(text: str) -> None:
    """For one that libc does make: the others are characters of many bytes, which these texts have few of."""
    assert made_by_libc(text, random.Random(1)) > counted(text) / 20


def test_characters_of_many_bytes_count_for_each_piece_that_takes_them() -> None:
    assert counted("[^a]{5,9}x") > counted("[ab]{5,9}x")


def test_a_search_ends_where_something_is_found() -> None:
    assert counted("ab.*") == counted("ab")
    assert counted("[0-9a-f]*a[0-9a-f]{3}") < counted("[0-9a-f]*a[0-9a-f]{3}x")


@pytest.mark.parametrize(
    ("one", "other"),
    [("x{2,}", "xxx*"), ("x{1,3}", "x((x)?x)?"), ("x+", "xx*"), ("(x|y){2}", "(x|y)(x|y)"), ("x{0}y", "y")],
)
def test_repetitions_are_written_out(one: str, other: str) -> None:
    assert counted(f"^{one}$") == counted(f"^{other}$")


def test_a_place_that_lets_nothing_through_has_nothing_behind_it() -> None:
    assert counted("x$" + 20 * "[ab]") == counted("x$a")
    assert counted("x^" + 20 * "[ab]") == counted("x^a")
    assert counted("x\\b" + 20 * "a") == counted("x\\ba")


def test_too_many_classes_are_too_many_cases() -> None:
    names = ("alpha", "digit", "alnum", "upper", "lower", "space", "punct", "cntrl")
    assert counted("".join(f"[[:{name}:]]" for name in names)) == 10_001
