# SPDX-License-Identifier: Apache-2.0
"""Pages travel as columns and are rows at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectd_mgr.domain.columns import Columns, Row
from collectd_mgr.domain.reads import Page

DATA: dict[str, Any] = {
    "names": ["h/interface-lo/if_octets", "h/load/load"],
    "intervals": [10.0, None],
    "times": [1.5, 2.5],
    "types": ["if_octets", "load"],
    "values": [[7, 8], [0.5]],
    "rates": [[0.1, None], [0.5]],
    "sources": {"if_octets": [["rx", "derive"], ["tx", "derive"]], "load": [["shortterm", "gauge"]]},
}

ROWS: Sequence[Row] = (
    {
        "id": "h/interface-lo/if_octets",
        "interval": 10.0,
        "last_update": 1.5,
        "values": [
            {"name": "rx", "type": "derive", "value": 7, "rate": 0.1},
            {"name": "tx", "type": "derive", "value": 8, "rate": None},
        ],
    },
    {
        "id": "h/load/load",
        "interval": None,
        "last_update": 2.5,
        "values": [{"name": "shortterm", "type": "gauge", "value": 0.5, "rate": 0.5}],
    },
)


def test_columns_are_the_rows() -> None:
    columns: Sequence[Row] = Columns(DATA)
    assert columns == ROWS
    assert columns != ROWS[:1]
    assert (len(columns), columns[1], list(columns)) == (2, ROWS[1], list(ROWS))


def test_without_values() -> None:
    bare = {key: DATA[key] for key in ("names", "intervals", "times")}
    assert Columns(bare)[1] == {"id": "h/load/load", "interval": None, "last_update": 2.5}


def test_a_page_crosses_as_columns() -> None:
    page = Page(Columns(DATA), "h/load/load")
    assert page.to_dict() == {"columns": DATA, "marker": "h/load/load"}
    assert Page.from_dict(page.to_dict()) == page == Page(ROWS, "h/load/load")
