# SPDX-License-Identifier: Apache-2.0
"""Markers between the pages of a list of metrics."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.domain.reads import Query, mark, marked, page


@given(st.binary(max_size=20))
def test_a_marker_is_plain_text_and_means_one_name(name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    marker = mark(text)
    assert parse_qs(urlencode({"marker": marker}), keep_blank_values=True) == {"marker": [marker]}
    assert marker.isascii()
    assert marked(marker) == text


@pytest.mark.parametrize("name", ["h.example.org/df-var-lib/df_complex-free", "h/table-a b/gauge-x=1&y;{z}/2"])
def test_it_is_the_name_where_that_is_plain(name: str) -> None:
    assert mark(name) == name


def test_pages_add_up_whatever_the_names() -> None:
    names = sorted(["h/df-a%2Fb/df", "h/df-a/df", "h/df-caf\u00e9/df", "h/-x/gauge", "h/df-\ufffd/df"])
    rows = [{"id": name, "state": None} for name in names]
    seen: list[str] = []
    marker: str | None = None
    while len(seen) < len(names):
        found = page(rows, Query(limit=1, marker=marker))
        seen += [row["id"] for row in found.rows]
        marker = found.marker
    assert (seen, marker) == (names, None)
