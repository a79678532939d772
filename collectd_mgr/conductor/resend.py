# SPDX-License-Identifier: Apache-2.0
"""Sends specs again that have no outcome yet, to hosts that are there."""

from __future__ import annotations

import random
import threading
import time

from collectd_mgr.conductor.errands import Errands
from collectd_mgr.control.hosts import HostControl

#: However often hosts are heard, the records are not searched more often than this, in seconds.
_SHORTEST = 1.0

#: Hosts in one round.
_LIMIT = 200


class Resend:
    """Rounds at ``interval`` seconds, or sooner after :meth:`soon`."""

    def __init__(self, control: HostControl, errands: Errands, interval: float, timeout: float) -> None:
        self._control = control
        self._errands = errands
        self._interval = interval
        self._timeout = timeout
        self._wake = threading.Event()

    def soon(self) -> None:
        """Hosts were heard: one of them may be back."""
        self._wake.set()

    def round(self) -> int:
        """Begin to send to all that are unsettled, but for those that somebody else is at; to how many at most.

        Safe to repeat: agents do a generation once.
        """
        hosts = self._control.unsettled(_LIMIT)
        return sum(self._errands.run("resend", host, self._send) for host in hosts)

    def _send(self, host: str) -> None:
        self._control.resend(host, self._timeout)

    def wait(self, stop: threading.Event) -> None:
        """Until the next round is due. Several conductors do not stay in step."""
        shortest = min(_SHORTEST, self._interval)
        stop.wait(shortest)
        due = time.monotonic() + (self._interval - shortest) * random.uniform(0.8, 1.2)
        while not stop.is_set() and time.monotonic() < due and not self._wake.wait(0.2):
            pass
        self._wake.clear()
