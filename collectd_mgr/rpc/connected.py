# SPDX-License-Identifier: Apache-2.0
"""Whether there ever was a bus. Until there is, oslo.messaging has who calls wait for it: for ever, and under a lock.

What it makes for the answers to all calls it makes with the first one, however little time that has. Once it is there,
an absent bus is an error like any other.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

#: Nobody has this name, and nobody waits long for him.
_NOBODY = "nobody"
_SHORT = 0.05


class Connected:
    """Of one client. It begins with the first :meth:`wait`, in the process that will call."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._there = threading.Event()
        self._lock = threading.Lock()
        self._begun = False

    def wait(self, seconds: float) -> bool:
        """Whether calls can be made; waits for that, but not longer than so."""
        self._begin()
        return self._there.wait(seconds)

    def _begin(self) -> None:
        with self._lock:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._call, name="bus", daemon=True).start()

    def _call(self) -> None:
        # That nobody answers is no news, and of whatever else there is the next call is told.
        with contextlib.suppress(Exception):
            self._client.prepare(server=_NOBODY, timeout=_SHORT).call({}, "status")
        self._there.set()
