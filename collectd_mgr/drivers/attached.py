# SPDX-License-Identifier: Apache-2.0
"""A collectd that somebody else runs: it can be found by its extension, and that is all."""

from __future__ import annotations

from collectd_mgr import exception
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.process import Process, look
from collectd_mgr.wire.client import WireClient


class AttachedDaemon(Daemon):
    """The process that answers on the extension's socket."""

    hands_off = "collectd is run by somebody else: the agent may not stop and start it."

    def __init__(self, wire: WireClient) -> None:
        self._wire = wire

    def find(self) -> Process | None:
        try:
            return look(int(self._wire.hello()["pid"]))
        except (exception.DaemonUnreachable, exception.RequestTimeout, exception.WireMismatch):
            return None

    def start(self) -> Process:
        raise exception.DaemonNotStarted(self.hands_off or "", messages=[])

    def stop(self) -> bool:
        return False

    def messages(self) -> tuple[str, ...]:
        return ()
