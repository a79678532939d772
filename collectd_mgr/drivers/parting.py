# SPDX-License-Identifier: Apache-2.0
"""How two collectds part what they sample: each metric has a moment, before which it is the old one's to write.

The agent may be killed at any moment of it: what each of the two knows, the next agent asks of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import output, states
from collectd_mgr.domain.baseline import word
from collectd_mgr.domain.columns import Columns
from collectd_mgr.domain.output import Sample
from collectd_mgr.domain.reads import FAILED
from collectd_mgr.drivers.observation import SILENCE
from collectd_mgr.wire.client import WireClient

#: Seconds between telling both of the moments and the first of them; where that was not enough, the double of it, or of
#: what it took to find out.
_MARGIN = 0.2
_ATTEMPTS = 5

#: Seconds until the last of the moments, at most: what waits longer is dropped in the end.
_FARTHEST = 30.0

#: Seconds for a flush: what is sampled meanwhile waits.
_FLUSH = 2.0

_PATIENCE = 30.0

#: What becomes of an old one that does not get as far as the end.
_UNKNOWN = "Of what it was to write yet some may be missing, and what thresholds had found may begin anew"

#: What becomes then of a buffer of the old one's.
_KEPT = "and some of what the old collectd had kept for it may be missing"


class Parting:
    """Between the daemon and the one that is to take its place: their sockets, and their pids.

    :param words: of the metrics that the new one reads, or will: see :mod:`collectd_mgr.domain.baseline`
    :param called: those, and of all that either dispatches by itself: what is called otherwise others put in; None:
        nobody knows
    """

    def __init__(
        self,
        old: WireClient,
        daemon: int,
        new: WireClient,
        successor: int,
        words: Collection[str] = (),
        called: Collection[str] | None = None,
    ) -> None:
        self._old, self._daemon = old, daemon
        self._new, self._successor = new, successor
        self._words = words
        self._called = called
        #: The first of the moments, as soon as both may know them.
        self._first: float | None = None

    def part(self, room: int | None = None) -> float:
        """Have both know the moments; the last of them.

        Until they do nothing is lost whatever happens. A writer that hangs would have the old one never finish, so that
        is found out before.

        :param room: how many values the new one keeps before it drops any; None: any number
        :raises Busy: that is so, the new one cannot keep what it is to hold, or this machine is too slow to tell both
            in time; nothing has changed
        """
        self._tell_new(output.HOLD)
        self._tell_old(output.PASS)
        self._drain()
        # One of an earlier version does not tell them by that.
        words = self._called if "by_word" in _output(self._old, self._daemon) else None
        margin = _MARGIN
        for _ in range(_ATTEMPTS):
            # In this order: what both begin to give in between is nothing that the old one has alone.
            ours, theirs = samples(self._old), samples(self._new)
            theirs = {**self._expected(ours), **theirs}
            listed = time.time()
            first = listed + margin
            moments = output.moments(ours, theirs, first)
            last = max(moments.values(), default=first)
            if last - time.time() > _FARTHEST:
                detail = f"The samples of the two would be parted in {last - time.time():.0f} s only."
                raise exception.Busy(f"{detail} The new instance cannot hold what it reads for so long.")
            waiting = output.waiting(theirs, last - min(moments.values(), default=first) + _FLUSH + _MARGIN)
            if room is not None and waiting > room:
                detail = f"Up to {waiting} values would wait in the new instance, and its write queue drops some above"
                raise exception.Busy(f"{detail} {room} (WriteQueueLimitLow).")
            told = {**moments, **output.kept(ours, theirs)}
            with suppress(exception.Busy):
                self._tell_new(output.SINCE, told, last, words)
                self._first = min(moments.values(), default=first)
                self._tell_old(output.UNTIL, told, last, words)
                return last
            self._first = None
            margin = 2 * max(margin, time.time() - listed)
            self._tell_new(output.HOLD)
        raise exception.Busy("This machine is too slow now for two instances to be told the same in time.")

    def _expected(self, ours: Mapping[str, Sample]) -> dict[str, Sample]:
        """Of the old one's what the new one reads as well, when the old one does, as far as it has read it already."""
        return {name: sample for name, sample in ours.items() if word(name) in self._words}

    def finish(self, last: float) -> tuple[str, ...]:
        """Have the old one write what is its own, and then the new one, which has what thresholds had found.

        :param last: of the moments
        :returns: what is not carried over, in sentences
        """
        time.sleep(min(max(0.0, last - time.time()), _FARTHEST))
        self._drain()
        lost = (*self._flush(), *self._carry_states())
        self._new.call("output_open", timeout=_PATIENCE)
        return lost

    def resume(self) -> tuple[str, ...] | None:
        """As :meth:`finish`, where an agent was killed on the way there; None where not both know the moments."""
        new, old = _output(self._new, self._successor), _output(self._old, self._daemon)
        # One that passes everything has written what the new one holds as well; of one that is silent nobody knows.
        if new.get("mode") != output.SINCE or old.get("mode", output.UNTIL) != output.UNTIL:
            return None
        if not old:
            return () if new.get("over") else (f"It did not answer. {_UNKNOWN}.",)
        try:
            lost = () if new.get("over") else self.finish(float(new.get("until", 0.0)))
        except exception.CollectdMgrError as error:
            return (f"{_UNKNOWN}: {error.detail}",)
        self.part_alarms()
        return lost

    def hole(self) -> str | None:
        """What neither has written, where it is taken back now, in a sentence; None where nothing is lost."""
        seconds = 0.0 if self._first is None else time.time() - self._first
        if self._first is None or seconds <= 0:
            return None
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._first))
        return f"What was sampled in the {seconds:.1f} s from {since} on may be missing: it was the new one's to write."

    def _drain(self) -> None:
        self._old.call("output_drain", {"pid": self._daemon}, timeout=_PATIENCE)

    def _flush(self) -> tuple[str, ...]:
        """Have the old one write what its plugins keep; what takes too long goes on meanwhile.

        :returns: what could not be written, in sentences
        """
        try:
            rows = self._old.call("flush", timeout=_FLUSH)
        except (exception.RequestTimeout, exception.Busy):  # Or it is at one that takes long; and flushes as it ends.
            return ()
        failed = [row for row in rows if row["outcome"] == FAILED]
        return tuple(f"{row['callback']} could not flush, {_KEPT}: {row['detail']}" for row in failed)

    def part_alarms(self, had: Iterable[str] = (), misses: Callable[[str], bool] = lambda name: False) -> None:
        """Have the new one raise the alarms that metrics are missing, right before the old one ends: each once. Who is
        asked in vain has the new one raise them as it finds them, when it is alone.

        :param had: the metrics that the old one had since the new one was started
        :param misses: tells whether it is to raise that of a metric which the old one alone has, when its time is over
        """
        with suppress(exception.CollectdMgrError):
            ours, theirs = samples(self._old), samples(self._new)
            # Of one whose interval nobody knows nobody knows when its time is over.
            alone = {name: sample for name, sample in ours.items() if name not in theirs and sample[1] > 0}
            owed = {name: sample for name, sample in alone.items() if misses(name)}
            said = sorted(theirs.keys() & (set(had) - ours.keys()))
            self._new.call("missing_tell", {"names": list(ours), "said": said, "owed": owed}, timeout=_PATIENCE)

    def _carry_states(self) -> tuple[str, ...]:
        """What thresholds have found goes on, in the new one, of which nobody has judged a value yet.

        :returns: of which metrics it does not, in sentences; that is no reason to stay
        """
        try:
            found = self._old.call("states_get", timeout=_PATIENCE)["states"]
            return states.lost(found, self._new.call("states_set", {"states": found}, timeout=_PATIENCE)["lost"])
        except exception.CollectdMgrError as error:
            return (f"What thresholds had found of the metrics begins anew: {error.detail}",)

    def _tell_new(self, mode: str, *told: Any) -> None:
        _tell(self._new, self._successor, self._daemon, mode, *told)

    def _tell_old(self, mode: str, *told: Any) -> None:
        _tell(self._old, self._daemon, self._successor, mode, *told)


def samples(wire: WireClient) -> dict[str, Sample]:
    """The time of the newest sample, and the interval, of each metric."""
    columns = Columns(wire.call("metrics_list", timeout=_PATIENCE))
    named: Iterable[tuple[str, float, float | None]] = zip(columns.names, columns.times, columns.intervals, strict=True)
    return {name: (moment, interval or 0.0) for name, moment, interval in named}


def _tell(
    wire: WireClient,
    pid: int,
    other: int,
    mode: str,
    moments: Mapping[str, float] | None = None,
    otherwise: float = 0.0,
    words: Collection[str] | None = None,
) -> None:
    asked = {"mode": mode, "other": other, "moments": moments or {}, "otherwise": otherwise, "pid": pid}
    called = {} if words is None else {"words": sorted(words)}
    wire.call("output_set", {**asked, **called}, timeout=_PATIENCE)


def _output(wire: WireClient, pid: int) -> dict[str, Any]:
    """What the collectd of this pid says of its output; nothing where it does not answer."""
    with suppress(*SILENCE):
        if wire.hello()["pid"] == pid:
            return dict(wire.call("status").get("output") or {})
    return {}
