# SPDX-License-Identifier: Apache-2.0
"""Waiting for what must come. How fast it comes is not what most tests are about."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

#: Seconds to wait for what must come, on a machine that is slow and has other things to do.
PATIENCE = 240.0


class Eventually(Protocol):
    """The type of :func:`eventually`."""

    def __call__(self, condition: Callable[[], object], limit: float = PATIENCE) -> float: ...


def looks(limit: float = PATIENCE) -> Iterator[float]:
    """One turn for each look at what must come, for ``limit`` seconds: the seconds so far.

    What is waited for needs the processor: so the pause after a look is longer where the look took longer, and looking
    takes a tenth of the time at most, unless it takes longer than a tenth of a second.
    """
    began = time.monotonic()
    while (looked := time.monotonic()) - began < limit:
        yield looked - began
        time.sleep(min(1.0, max(0.005, 9 * (time.monotonic() - looked))))


def eventually(
    condition: Callable[[], object], limit: float = PATIENCE, tell: Callable[[], object] = lambda: ""
) -> float:
    """Wait until something is true.

    :param limit: only where the time itself is what the test claims
    :param tell: what is worth knowing where it does not come true
    :return: the seconds it took
    """
    for waited in looks(limit):
        if condition():
            return waited
    raise AssertionError(f"not within {limit} s: {tell()}")
