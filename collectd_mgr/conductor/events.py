# SPDX-License-Identifier: Apache-2.0
"""Tells Ceilometer what the service knows of hosts and operations; one conductor at a time."""

from __future__ import annotations

import logging
import threading

from collectd_mgr.control.events import Telling
from collectd_mgr.rpc.confirmed import NotSent
from collectd_mgr.rpc.telemetry import Telemetry

LOG = logging.getLogger(__name__)

#: Between two looks, in seconds: usually, and after the bus took nothing.
_MOMENT, _PAUSE = 1.0, 5.0


class Events:
    """``bus`` is None where nobody wants events: then what happens is no news later either."""

    def __init__(self, telling: Telling, bus: Telemetry | None) -> None:
        self._telling = telling
        self._bus = bus
        self._pause = _MOMENT

    def round(self) -> int:
        """Tell what there is to tell; how much of it the bus has taken. The rest stays."""
        told = 0
        try:
            for news in self._telling.news():
                if self._bus is not None:
                    self._bus.send(news.event.type, news.event.payload)
                self._telling.told(news)
                told += 1
        except NotSent as error:
            if self._pause == _MOMENT:
                LOG.warning("The bus takes no events; they are told later: %s", error)
            self._pause = _PAUSE
        else:
            self._pause = _MOMENT
        return told

    def wait(self, stop: threading.Event) -> bool:
        """Until the next :meth:`round` is due; true when it is time to end."""
        return stop.wait(self._pause)
