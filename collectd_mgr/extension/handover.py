# SPDX-License-Identifier: Apache-2.0
"""What one collectd process leaves to the next beside its socket: the notifications that nobody has taken yet.

The numbers go on where they were, so that an agent gets none twice and misses none. A process that dies leaves nothing,
and the next one begins a stream of its own.
"""

from __future__ import annotations

import contextlib
import json
import os

from collectd_mgr.domain.notifications import Batch

#: What is read of a file at most, in bytes: more than the extension ever keeps.
_LONGEST = 64 * 1024 * 1024


def leave(socket: str, batch: Batch) -> None:
    """Have the file there, whole, when this returns. :raises OSError: it is not"""
    staged = f"{_path(socket)}.{os.getpid()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(batch.to_dict(), file)
        os.replace(staged, _path(socket))
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(staged)
        raise


def take(socket: str) -> Batch | None:
    """What was left, which is gone from there then: two processes must not go on with the same numbers.

    None for nothing.

    :raises OSError, ValueError, TypeError, KeyError: what is there is no such file; it is gone all the same
    """
    try:
        descriptor = os.open(_path(socket), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        os.unlink(_path(socket))
        return Batch.from_dict(json.loads(file.read(_LONGEST)))


def _path(socket: str) -> str:
    return f"{socket}.notifications"
