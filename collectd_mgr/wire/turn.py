# SPDX-License-Identifier: Apache-2.0
"""What only one may do at a time, and who does it can see whether others wait."""

from __future__ import annotations

import threading


class Turn:
    """As a lock, which it is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0

    def take(self, timeout: float = -1) -> bool:
        """Whether it could be had within ``timeout`` seconds; -1: it is waited for."""
        with self._counting:
            self._waiting += 1
        try:
            return self._lock.acquire(timeout=timeout)
        finally:
            with self._counting:
                self._waiting -= 1

    def leave(self) -> None:
        """The next one may have it."""
        self._lock.release()

    def wanted(self) -> bool:
        """Whether somebody waits for it."""
        return self._waiting > 0
