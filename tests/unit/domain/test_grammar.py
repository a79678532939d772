# SPDX-License-Identifier: Apache-2.0
"""collectd's grammar: what is read, what is refused, and that rendering is the way back."""

from __future__ import annotations

import math
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr import exception
from collectd_mgr.domain.grammar import MAX_DEPTH, Item, parse, render
from tests.unit.domain.grammar_corpus import HOSTILE, documents, strings, unhurried, values


def values_of(text: str) -> tuple[object, ...]:
    (item,) = parse(f"Key {text}\n")
    return item.values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a b"', ("a b",)),
        (r'"a\"b\\c\nd"', ('a"b\\cnd',)),
        ('""', ("",)),
        ('"two\nlines"', ("two\nlines",)),
        ('"one \\\n   line"', ("one line",)),
        ('"one \\\r\n\tline" 2', ("one \r\n\tline", 2)),
        ('"one \\\r\n\t \\\n  line" 2', ("one \r\n\t line", 2)),
        ('"a\\\n"b"', ('a"b',)),
        ("true yes on", (True, True, True)),
        ("false no off", (False, False, False)),
        ("True YES On", ("True", "YES", "On")),
        ("10 -3 +4 0x1F 010", (10, -3, 4, 31, 10)),
        ("0.5 -.5 1.5e+3 1.0E-2", (0.5, -0.5, 1500, 0.01)),
        ("1e5 1.5e5", ("1e5", 1.5, "e5")),
        ("127.0.0.1 10.0.0.1:25826", ("127.0.0.1", "10.0.0.1:25826")),
        ("::1 fe80::1 [::1]:80 ::ffff:1.2.3.4", ("::1", "fe80::1", "[::1]:80", "::ffff:1.2.3.4")),
        ("256.0.0.1", (256, 0, 0.1)),
        ("local_host a-b", ("local_host", "a", "b")),
        ("= a", ("a",)),
        ("1 \\\n 2", (1, 2)),
        ("1 # two", (1,)),
        ("one\ttwo\bthree", ("one", "two", "three")),
        ('a"b"', ("a", "b")),
    ],
)
def test_values(text: str, expected: tuple[object, ...]) -> None:
    assert repr(values_of(text)) == repr(expected)


def test_unmatched_quote_is_dropped_as_any_unknown_character() -> None:
    assert parse('Key "abc\n') == (Item("Key", ("abc",)),)


def test_huge_numbers_are_doubles() -> None:
    assert values_of("9" * 400) == (math.inf,)
    assert values_of("0x" + "f" * 400) == (math.inf,)
    assert values_of(str(2**53 + 1)) == (float(2**53),)


def test_blocks_nest() -> None:
    text = '<Plugin "snmp">\n  <Data "x" 1>\n    Table false\n  </Data>\n\n</Plugin>\n'
    assert parse(text) == (Item("Plugin", ("snmp",), (Item("Data", ("x", 1), (Item("Table", (False,)),)),)),)


def test_a_block_without_values_and_children_is_forgotten() -> None:
    assert parse("<A>\n<B>\n# nothing\n</B>\n</A>\nC 1\n") == (Item("C", (1,)),)


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "  \t \\\n", "\r\n\n"])
def test_nothing(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("Key", 1, 4),
        ("Key 1", 1, 6),
        ("Key\n", 1, 1),
        ("A 1\nKey /var\n", 2, 5),
        ("A 1\ntrue 1\n", 2, 1),
        ("12 1\n", 1, 1),
        ('"Key" 1\n', 1, 1),
        ("<A>\nB 1\n", 1, 2),
        ("<A>\nB 1\n</a>\n", 3, 3),
        ("</A>\n", 1, 3),
        ("<A> B 1\n</A>\n", 1, 5),
        ("<A\n>\n</A>\n", 1, 3),
        ("<A 1>\n</A 1>\n", 2, 5),
        ("<A>\n</A>", 2, 5),
        ("<>\n</>\n", 1, 2),
        ("A <b>\n", 1, 3),
        ("A b>\n", 1, 4),
        ("A 1\n B \0\n", 2, 4),
        ('A 1\n"abc\\\ndef', 2, 1),
    ],
)
def test_what_collectd_refuses_is_refused_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(exception.BadGrammar, match=rf"^file:{line}:{column}: ") as refused:
        parse(text, "file")
    assert (refused.value.kwargs["line"], refused.value.kwargs["column"]) == (line, column)


def test_depth_is_bounded_both_ways() -> None:
    deepest = nested(MAX_DEPTH)
    assert parse(render(deepest)) == deepest
    with pytest.raises(exception.BadConfig, match="deep"):
        render(nested(MAX_DEPTH + 1))
    with pytest.raises(exception.BadGrammar, match="deep"):
        parse("<A>\n" * 100_000)


def nested(depth: int) -> tuple[Item, ...]:
    items: tuple[Item, ...] = (Item("Leaf", (1,)),)
    for _ in range(depth):
        items = (Item("Block", (), items),)
    return items


@pytest.mark.parametrize(
    "item",
    [
        Item("Key", ("a\0b",)),
        Item("Key", ("\ud800",)),
        Item("Key", (math.inf,)),
        Item("Key", (math.nan,)),
        Item("Key", (2**53 + 1,)),
        Item("Key", (10**400,)),
        Item("Key", (None,)),  # type: ignore[arg-type]
        Item("Key"),
        Item("Key", (), ()),
        Item("A", (), (Item("B", (), ()),)),
        *(
            Item(key, (1,))
            for key in ["", "a b", "a\n", "a-b", "true", "12", "0x1", '"a"', "é", "#a", "a\\", "<a", "/", "a="]
        ),
    ],
)
def test_what_collectd_cannot_hold_is_not_rendered(item: Item) -> None:
    with pytest.raises(exception.BadConfig) as refused:
        render([item])
    assert refused.value.kwargs["path"].startswith(item.key)


def test_numbers_are_written_as_the_grammar_knows_them() -> None:
    assert render([Item("A", (1e22, 1e-7, -0.0, 0.1, 7, 1.5e300))]) == "A 1.0e+22 1.0e-07 -0.0 0.1 7 1.5e+300\n"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_stay_where_they_were_put(text: str) -> None:
    document = (
        Item("Plugin", ("victim",), (Item("Before", (1,)), Item("Option", (text, text)), Item("After", (text,)))),
        Item("Plugin", (text,), (Item("Block", (text,), (Item("Option", (text,)),)),)),
    )
    assert parse(render(document)) == document


def test_the_corpus_is_large() -> None:
    assert len(set(HOSTILE)) >= 100


@given(documents)
@unhurried
def test_render_then_parse_is_the_identity(document: tuple[Item, ...]) -> None:
    assert repr(parse(render(document))) == repr(document)


@given(strings)
@unhurried
def test_strings_stay_strings(text: str) -> None:
    assert values_of(render([Item("x", (text,))])[2:-1]) == (text,)


@given(values)
@unhurried
def test_values_keep_their_type(value: object) -> None:
    (item,) = parse(render([Item("Key", (value,))]))  # type: ignore[arg-type]
    assert repr(item.values) == repr((value,))


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(re.findall(r"\\\n|\s|.", '<A>/"\\\n 1\n#b true\\\r\n')), max_size=30).map("".join)
)
@unhurried
def test_any_text_is_read_or_refused(text: str) -> None:
    verdict = read(text)
    assert isinstance(verdict, tuple) or (verdict.kwargs["line"] >= 1 and verdict.kwargs["reason"])


def read(text: str) -> tuple[Item, ...] | exception.BadGrammar:
    try:
        return parse(text)
    except exception.BadGrammar as refused:
        return refused


def test_64_kib_of_anything_is_quick_and_whole() -> None:
    for char in ("a", '"', "\\", "\n", "é", "\r", '\\"', "#"):
        text = char * (65536 // len(char))
        assert values_of(render([Item("x", (text,))])[2:-1]) == (text,)


@pytest.mark.parametrize(
    "text",
    [
        'A "' + '\\"' * 300_000,
        '"\\\n' * 300_000,
        '"x\\\n' + "a" * 600_000,
        '"x\\\r\n' + "\\b" * 300_000,
        'A 1 "' + '\\\\\\"' * 150_000,
        "A " + "1" * 600_000 + ".\n",
        "A " + "f:" * 300_000 + "\n",
        "A " + "[" * 600_000 + "\n",
        "<A>\n</A>\n" * 60_000,
        "/" * 600_000,
    ],
    ids=range(10),
)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    """Seconds of work at most; with a search that is repeated at each quote it would be hours."""
    before = time.process_time()
    read(text)
    assert time.process_time() - before < 60
