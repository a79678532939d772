# SPDX-License-Identifier: Apache-2.0
"""Reads in flight that outlasted the wait for them: whether they are over, for who asks every now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from collectd_mgr.extension.records import Record
from collectd_mgr.extension.registration import Registration

#: Seconds of the first pause between two waits, and of the last one; each is twice the one before.
_PAUSE, _LONGEST = 2.0, 512.0

#: The part of a pause that the wait before it lasts: in it the thread must come by.
_SHARE = 0.05

#: Around what only one may do at a time; gives what tells whether another one waits for that.
Turn = Callable[[], AbstractContextManager[Callable[[], bool]]]


class Stragglers:
    """Asked by one thread at a time, which has no turn.

    All have the pauses in common: who meets the threads for one has met them for those before it as well.

    A thread that is met in none of the waits, of up to half a minute, hangs. It is not waited for any more: when it is
    idle that is seen, and it is waited for anew with the next one.
    """

    def __init__(self, registration: Registration, turn: Turn, clock: Callable[[], float] = time.monotonic) -> None:
        self._registration = registration
        self._turn = turn
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Have the pauses of the beginning: another one is to be waited for, or one is over. For who has the turn."""
        self._pause, self._next = _PAUSE, 0.0

    def over(self, record: Record) -> bool:
        """Whether none of the reads that were taken out is in flight; gives up as soon as another one wants the turn.

        :raises Busy: another one has it, or collectd stops
        :raises OSError: there may be no descriptor left to look with
        """
        over = self._registration.over(record) or self._met(record)
        if over:
            self.begin()
        return over

    def _met(self, record: Record) -> bool:
        if self._pause > _LONGEST or self._clock() < self._next:
            return False
        with self._turn() as wanted:
            over = self._registration.wait(record, _SHARE * self._pause, wanted)
            if not wanted():
                self._pause *= 2
        self._next = self._clock() + self._pause
        return over
