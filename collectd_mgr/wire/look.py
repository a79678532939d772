# SPDX-License-Identifier: Apache-2.0
"""A look at collectd: several calls that together wait for a silent one no longer than a single call would.

Each of them would find out anew that it hangs. So the time that calls without an answer have taken counts for the whole
look, and when it is over, the rest of the look does not ask any more. Answers may take their time: they cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Seconds of silence in one look: who only shows, or decides whether there is anything to do, looks again soon.
PATIENCE = 2.0


class _Look:
    def __init__(self, left: float) -> None:
        self.left = left


_CURRENT: ContextVar[_Look | None] = ContextVar("look", default=None)


@contextmanager
def look(patience: float = PATIENCE) -> Iterator[None]:
    """The calls that this thread makes until the end of this are one look; within another one, a part of that."""
    if _CURRENT.get() is not None:
        yield
        return
    token = _CURRENT.set(_Look(patience))
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def waiting(timeout: float, silence: tuple[type[Exception], ...]) -> Iterator[float]:
    """The seconds that a call may wait, at most ``timeout``.

    :param silence: what a call without an answer raises: the time that it took is the look's
    """
    current = _CURRENT.get()
    if current is None:
        yield timeout
        return
    began = time.monotonic()
    try:
        yield min(timeout, max(0.0, current.left))
    except silence:
        current.left -= time.monotonic() - began
        raise
