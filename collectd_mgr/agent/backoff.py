# SPDX-License-Identifier: Apache-2.0
"""How often something that goes wrong is tried again."""

from __future__ import annotations

FIRST = 1.0
LONGEST = 60.0


class Backoff:
    """At once, then after 1 s, 2 s, 4 s … 60 s; at once again after a quiet time."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._wait = 0.0

    def due(self, now: float) -> bool:
        """Whether to try now; a true answer counts as a try."""
        since = LONGEST * 10 if self._last is None else now - self._last
        if since < self._wait:
            return False
        quiet = since > 2 * LONGEST
        self._wait = FIRST if quiet else min(LONGEST, max(FIRST, self._wait * 2))
        self._last = now
        return True
