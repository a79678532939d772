# SPDX-License-Identifier: Apache-2.0
"""Metrics are rendered as a JSON encoder would render them."""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.api import rows
from collectd_mgr.domain.columns import Columns, Packed, Row

SOURCES = {"one": [["value", "gauge"]], "two": [["rx", "derive"], ['t"x', "counter"]]}
CODES = {"one": "d", "two": "qQ"}
NUMBERS = {"d": st.floats(), "q": st.integers(-(2**63), 2**63 - 1), "Q": st.integers(0, 2**64 - 1)}

#: What a C string can hold; the surrogates have no bytes.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@st.composite
def columns(draw: st.DrawFn, kinds: list[str]) -> Columns:
    metrics = draw(st.lists(st.tuples(NAMES, st.sampled_from(kinds)), max_size=5))
    codes = "".join(CODES[kind] for _, kind in metrics)
    words = st.integers(0, 2**60)
    packed = Packed(
        "".join(f"{name}\0" for name, _ in metrics).encode(),
        struct.pack(f"={len(metrics)}Q", *(draw(words) for _ in metrics)),
        struct.pack(f"={len(metrics)}Q", *(draw(st.sampled_from([0, 10 << 30, 107374182])) for _ in metrics)),
        bytes(draw(st.sampled_from([0, 1, 15, 255])) for _ in metrics),
        bytes(len(CODES[kind]) for _, kind in metrics),
        struct.pack(f"={codes}", *(draw(NUMBERS[code]) for code in codes)),
        struct.pack(f"={len(codes)}d", *(draw(st.floats()) for _ in codes)),
        [kind.encode() for _, kind in metrics],
    )
    return Columns({**packed.to_dict(), "sources": SOURCES})


@given(st.one_of(columns(["one"]), columns(["one", "two"])), st.booleans())
def test_text(page: Columns, with_values: bool) -> None:
    page = page if with_values else Columns({key: page.data[key] for key in page.data if key != "values"})
    rendered = json.loads(rows.text(page, 1e9))
    ages = [row.pop("age") for row in rendered]
    assert rendered == list(page)
    assert ages == [pytest.approx(max(0.0, 1e9 - row["last_update"]), abs=0.001) for row in page]
    assert [{**row, "age": age} for row, age in zip(rendered, ages, strict=True)] == json.loads(
        rows.text(tuple(page), 1e9)
    )


def test_numbers_keep_every_digit() -> None:
    numbers = [0.1 + 0.2, math.pi, sys.float_info.max, 5e-324, -0.0, 1e16]
    count = len(numbers)
    data = struct.pack(f"={count}d", *numbers)
    words = bytes(8 * count)
    packed = Packed(b"h/p/one\0" * count, words, words, bytes(count), b"\1" * count, data, data, [b"one"] * count)
    page = Columns({**packed.to_dict(), "sources": SOURCES})
    assert [row["values"][0]["value"] for row in json.loads(rows.text(page, 2.0))] == numbers


@pytest.mark.parametrize("page", [Columns(Packed(b"h/p/one\0", bytes(8), bytes(8), bytes(1)).to_dict()), ()])
def test_other_text_around_it(page: Sequence[Row]) -> None:
    whole = json.loads(rows.text(page, 1.0, '{"rows":', ',"more":1}'))
    assert whole == {"rows": json.loads(rows.text(page, 1.0)), "more": 1}
