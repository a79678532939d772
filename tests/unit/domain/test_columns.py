# SPDX-License-Identifier: Apache-2.0
"""Pages travel as columns of bytes and are rows at both ends."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import pytest

from collectd_mgr.domain.columns import Columns, Packed, Row
from collectd_mgr.domain.reads import Page

SECOND = 1 << 30

PACKED = Packed(
    b"h/interface-lo/if_octets\0h/load/load\0",
    struct.pack("=2Q", 3 * SECOND // 2, 5 * SECOND // 2),
    struct.pack("=2Q", round(0.1 * SECOND), 0),
    bytes([1, 255]),
    bytes([2, 1]),
    struct.pack("=qQd", -7, 2**64 - 1, 0.5),
    struct.pack("=3d", 0.1, float("nan"), 0.5),
    [b"if_octets", b"load"],
)

SOURCES = {"if_octets": [["rx", "derive"], ["tx", "counter"]], "load": [["shortterm", "gauge"]]}

DATA: dict[str, Any] = {**PACKED.to_dict(), "sources": SOURCES}

ROWS: Sequence[Row] = (
    {
        "id": "h/interface-lo/if_octets",
        "interval": 0.1,
        "last_update": 1.5,
        "state": "okay",
        "values": [
            {"name": "rx", "type": "derive", "value": -7, "rate": 0.1},
            {"name": "tx", "type": "counter", "value": 2**64 - 1, "rate": None},
        ],
    },
    {
        "id": "h/load/load",
        "interval": None,
        "last_update": 2.5,
        "state": None,
        "values": [{"name": "shortterm", "type": "gauge", "value": 0.5, "rate": 0.5}],
    },
)

#: Bytes of a word in each column.
WIDTHS = {"times": 8, "intervals": 8, "values": 8, "rates": 8, "kinds": 2}


def test_columns_are_the_rows() -> None:
    columns: Sequence[Row] = Columns(DATA)
    assert columns == ROWS
    assert columns != ROWS[:1]
    assert (len(columns), columns[1], list(columns)) == (2, ROWS[1], list(ROWS))


def test_without_values() -> None:
    bare = Packed(PACKED.names, PACKED.times, PACKED.intervals, PACKED.states).to_dict()
    assert "values" not in bare
    assert Columns(bare)[1] == {"id": "h/load/load", "interval": None, "last_update": 2.5, "state": None}


def test_a_page_crosses_as_columns() -> None:
    page = Page(Columns(DATA), "h/load/load")
    assert page.to_dict() == {"columns": DATA, "marker": "h/load/load", "missing": None}
    assert Page.from_dict(json.loads(json.dumps(page.to_dict()))) == page == Page(ROWS, "h/load/load")


def test_from_a_machine_with_the_other_order_of_bytes() -> None:
    other = {"little": "big", "big": "little"}[sys.byteorder]
    turned = {name: _turned(name, DATA[name], width) for name, width in WIDTHS.items()}
    assert Columns({**DATA, **turned, "byteorder": other}) == ROWS


def _turned(name: str, column: str, width: int) -> str:
    data = b64decode(column)
    data = zlib.decompress(data) if name in ("intervals", "kinds") else data
    words = b"".join(data[place : place + width][::-1] for place in range(0, len(data), width))
    return b64encode(zlib.compress(words) if name in ("intervals", "kinds") else words).decode()


@pytest.mark.parametrize("name", [b"h/p/a\nb", b"h/p/\xff", "h/p/größe".encode()])
def test_any_name(name: bytes) -> None:
    packed = Packed(name + b"\0", bytes(8), bytes(8), bytes(1))
    assert Columns(packed.to_dict()).names == [name.decode("utf-8", "replace")]


def test_one_behind_the_other() -> None:
    both = Columns({**(PACKED + PACKED).to_dict(), "sources": SOURCES})
    assert both == (*ROWS, *ROWS)


def test_nothing() -> None:
    assert Columns({**Packed(b"", b"", b"", b"", types=[]).to_dict(), "sources": {}}) == ()
