# SPDX-License-Identifier: Apache-2.0
"""What comes by the bus is held against what the API lets in, and means the same however it is written."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import received

GOOD: list[tuple[str, str, Any, Any]] = [
    ("thresholds", "a", {"type": "load", "warning_max": 1, "hits": 0}, {"type": "load", "warning_max": 1.0}),
    ("ignorelist", "a", {"plugin": "x", "type": None}, {"action": "deny", "plugin": "x"}),
    ("queue", "limits", {"high": 7}, {"high": 7, "low": 3}),
    ("queue", "limits", {"high": 1}, {"high": 1, "low": 1}),
    ("queue", "limits", {"high": 1, "low": 0}, {"high": 1, "low": 0}),
    ("mutes", "a", {"reason": "x"}, {"reason": "x"}),
]

BAD: list[tuple[str, str, Any]] = [
    ("thresholds", "x", 5),
    ("thresholds", "x", {"type": "load", "warning_max": "1"}),
    ("thresholds", "a b\nc", {"type": "load", "warning_max": 1.0}),
    ("mutes", "a/b", {}),
    ("ignorelist", "x", [1]),
    ("ignorelist", "x", {"plugin": "("}),
    ("queue", "limits", {}),
    ("queue", "limits", {"high": "a"}),
    ("queue", "limits", {"high": True}),
    ("queue", "limits", {"high": -5, "low": -7}),
    ("queue", "limits", {"high": 5, "low": 7}),
    ("queue", "limits", {"high": 5, "low": -1}),
    ("queue", "limits", {"high": float("nan")}),
    ("queue", "limits", {"high": 1 << 40}),
]


@pytest.mark.parametrize(("section", "name", "setting", "meant"), GOOD)
def test_what_is_good_has_one_form(section: str, name: str, setting: Any, meant: Any) -> None:
    received.check(section, name, setting)
    received.check(section, name, meant)
    assert repr(received.normal({section: {name: setting}})) == repr({section: {name: meant}})


@pytest.mark.parametrize(("section", "name", "setting"), BAD)
def test_what_is_bad_is_refused(section: str, name: str, setting: Any) -> None:
    with pytest.raises(exception.BadSetting) as caught:
        received.check(section, name, setting)
    assert (caught.value.kwargs["section"], caught.value.kwargs["name"]) == (section, name)


@pytest.mark.parametrize(("section", "name", "setting"), BAD)
def test_what_an_earlier_release_let_in_is_left_out_and_named(section: str, name: str, setting: Any) -> None:
    good: dict[str, dict[str, Any]] = {"thresholds": {"y": {"type": "load", "warning_max": 1.0}}}
    given: dict[str, dict[str, Any]] = {**good, section: {**good.get(section, {}), name: setting}}
    assert received.normal(given) == good
    assert (received.flaw(section, name, setting) or "").startswith(f"{section} > {name}: ")
    assert received.flaw("thresholds", "y", good["thresholds"]["y"]) is None
