# SPDX-License-Identifier: Apache-2.0
"""Which values one of two instances writes, and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from collectd_mgr.domain.baseline import word
from collectd_mgr.domain.output import HOLD, NEVER, PASS, SINCE, UNTIL
from collectd_mgr.extension import abi
from collectd_mgr.extension.writers import PATIENCE, Sample

_NEVER = abi.to_cdtime(NEVER)


@dataclass
class Rule:
    """``mode`` is of :data:`collectd_mgr.domain.output.MODES`; ``moments`` are cdtimes, by metric, or ``_NEVER``.

    ``other``: the pid of the process with whose end everything passes; ``over``: it has ended, or written all it had.
    """

    mode: str = PASS
    moments: Mapping[bytes, int] = field(default_factory=dict)
    otherwise: int = 0
    other: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    #: When it was, as a cdtime.
    opened: int = _NEVER
    #: What the metrics are called that the new instance reads (see :mod:`.baseline`). One that has no moment, and is
    #: called otherwise, is the old one's as long as that lives: others put it in. None: it has ``otherwise`` as well.
    words: frozenset[str] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing that is sampled now is written, as long as the other instance lives."""
        return self.mode == HOLD or (self.mode == SINCE and not self.over.is_set())

    def inherit(self) -> None:
        """The other instance has ended: what was its own as long as it lived is not any more."""
        self.moments = {name: moment for name, moment in self.moments.items() if moment < _NEVER}
        self.words = None
        self.open()

    def open(self) -> None:
        """The other instance has ended, or written all it had. Safe to repeat."""
        self.opened = min(self.opened, abi.to_cdtime(time.time()))
        self.over.set()

    def verdict(self, sample: Sample, queue: Callable[[int, int], Callable[[], None]]) -> bool:
        """Whether a value passes; it may have to wait, for the other instance and for its turn in ``queue``: see
        :meth:`.Writers.queue`, of which that is given ``since`` and ``until``.
        """
        if self.mode in (PASS, HOLD):
            return self.mode == PASS
        since = self._since(sample.metric)
        early = sample.time < since
        if self.mode == UNTIL:
            return early or self.over.is_set()
        if early:
            return False
        await_turn = queue(since, self.opened)
        waited = self.over.wait(PATIENCE)
        await_turn()
        return waited and self.mode == SINCE

    def _since(self, metric: bytes) -> int:
        """The moment of that."""
        words, moment = self.words, self.moments.get(metric)
        if moment is None:
            known = words is None or word(metric.decode("utf-8", "surrogateescape")) in words
            moment = self.otherwise if known else _NEVER
        return moment
