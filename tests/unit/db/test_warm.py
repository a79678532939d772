# SPDX-License-Identifier: Apache-2.0
"""Connections that are kept for a moment, and the many threads that take them."""

from __future__ import annotations

from collections import deque
from typing import Any, cast

from collectd_mgr.db.warm import Warm


class Taken(deque[Any]):
    """Somebody else takes all that is there as soon as one has seen that there is something."""

    def __bool__(self) -> bool:
        seen = len(self) > 0
        self.clear()
        return seen


class Connection:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_old_ones_are_given_back_whoever_else_takes_some() -> None:
    """As many requests do that come at once after a pause."""
    warm, connections = Warm(), [Connection() for _ in range(3)]
    warm._idle = Taken((0.0, cast(Any, each)) for each in connections)
    assert warm._taken() is None
    assert [each.closed for each in connections] == [1, 1, 1]
    warm.close()
