# SPDX-License-Identifier: Apache-2.0
"""Metrics are rendered as a JSON encoder would render them."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.api import rows
from collectd_mgr.domain.columns import Columns

NUMBERS = st.one_of(st.none(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False))
SOURCES = {"one": [["value", "gauge"]], "two": [["rx", "derive"], ['t"x', "counter"]]}


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    metrics = draw(st.lists(st.tuples(st.text(), st.sampled_from(sorted(SOURCES))), max_size=5))
    kinds = [kind for _, kind in metrics]
    return {
        "names": [name for name, _ in metrics],
        "intervals": [draw(st.sampled_from([None, 10.0, 0.1])) for _ in metrics],
        "times": [draw(st.floats(0, 2e9)) for _ in metrics],
        "types": kinds,
        "values": [[draw(NUMBERS) for _ in SOURCES[kind]] for kind in kinds],
        "rates": [[draw(NUMBERS) for _ in SOURCES[kind]] for kind in kinds],
        "sources": SOURCES,
    }


@given(columns(), st.booleans())
def test_text(data: dict[str, Any], with_values: bool) -> None:
    data = data if with_values else {key: data[key] for key in ("names", "intervals", "times")}
    page = Columns(data)
    rendered = json.loads(rows.text(page, 1e9))
    ages = [row.pop("age") for row in rendered]
    assert rendered == list(page)
    assert ages == [pytest.approx(max(0.0, 1e9 - row["last_update"]), abs=0.001) for row in page]
    assert [{**row, "age": age} for row, age in zip(rendered, ages, strict=True)] == [
        {**row, "age": pytest.approx(row["age"], abs=0.001)} for row in json.loads(rows.text(tuple(page), 1e9))
    ]


def test_numbers_keep_every_digit() -> None:
    numbers = [0.1 + 0.2, math.pi, sys.float_info.max, 5e-324, -0.0, 2**64 - 1]
    data = {"names": ["h/p/one"] * 6, "intervals": [10.0] * 6, "times": [1.5] * 6, "types": ["one"] * 6}
    data |= {"values": [[number] for number in numbers], "rates": [[None]] * 6, "sources": {"one": SOURCES["one"]}}
    assert [row["values"][0]["value"] for row in json.loads(rows.text(Columns(data), 2.0))] == numbers
