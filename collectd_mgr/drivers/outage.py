# SPDX-License-Identifier: Apache-2.0
"""What it costs that collectd is stopped and started: a time without a read, and what thresholds had found.

And what it had not written, where it had to be killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from collectd_mgr.domain import states
from collectd_mgr.domain.states import States
from collectd_mgr.drivers.ending import held, killed
from collectd_mgr.drivers.process import Process


class Outage:
    """That of one order, which may start collectd more than once."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._states: States | None = {}
        self._cost: tuple[str, ...] = ()
        #: From the first stop to the last start, in seconds, to the millisecond; None where nothing ran before.
        self.seconds: float | None = None

    def begin(self, find: Callable[[], States | None]) -> None:
        """A process that runs is about to be stopped; of several the first one counts, and is asked.

        :param find: gives what thresholds have found; None where that is not told
        """
        if self._began is None:
            self._states = find()
            self._began = time.monotonic()

    def kill(self, found: Process) -> None:
        """This one did not end when it was asked; it may be there yet, although it was killed."""
        cost = (*self._cost, killed("collectd"), *([held(f"collectd {found.pid}")] if found.alive() else ()))
        self._cost = tuple(dict.fromkeys(cost))

    def end(self) -> None:
        """There is one that reads."""
        if self._began is not None:
            self.seconds = round(time.monotonic() - self._began, 3)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is lost with the process, in sentences."""
        return (*self._cost, *((states.UNTOLD,) if self._states is None else states.lost(self._states)))

    def facts(self) -> dict[str, Any]:
        """For an error: the order came to nothing, but this came of it."""
        return {} if self.seconds is None else {"gap": self.seconds, "warnings": list(self.warnings)}
