# SPDX-License-Identifier: Apache-2.0
"""Reads in flight that outlasted the wait for them: whether they are over, for who asks every now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from collectd_mgr.extension.records import Record
from collectd_mgr.extension.registration import Registration

#: Seconds between two waits, the first time and at most; each pause is twice the one before.
_PAUSE, _LONGEST = 2.0, 20.0

#: The part of a pause that the next wait lasts: in it the thread must come by, and operations have to wait.
_SHARE = 0.05


class Stragglers:
    """Asked by one thread at a time, which has no turn.

    All have the pauses in common: who meets the threads for one has met them for those before it as well.

    :param turn: around what only one may do at a time
    """

    def __init__(self, registration: Registration, turn: Callable[[], AbstractContextManager[object]]) -> None:
        self._registration = registration
        self._turn = turn
        self._pause = _PAUSE
        self._next = 0.0

    def over(self, record: Record) -> bool:
        """Whether none of the reads that were taken out is in flight; takes a second at most, once it has its turn.

        :raises Busy: collectd stops
        :raises OSError: there may be no descriptor left to look with
        """
        if self._registration.over(record):
            return True
        if time.monotonic() < self._next:
            return False
        with self._turn():
            over = self._registration.wait(record, _SHARE * self._pause)
        self._pause = _PAUSE if over else min(2 * self._pause, _LONGEST)
        self._next = time.monotonic() + self._pause
        return over
