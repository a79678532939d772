# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr import exception
from collectd_mgr.domain import grammar, thresholds
from collectd_mgr.domain.metrics import Identifier

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/"), max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
SETTINGS = st.fixed_dictionaries(
    {"type": TEXT.filter(bool), "failure_max": NUMBER},
    optional={
        "host": TEXT,
        "plugin": TEXT.filter(bool),
        "type_instance": TEXT,
        "data_source": TEXT,
        "warning_min": NUMBER,
        "hysteresis": st.floats(0, 1e300),
        "hits": st.integers(0, 2**31 - 1),
        **{flag: st.booleans() for flag in thresholds.FLAGS},
    },
)


@given(SETTINGS)
def test_what_collectd_reads_is_what_was_set(setting: dict[str, Any]) -> None:
    normal = thresholds.normal(setting)
    assert thresholds.normal(normal) == normal
    _, block = grammar.parse(grammar.render(thresholds.items({"a": normal})))
    assert list(thresholds.from_items((block,)).values()) == [normal]


def test_no_threshold_is_no_block() -> None:
    assert thresholds.items({}) == ()


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ({}, "type"),
        ({"type": ""}, "type"),
        ({"type": "a/b"}, "type"),
        ({"type": "x" * 128}, "type"),
        ({"type": "a\n"}, "type"),
        ({"type": 1}, "type"),
        ({"type": "a", "plugin_instance": "0"}, "plugin_instance"),
        ({"type": "a", "failure_max": float("nan")}, "failure_max"),
        ({"type": "a", "failure_max": 10**400}, "failure_max"),
        ({"type": "a", "failure_max": True}, "failure_max"),
        ({"type": "a", "failure_max": "1"}, "failure_max"),
        ({"type": "a", "hits": 1.5}, "hits"),
        ({"type": "a", "hits": -1}, "hits"),
        ({"type": "a", "hysteresis": -1}, "hysteresis"),
        ({"type": "a", "invert": 1}, "invert"),
        ({"type": "a", "interesting": False}, "interesting"),
        ({"type": "a", "warning_min": 2, "warning_max": 1}, "warning_min"),
        ({"type": "a", "color": "red"}, "color"),
    ],
)
def test_what_is_none_is_said(setting: dict[str, Any], field: str) -> None:
    with pytest.raises(exception.BadSetting) as bad:
        thresholds.normal(setting)
    assert bad.value.kwargs["field"] == field


def test_collectd_looks_twelve_times() -> None:
    found = list(thresholds.candidates(Identifier("h", "p", "0", "t", "x")))
    assert found == [
        "h/p-0/t-x",
        "h/p-0/t",
        "h/p/t-x",
        "h/p/t",
        "h//t-x",
        "h//t",
        "/p-0/t-x",
        "/p-0/t",
        "/p/t-x",
        "/p/t",
        "//t-x",
        "//t",
    ]


def test_two_of_ours_for_one_data_source() -> None:
    both = {"a": {"type": "t"}, "b": {"type": "t", "data_source": "rx"}}
    with pytest.raises(exception.BadSetting) as bad:
        thresholds.check(both, {})
    assert bad.value.kwargs["names"] == ["a", "b"]
    thresholds.check({"a": {"type": "t", "data_source": "tx"}, "b": both["b"]}, {})
    thresholds.check({"a": {"type": "t", "host": "h"}, "b": both["b"]}, {})


def test_one_beside_the_operators() -> None:
    with pytest.raises(exception.OwnedByHostConfig):
        thresholds.check({"a": {"type": "t"}}, {"host-t": {"type": "t"}})
    thresholds.check({"a": {"type": "t"}}, {"host-u": {"type": "u"}, "host-u-2": {"type": "u"}})


def test_the_operators_own_have_names() -> None:
    text = '<Plugin threshold>\n<Type "a b">\nFailureMax 1\n</Type>\n<Type "a/b">\nHits 1\n</Type>\n'
    text += '<Type "a b">\nDataSource x\nWarningMax 2\n</Type>\n<Type c>\nNonsense 1\n</Type>\n</Plugin>\n'
    assert list(thresholds.from_items(grammar.parse(text))) == ["host-a-b", "host-a-b-x"]
