# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectd_mgr.wire import framing

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(120)
        theirs.settimeout(120)
        yield ours, theirs


@settings(deadline=None)
@given(JSON)
def test_what_is_sent_is_received(message: object) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        framing.send(ours, [message])
        assert framing.receive(theirs) == [message]


def test_one_after_the_other_then_the_end(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    for number in range(3):
        framing.send(ours, {"n": number})
    ours.close()
    assert [framing.receive(theirs) for _ in range(4)] == [{"n": 0}, {"n": 1}, {"n": 2}, None]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00",
        struct.pack(">I", 10) + b"{}",
        struct.pack(">I", framing.FRAME_LIMIT + 1),
        struct.pack(">I", 4) + b"nope",
        struct.pack(">I", 2) + b"\xff\xfe",
        struct.pack(">I", 200_000) + b"[" * 200_000,
    ],
)
def test_garbage_is_no_frame(pair: tuple[socket.socket, socket.socket], garbage: bytes) -> None:
    ours, theirs = pair
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    ours.sendall(garbage)
    ours.close()
    with pytest.raises(framing.BadFrame):
        framing.receive(theirs)


def test_no_number_that_json_has_not() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        framing.encode([float("nan")])
