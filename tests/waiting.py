# SPDX-License-Identifier: Apache-2.0
"""Waiting for what must come. How fast it comes is not what most tests are about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

#: Seconds to wait for what must come, on a machine that is slow and has other things to do.
PATIENCE = 240.0


class Eventually(Protocol):
    """The type of :func:`eventually`."""

    def __call__(self, condition: Callable[[], object], limit: float = PATIENCE) -> float: ...


def eventually(condition: Callable[[], object], limit: float = PATIENCE) -> float:
    """Wait until something is true.

    :param limit: only where the time itself is what the test claims
    :return: the seconds it took
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit, f"not within {limit} s"
        time.sleep(0.005)
    return time.monotonic() - began
