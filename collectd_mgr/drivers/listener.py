# SPDX-License-Identifier: Apache-2.0
"""A collectd that somebody else starts: what is known of its process is that it listens on the extension's socket."""

from __future__ import annotations

from collectd_mgr.drivers.process import Process, look
from collectd_mgr.wire.client import WireClient


class Listener:
    """The process that listens, as the kernel has it; one that is slow to answer is no dead one."""

    def __init__(self, wire: WireClient) -> None:
        self._wire = wire
        self._last: Process | None = None

    def find(self) -> Process | None:
        """The process; None when there is none, or it cannot be seen from here."""
        listener = self._wire.listener()
        self._last = self._last if listener is None else look(listener)
        # While it ends, or when its queue is full, nobody can be seen to listen.
        return self._last if self._last and self._last.alive() else None
