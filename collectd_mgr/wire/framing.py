# SPDX-License-Identifier: Apache-2.0
"""Frames on the socket: four bytes of length (big-endian), then that many bytes of UTF-8 JSON."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

#: The longest frame that either side takes, in bytes.
FRAME_LIMIT = 64 * 1024 * 1024

_LENGTH = struct.Struct(">I")


class BadFrame(Exception):
    """The peer does not keep to the framing; the connection is of no more use."""


def encode(message: Any) -> bytes:
    """One frame. Non-finite floats are refused (:class:`ValueError`): JSON has none."""
    payload = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    if len(payload) > FRAME_LIMIT:
        raise BadFrame(f"a frame of {len(payload)} bytes is over the limit of {FRAME_LIMIT}")
    return _LENGTH.pack(len(payload)) + payload


def send(connection: socket.socket, message: Any) -> None:
    connection.sendall(encode(message))


def receive(connection: socket.socket) -> Any | None:
    """The next message; None at a clean end of the stream.

    :raises BadFrame: a frame over the limit, cut short, or not JSON
    """
    head = _exactly(connection, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(_whole(head, _LENGTH.size))
    if length > FRAME_LIMIT:
        raise BadFrame(f"a frame of {length} bytes is over the limit of {FRAME_LIMIT}")
    payload = _whole(_exactly(connection, length), length)
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"not JSON: {error}") from error


def _exactly(connection: socket.socket, size: int) -> bytearray:
    received = bytearray()
    while len(received) < size:
        chunk = connection.recv(min(size - len(received), 1 << 20))
        if not chunk:
            break
        received += chunk
    return received


def _whole(received: bytearray, size: int) -> bytes:
    if len(received) < size:
        raise BadFrame(f"the stream ended after {len(received)} of {size} bytes")
    return bytes(received)
