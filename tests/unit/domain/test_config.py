# SPDX-License-Identifier: Apache-2.0
"""The config of a plugin as JSON and as text: what each form means, and that nothing is lost between them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr import exception
from collectd_mgr.domain import config
from collectd_mgr.domain.grammar import Item, render
from tests.unit.domain.grammar_corpus import HOSTILE, documents, keys, unhurried, values

SNMP = """\
<Data "std_traffic">
  Type "if_octets"
  Table true
  Values "IF-MIB::ifInOctets" "IF-MIB::ifOutOctets"
</Data>
<Host "some.switch">
  Collect "std_traffic"
</Host>
<Data "powerplus">
  Type "voltage"
</Data>
"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, ""),
        ([], ""),
        ({"A": 1}, "A 1\n"),
        ({"A": "1"}, 'A "1"\n'),
        ({"A": [10.0, -0.0]}, "A 10\nA -0.0\n"),
        ({"A": 2**60}, "A 1.152921504606847e+18\n"),
        ({"A": 1.5, "B": True}, "A 1.5\nB true\n"),
        ({"A": ["x", "y"]}, 'A "x"\nA "y"\n'),
        ({"A": []}, ""),
        ({"A": {"args": ["0-2", "3,4,6"]}}, 'A "0-2" "3,4,6"\n'),
        ({"A": {"args": "x"}}, 'A "x"\n'),
        ({"A": [{"args": [1, 2]}, 3]}, "A 1 2\nA 3\n"),
        ({"A": {"B": 1}}, "<A>\n B 1\n</A>\n"),
        ({"A": {"args": "x", "B": 1}}, '<A "x">\n B 1\n</A>\n'),
        ({"A": {"args": ["x", 2], "B": 1}}, '<A "x" 2>\n B 1\n</A>\n'),
        ({"A": {"args": [], "B": 1}}, "<A>\n B 1\n</A>\n"),
        ({"A": [{"args": "x", "B": 1}, {"args": "y", "B": 2}]}, '<A "x">\n B 1\n</A>\n<A "y">\n B 2\n</A>\n'),
        ([["A", 1], ["B", 2], ["A", 3]], "A 1\nB 2\nA 3\n"),
        ([["A", [1, 2]]], "A 1\nA 2\n"),
        ({"A": [["B", 1], ["C", 2], ["B", 3]]}, "<A>\n B 1\n C 2\n B 3\n</A>\n"),
        ({"A": [["args", "x"], ["B", 1]]}, '<A "x">\n B 1\n</A>\n'),
        ({"A": [["args", "x"]]}, '<A "x">\n</A>\n'),
        ({"A": [[["args", "x"], ["B", 1]], [["args", "y"]]]}, '<A "x">\n B 1\n</A>\n<A "y">\n</A>\n'),
        ({"A": [["args", []], ["args", "x"]]}, '<A>\n args "x"\n</A>\n'),
        ([["args", []], ["args", "x"]], 'args "x"\n'),
        ({"A": [["B", 1], ["args", "x"]]}, '<A>\n B 1\n args "x"\n</A>\n'),
        ({"Args": "x"}, 'Args "x"\n'),
    ],
)
def test_what_json_means(value: Any, text: str) -> None:
    assert render(config.from_json(value)) == text


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (None, ""),
        ("A 1", ""),
        (1, ""),
        ({"A": None}, "A"),
        ({"A": {"B": None}}, "A > B"),
        ({"A": [1, None]}, "A"),
        ({"A": {}}, "A"),
        ({"A": {"args": []}}, "A"),
        ({"A": {"args": [[1]], "B": 1}}, "A"),
        ({"A": {"args": {"x": 1}}}, "A"),
        ({"A": [["B", 1], 2]}, "A"),
        ({"A": [["a", "b", "c"]]}, "A"),
        ({"A": [1, ["B", 1]]}, "A"),
        ({"args": "x"}, "args"),
        ([["args", "x"]], "args"),
        ([["A"]], ""),
        ([["A", 1], 1], ""),
        ([1, 2], ""),
        ({1: 2}, "1"),
        ({"A b": 1}, "A b"),
        ({"A\nB": 1}, "A\nB"),
        ({"": 1}, ""),
        ({"A": "\0"}, "A"),
        ({"A": float("inf")}, "A"),
        ({"A": float("nan")}, "A"),
        ({"A": 10**400}, "A"),
        ({"A": "\ud83d"}, "A"),
        ({"</Plugin>": 1}, "</Plugin>"),
    ],
)
def test_json_without_a_meaning_is_refused_with_its_path(value: Any, path: str) -> None:
    with pytest.raises(exception.BadConfig) as refused:
        config.from_json(value)
    assert refused.value.kwargs["path"] == path
    assert refused.value.kwargs["reason"]


def test_order_that_counts_is_kept_in_pairs() -> None:
    items = config.from_text(SNMP)
    value = config.to_readable(items)
    assert [name for name, _ in value] == ["Data", "Host", "Data"]
    assert value[0][1]["Values"] == {"args": ["IF-MIB::ifInOctets", "IF-MIB::ifOutOctets"]}
    assert config.from_json(value) == config.from_json(config.to_json(items)) == items


def test_sorted_names_are_an_object() -> None:
    items = config.from_text('Disk "sda"\nDisk "sdb"\nIgnoreSelected false\n')
    assert config.to_json(items) == {"Disk": ["sda", "sdb"], "IgnoreSelected": False}


def test_another_order_is_another_canonical_config() -> None:
    first, second = config.from_any({"Host": 1, "Data": 2}), config.from_any({"Data": 2, "Host": 1})
    assert config.to_json(first) == [["Host", 1], ["Data", 2]]
    assert config.to_json(second) == {"Data": 2, "Host": 1}
    assert list(config.to_readable(first)) == ["Host", "Data"]


@given(documents)
@unhurried
def test_json_and_back_is_the_identity_whoever_sorts_the_keys(document: tuple[Item, ...]) -> None:
    value = json.loads(json.dumps(config.to_json(document), sort_keys=True))
    assert repr(config.from_json(value)) == repr(document)


@given(documents)
@unhurried
def test_readable_json_and_back_is_the_identity(document: tuple[Item, ...]) -> None:
    value = json.loads(json.dumps(config.to_readable(document)))
    assert repr(config.from_json(value)) == repr(document)


@given(documents)
@unhurried
def test_text_and_back_is_the_identity(document: tuple[Item, ...]) -> None:
    assert repr(config.from_text(config.to_text(document))) == repr(document)


ARGS_EVERYWHERE = st.recursive(
    st.builds(Item, st.sampled_from(["args", "A", "B"]), st.lists(values, min_size=1, max_size=2).map(tuple)),
    lambda inner: st.builds(
        Item,
        st.sampled_from(["args", "A"]),
        st.lists(values, min_size=1, max_size=2).map(tuple),
        st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=8,
)


@given(st.lists(ARGS_EVERYWHERE, max_size=4).map(tuple))
@unhurried
def test_an_option_called_args_is_never_taken_for_arguments(document: tuple[Item, ...]) -> None:
    assert repr(config.from_json(config.to_json(document))) == repr(document)
    assert repr(config.from_json(config.to_readable(document))) == repr(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(HOSTILE[:60]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keys | st.sampled_from(["args", "</A>", ""]), inner, max_size=3)
        | st.lists(st.tuples(keys | st.just("args"), inner).map(list), max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
@unhurried
def test_any_json_is_refused_or_keeps_its_meaning(value: Any) -> None:
    items = accepted(value)
    if items is not None:
        assert repr(config.from_json(config.to_json(items))) == repr(items)
        assert repr(config.from_text(config.to_text(items))) == repr(items)


def accepted(value: Any) -> tuple[Item, ...] | None:
    try:
        return config.from_json(value)
    except exception.BadConfig:
        return None


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_json_stays_in_its_block(text: str) -> None:
    value = {"A": text, "B": [text, {"args": text, "C": {"args": [text, text]}}], "D": [["args", text]]}
    block = config.plugin_block("victim", config.from_json(value))
    assert config.from_text(render([block])) == (block,)
    assert config.to_json(block.children or ()) == config.to_readable(block.children or ()) == value


@pytest.mark.parametrize(
    "text", ["</Plugin>\n", "</Plugin>\n<Plugin x>\n", "A 1\n</Plugin>\nB 1\n", "<B>\n", 'A "', "A /\n", "A\n"]
)
def test_text_that_would_leave_its_block_is_refused(text: str) -> None:
    with pytest.raises(exception.BadGrammar):
        config.from_text(text if text != 'A "' else 'A "\\\n')


def test_text_needs_no_newline_at_its_end() -> None:
    assert config.from_text("A 1") == config.from_text("A 1\n") == (Item("A", (1,)),)


def test_either_form() -> None:
    assert config.from_any("A 1") == config.from_any({"A": 1}) == config.from_any([["A", 1]])
    assert config.from_any(None) == config.from_any("") == config.from_any({}) == ()


WHOLE = [
    '<Plugin "DF">\n MountPoint "/"\n</Plugin>',
    "<plugin df>\n</plugin>",
    {"Plugin": {"args": "df", "MountPoint": "/"}},
]


@pytest.mark.parametrize("whole", WHOLE)
def test_the_whole_block_of_a_plugin_is_not_what_stands_within_it(whole: Any) -> None:
    with pytest.raises(exception.BadConfig) as caught:
        config.within("df", config.from_any(whole))
    assert caught.value.kwargs["path"].lower() == "plugin"


@pytest.mark.parametrize(
    ("plugin", "text"),
    [
        ("df", 'Plugin "df"'),
        ("df", '<Plugin "other">\n A 1\n</Plugin>'),
        ("df", '<Plugin "df" "more">\n A 1\n</Plugin>'),
        ("perl", '<Plugin "perl">\n A 1\n</Plugin>'),
        ("threshold", '<Plugin "threshold">\n A 1\n</Plugin>'),
    ],
)
def test_what_a_plugin_could_mean_stays(plugin: str, text: str) -> None:
    items = config.from_text(text)
    assert config.within(plugin, items) == items != ()


def test_limits() -> None:
    deep: Any = {"A": 1}
    for _ in range(config.MAX_DEPTH):
        deep = {"A": deep}
    assert config.from_json(deep)
    for bad in ({"A": deep}, {"A": [1] * (config.MAX_ITEMS + 1)}, {"A": "x" * (2 * config.MAX_CHARACTERS)}):
        with pytest.raises(exception.BadConfig):
            config.from_json(bad)
    for text in (
        "#" * (config.MAX_CHARACTERS + 1),
        "A 1\n" * (config.MAX_ITEMS + 1),
        "<A>\n" * 40 + "B 1\n" + "</A>\n" * 40,
    ):
        with pytest.raises(exception.BadConfig):
            config.from_text(text)


def test_a_string_of_64_kib_is_within_the_limits() -> None:
    items = config.from_json({"A": "\\" * 65536})
    assert config.from_text(config.to_text(items)) == items


def test_blocks_for_a_fragment() -> None:
    assert render([config.load_plugin("cpu")]) == 'LoadPlugin "cpu"\n'
    assert render([config.load_plugin("cpu", 1)]) == '<LoadPlugin "cpu">\n Interval 1\n</LoadPlugin>\n'
    assert render([config.load_plugin("lua", 0.5, Globals=True)]).count("Globals true") == 1
    assert render([config.plugin_block("cpu", ())]) == '<Plugin "cpu">\n</Plugin>\n'
