# SPDX-License-Identifier: Apache-2.0
"""To Ceilometer, and whoever else listens to the notifications of OpenStack's services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr.rpc.confirmed import Confirmed
from collectd_mgr.rpc.transport import Outlet


class Telemetry:
    """In the name of ``host``; for one thread at a time."""

    def __init__(self, outlet: Outlet, host: str) -> None:
        self._bus = Confirmed(outlet, f"collectd-mgr.{host}")
        self._topics = outlet.topics

    def send(self, event_type: str, payload: Mapping[str, Any]) -> None:
        """The bus has it for each topic when this returns. :raises NotSent: one that lacks it; others may have it"""
        for topic in self._topics:
            self._bus.send(topic, event_type, payload, {})
