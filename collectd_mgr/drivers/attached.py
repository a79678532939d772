# SPDX-License-Identifier: Apache-2.0
"""A collectd that somebody else runs: it can be found by its socket, and that is all."""

from __future__ import annotations

from collectd_mgr import exception
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.listener import Listener
from collectd_mgr.drivers.process import Process
from collectd_mgr.wire.client import WireClient


class AttachedDaemon(Daemon):
    """The process that listens on the extension's socket."""

    hands_off = "collectd is run by somebody else: the agent may not stop and start it."
    alone = hands_off

    def __init__(self, wire: WireClient) -> None:
        self._listener = Listener(wire)

    def find(self) -> Process | None:
        return self._listener.find()

    def start(self) -> Process:
        raise exception.DaemonNotStarted(self.hands_off or "", messages=[])

    def stop(self) -> bool:
        return False

    def messages(self) -> tuple[str, ...]:
        return ()
