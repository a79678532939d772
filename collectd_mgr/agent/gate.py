# SPDX-License-Identifier: Apache-2.0
"""What a replacement leaves at collectd's output where that hangs: it is taken away as soon as that can be."""

from __future__ import annotations

from collections.abc import Callable

from collectd_mgr.agent.backoff import Backoff
from collectd_mgr.agent.state import State
from collectd_mgr.domain.mode import MANAGE
from collectd_mgr.domain.plan import Running
from collectd_mgr.drivers.ladder import Ladder

_LEFT = "Each value of collectd's is looked at yet, as while there are two: an output has not taken what came before."


class GateWatch:
    """:meth:`look` under the lock of the state, so that no replacement is under way.

    :param clock: gives seconds
    """

    def __init__(self, state: State, ladder: Ladder, clock: Callable[[], float]) -> None:
        self._state = state
        self._ladder = ladder
        self._clock = clock
        self._backoff = Backoff()
        #: That it is there, for the warnings in the status; ``None`` where it is not.
        self.sentence: str | None = None

    def look(self, running: Running) -> None:
        left = running.gate
        if left and self._state.mode().mode == MANAGE and self._backoff.due(self._clock()):
            left = not self._ladder.drivers[-1].release()
        before, self.sentence = self.sentence, _LEFT if left else None
        if self.sentence != before:
            self._state.changed()
