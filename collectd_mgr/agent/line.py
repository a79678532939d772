# SPDX-License-Identifier: Apache-2.0
"""The specs that wait for their turn. Each is whole, so of those that wait the latest has what all others ask for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from collectd_mgr import exception
from collectd_mgr.domain.spec import Generation

#: Seconds for which one that needs another daemon lets the next one come, if it met others when it came: they are many
#: then. And for how long all of them do so at most, since the first of them came.
_GATHERING, _LONGEST = 0.5, 2.0


class Place:
    """That of one spec, from its coming to its turn."""

    def __init__(self, line: Line, generation: Generation, until: float) -> None:
        self.generation = generation
        self._line = line
        self._until = until

    def check(self) -> None:
        """:raises StaleGeneration: a later one waits, which has all of this; nothing of this need be done"""
        later = self._line.latest(self.generation)
        if later != self.generation:
            raise exception.StaleGeneration(f"Generation {later.n} waits for its turn.", generation=later.to_dict())

    def gathers(self) -> bool:
        """Whether others may come yet; to be asked where it would cost a daemon not to wait for them."""
        return self._line.clock() < self._until

    def wait(self) -> None:
        """For the next one to come, or for the time to be over. The caller holds no lock."""
        self._line.wait(self._until)


class Line:
    """May be used by any thread.

    :param clock: in seconds
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._changed = threading.Condition()
        self._waiting: list[Generation] = []
        self._at_work = 0
        #: When somebody's turn was over last: who comes right after it may well be one of many.
        self._ended = float("-inf")
        #: When the first of those came that gather.
        self._since: float | None = None

    @contextmanager
    def joined(self, generation: Generation) -> Iterator[Place]:
        """A place in it, until the block ends."""
        with self._changed:
            place = Place(self, generation, self._until())
            self._waiting.append(generation)
            self._changed.notify_all()
        try:
            yield place
        finally:
            with self._changed:
                self._waiting.remove(generation)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """It is somebody's turn, until the block ends."""
        with self._changed:
            self._at_work, self._since = self._at_work + 1, None
        try:
            yield
        finally:
            with self._changed:
                self._at_work, self._ended = self._at_work - 1, self.clock()

    def _until(self) -> float:
        now = self.clock()
        if not self._at_work and not self._waiting and now - self._ended >= _GATHERING:
            return now
        self._since = now if self._since is None else self._since
        return min(now + _GATHERING, self._since + _LONGEST)

    def latest(self, generation: Generation) -> Generation:
        """The latest of its epoch that waits."""
        with self._changed:
            return max((each for each in self._waiting if each.epoch == generation.epoch), key=lambda each: each.n)

    def wait(self, until: float) -> None:
        with self._changed:
            self._changed.wait(max(0.0, until - self.clock()))
