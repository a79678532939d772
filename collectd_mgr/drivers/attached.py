# SPDX-License-Identifier: Apache-2.0
"""A collectd that somebody else runs: it can be found by its socket, and that is all."""

from __future__ import annotations

from collectd_mgr import exception
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.process import Process, look
from collectd_mgr.wire.client import WireClient


class AttachedDaemon(Daemon):
    """The process that listens on the extension's socket; one that is slow to answer is no dead one."""

    hands_off = "collectd is run by somebody else: the agent may not stop and start it."

    def __init__(self, wire: WireClient) -> None:
        self._wire = wire
        self._last: Process | None = None

    def find(self) -> Process | None:
        listener = self._wire.listener()
        self._last = self._last if listener is None else look(listener)
        # While it ends, or when its queue is full, nobody can be seen to listen.
        return self._last if self._last and self._last.alive() else None

    def start(self) -> Process:
        raise exception.DaemonNotStarted(self.hands_off or "", messages=[])

    def stop(self) -> bool:
        return False

    def messages(self) -> tuple[str, ...]:
        return ()
