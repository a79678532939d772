# SPDX-License-Identifier: Apache-2.0
"""How much of a host's disk settings may take."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.domain import buffer, ring
from collectd_mgr.domain.allowlist import Policy
from collectd_mgr.domain.spool import LEAST

MIB = 1 << 20
CHOICES = st.dictionaries(
    st.sampled_from("abcdef"), st.fixed_dictionaries({"bytes": st.none() | st.integers(1, 1 << 40)})
)


def codes(sections: dict[str, Any], policy: Policy | None = None) -> list[tuple[str, str]]:
    return [(found.option, found.reason_code) for found in buffer.too_large(sections, policy or Policy())]


def test_nothing_asks_for_nothing() -> None:
    assert codes({}) == []
    assert buffer.within({}, Policy()) == {}


def test_what_is_more_than_the_host_gives() -> None:
    assert codes({"spool": {"limits": {"bytes": 256 * MIB}}, "ring": {"all": {"bytes": 1024 * MIB}}}) == []
    assert codes({"spool": {"limits": {"bytes": 256 * MIB + 1}}}) == [("spool", "size")]
    assert codes({"ring": {"a": {"bytes": 1024 * MIB}, "b": {}}}) == [("ring", "size")], "all choices together"
    assert codes({"spool": {"limits": {"bytes": MIB}}}, Policy(spool_bytes=MIB - 1)) == [("spool", "size")]
    (found,) = buffer.too_large({"ring": {"a": {"bytes": 1 << 40}}}, Policy())
    assert str(found) == "ring: 1099511627776 bytes of the disk are more than the 1073741824 of this host."


def test_a_choice_takes_the_least_however_little_it_asks_for() -> None:
    many = {str(n): {"bytes": 1} for n in range(5)}
    assert codes({"ring": many}, Policy(ring_bytes=4 * LEAST)) == [("ring", "size")]


@pytest.mark.parametrize(
    "sections",
    [
        {"spool": {"limits": {"bytes": float("inf")}}},
        {"spool": {"limits": {"bytes": "much"}}},
        {"spool": {"limits": 7}},
    ],
)
def test_what_nobody_can_understand(sections: dict[str, Any]) -> None:
    assert codes(sections) == [(next(iter(sections)), "config")]
    assert buffer.within(sections, Policy()) == {}


@pytest.mark.parametrize(
    ("section", "setting"),
    [
        ("ring", []),
        ("ring", {"bytes": float("nan")}),
        ("ring", {"bytes": "x"}),
        ("ring", {"age": True}),
        ("ring", {"age": -1}),
        ("samples", {"interval": "x"}),
        ("samples", {"interval": float("inf")}),
        ("samples", {"interval": 0}),
        ("samples", {"interval": 1e-9}),
        ("samples", {"identifier": 7}),
        ("samples", {"rates": "no"}),
        ("mutes", "all"),
        ("mutes", {"severities": "okay"}),
        ("mutes", {"severities": [1]}),
        ("mutes", {"identifier": []}),
    ],
)
def test_one_that_nobody_can_understand_is_left_out_alone(section: str, setting: Any) -> None:
    good = {"identifier": "*", "interval": None}
    asked = {section: {"bad": setting, "good": good}, "spool": {"limits": {"bytes": MIB}}}
    assert codes(asked) == [(f"{section} > bad", "config")]
    assert buffer.within(asked, Policy()) == {section: {"good": good}, "spool": {"limits": {"bytes": MIB}}}


@given(CHOICES, st.integers(1, 1 << 32))
def test_what_is_held_to_it_is_within(choices: dict[str, Any], most: int) -> None:
    policy = Policy(ring_bytes=most)
    held = buffer.within({"ring": choices, "queue": {"x": {}}}, policy)
    assert ring.size(held.get("ring", {})) <= most
    assert codes(dict(held), policy) == []
    assert held["queue"] == {"x": {}}
    if ring.size(choices) <= most:
        assert held.get("ring", {}) == choices


def test_each_choice_gives_up_its_part() -> None:
    held = buffer.within(
        {"ring": {"a": {"age": 1, "bytes": 30 * MIB}, "b": {"bytes": 10 * MIB}}}, Policy(ring_bytes=20 * MIB)
    )
    assert {name: round(setting["bytes"] / MIB) for name, setting in held["ring"].items()} == {"a": 15, "b": 5}
    assert held["ring"]["a"]["age"] == 1
    assert buffer.within({"spool": {"limits": {"bytes": MIB}}}, Policy(spool_bytes=LEAST)) == {
        "spool": {"limits": {"bytes": LEAST}}
    }
