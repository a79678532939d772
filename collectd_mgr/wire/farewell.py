# SPDX-License-Identifier: Apache-2.0
"""What a collectd that ends in order leaves beside its socket: its pid. One that dies has no time for that.

Whoever finds another process than before, or none, can tell a stop or restart from a crash, whoever did it and
whoever runs collectd.
"""

from __future__ import annotations

import contextlib
import os


def leave(socket: str, pid: int) -> None:
    """Say that this process is about to end in order. :raises OSError: it could not be said"""
    staged = f"{socket}.goodbye.{pid}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, b"%d\n" % pid)
    finally:
        os.close(descriptor)
    os.replace(staged, _path(socket))


def take_back(socket: str, pid: int) -> None:
    """At a start: what another process of the same pid has left is not ours. Safe to repeat."""
    if left(socket) == pid:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_path(socket))


def left(socket: str) -> int | None:
    """The pid of the last process that ended in order; None when there is none."""
    with contextlib.suppress(OSError, ValueError):
        # collectd's own user can write here: nothing is followed, nothing is waited for.
        descriptor = os.open(_path(socket), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return int(os.read(descriptor, 32))
        finally:
            os.close(descriptor)
    return None


def _path(socket: str) -> str:
    return f"{socket}.goodbye"
