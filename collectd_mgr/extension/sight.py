# SPDX-License-Identifier: Apache-2.0
"""How the cache is looked at: through its memory where that is proven to be as it is known, else by calls."""

from __future__ import annotations

import ctypes
import threading
from array import array
from ctypes import byref, c_char_p, c_uint64, c_void_p
from itertools import chain, repeat, starmap, tee
from typing import Any, Callable, TypeVar

from collectd_mgr.domain.columns import Packed
from collectd_mgr.extension.cache import Cache, uncollected
from collectd_mgr.extension.calls import Calls
from collectd_mgr.extension.gather import Gather
from collectd_mgr.extension.latch import Latch
from collectd_mgr.extension.memory import Unreadable
from collectd_mgr.extension.snapshot import Snapshot, Snapshots
from collectd_mgr.extension.tree import Changing, Tree, find
from collectd_mgr.extension.values import Values
from collectd_mgr.extension.view import View

#: How often the memory is looked at before collectd is asked instead.
_TRIES = 4

#: Metrics whose values must be in the memory as collectd's functions tell them.
_PROOF = 8

_CHANGING = "it changes too fast"

T = TypeVar("T")


class Unproven(Exception):
    """The memory is not as it is known; the message says what of it."""


class Sight:
    """Any number of threads may look.

    :param why: why the memory is not to be looked at; None if it may be
    """

    def __init__(self, library: ctypes.CDLL, held: ctypes.PyDLL, why: str | None) -> None:
        self._library = library
        self._held = held
        self._cache = Cache(library, held)
        self.values = Values(library, held)
        self._lock = threading.Lock()
        self._snapshots: Snapshots | None = None
        self._why = why
        self._changed = 0

    def status(self) -> dict[str, Any]:
        """``way``: "memory" or "calls", ``why`` calls; ``longest_hold``: seconds for which nobody else could have the
        lock of the cache because of us, at most; ``changed``: how often it changed under our eyes.
        """
        return {
            "way": "calls" if self._why else "memory",
            "why": self._why,
            "longest_hold": self._cache.longest,
            "changed": self._changed,
        }

    def __call__(self, look: Callable[[View], T]) -> T:
        """What ``look`` makes of the cache; it may be called more than once."""
        for _ in range(_TRIES):
            snapshots = self._proven()
            if snapshots is None:
                break
            try:
                return look(snapshots())
            except (Changing, Unreadable):
                self._changed += 1
        return look(Calls(self._cache, self.values))

    def _proven(self) -> Snapshots | None:
        with self._lock:
            if self._snapshots is None and self._why is None and self._library.uc_get_size():
                try:
                    self._snapshots = self._prove()
                except (Unproven, Unreadable) as error:
                    self._why = f"the memory of collectd's cache cannot be read: {error}"
            return self._snapshots

    def _prove(self) -> Snapshots | None:
        """Compare what stands in the memory with what collectd's own functions say; None if it changes too fast."""
        gather = Gather()
        with self._cache.timed():
            address = find(self._held, gather.call)
        snapshots = Snapshots(gather, Tree(gather, address), Latch(gather, self._held, self._cache.timed))
        wrong = ""
        for _ in range(_TRIES):
            wrong = self._wrong(snapshots)
            if not wrong:
                return snapshots
        if wrong == _CHANGING:
            return None
        raise Unproven(wrong)

    def _wrong(self, snapshots: Snapshots) -> str:
        """What is not as it is known. Nothing if all is well."""
        try:
            self._compare(snapshots())
        except (Changing, Unproven) as error:
            return str(error) or _CHANGING
        return ""

    def _compare(self, snapshot: Snapshot) -> None:
        """:raises Unproven, Changing: the latter where a value may have come in between"""
        chosen = range(min(_PROOF, len(snapshot.names)))
        rows = snapshot.packed(chosen, values=True)
        try:
            self._confirm(snapshot, rows)
        except Unproven:
            if snapshot.packed(chosen, values=True) != rows:
                raise Changing from None
            raise

    def _confirm(self, snapshot: Snapshot, rows: Packed) -> None:
        """:raises Unproven:"""
        chosen = range(len(rows.counts))
        ends = [8 * sum(rows.counts[: place + 1]) for place in chosen]
        starts = [0, *ends]
        ours = [(rows.values[start:end], rows.rates[start:end]) for start, end in zip(starts, ends)]
        if ours != self.values.of(snapshot.names[: len(chosen)]):
            raise Unproven("values and rates are elsewhere")
        first = snapshot.names[0], array("Q", rows.times)[0], array("Q", rows.intervals)[0]
        if first != self._first():
            raise Unproven("times and intervals are elsewhere")

    def _first(self) -> tuple[bytes, int, int]:
        """Name, time and interval of the first metric: see :mod:`.cache` for how, and why so."""
        held, numbers = self._held, (c_uint64 * 2)()
        name = c_void_p(ctypes.cast(c_char_p(b""), c_void_p).value)
        time, interval = (ctypes.addressof(numbers) + 8 * place for place in range(2))
        made = tee(starmap(held.uc_get_iterator, ((),)), 4)
        text = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p)(("PyBytes_FromString", ctypes.pythonapi))
        steps = chain(
            map(held.uc_iterator_next, made[0], repeat(byref(name))),
            map(held.uc_iterator_get_time, made[1], repeat(time)),
            map(held.uc_iterator_get_interval, made[2], repeat(interval)),
            map(text, [name]),
            map(held.uc_iterator_destroy, made[3]),
        )
        with uncollected(), self._cache.timed():
            found = list(steps)
        return found[3], numbers[0], numbers[1]
