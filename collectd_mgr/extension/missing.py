# SPDX-License-Identifier: Apache-2.0
"""Alarms that a metric is missing, in a collectd that has another one beside it: one of the two is to raise them."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collectd_mgr.extension import abi

#: Not that of our other callbacks: by that the list of one kind is found among all.
_NAME = b"collectd_mgr_missing"

#: Seconds between two looks, at least and at most: somebody may set the clock.
_PAUSE, _LONGEST = 1.0, 60.0


class Missing:
    """Each alarm is raised by one of the two: by the other instance until that is about to end, and by this one then.

    collectd asks what is registered for that in its order, until one has it ask no other one: so whoever raises alarms
    is to be registered later. Without :meth:`hold` nothing is done.

    :param names: gives the metrics in collectd's cache, and when each came last, in seconds since 1970
    """

    def __init__(self, library: ctypes.CDLL, names: Callable[[], Mapping[str, float]]) -> None:
        self._library = library
        self._names = names
        self._callback = abi.Missing(self._missed)
        self._registered = self._held = False
        #: What left the cache meanwhile.
        self._kept: dict[str, abi.ValueList] = {}
        #: When those came last that the other instance has raised, and that are in the cache yet.
        self._said: dict[str, float] = {}
        #: Those that the other instance was to raise later, and that never came here.
        self._owed: dict[str, abi.ValueList] = {}
        self._lock = threading.Lock()

    def hold(self) -> None:
        """To be called while collectd reads its configuration. Where it does not export what this needs, both raise
        their alarms.
        """
        if abi.bind(self._library, abi.MISSING) or self._registered or not hasattr(self._library, "timeout_g"):
            return
        self._registered = self._held = True
        self._library.plugin_register_missing(_NAME, abi.address_of(self._callback), None)

    def open(self) -> None:
        """Alarms are raised from now on. Safe to repeat."""
        with self._lock:
            self._held = False

    def tell(
        self,
        names: Iterable[str] | None = None,
        said: Iterable[str] = (),
        owed: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        """As :meth:`open`; what the other instance has raised of the same silence is not raised again.

        :param names: in its cache: of these (None: of all) those are raised that have left the cache here
        :param said: those that it has raised
        :param owed: those that it has, and that never came here; when each came last, and its interval, in seconds
        """
        if not self._registered:
            return
        there = self._names()
        with self._lock:
            self._held = False
            kept, self._kept = self._kept, {}
            self._said.update({name: there[name] for name in said if name in there})
            wanted = {name: _sample(name, *sample) for name, sample in (owed or {}).items() if name not in kept}
            self._owed.update({name: values for name, values in wanted.items() if values is not None})
        self._raise(kept[name] for name in (kept if names is None else kept.keys() & set(names)) if name not in there)

    def pause(self) -> float | None:
        """Seconds until one that the other instance was to raise may be due; None where there is none."""
        with self._lock:
            due = min((self._due(values) for values in self._owed.values()), default=None)
        return None if due is None else min(max(due - time.time(), _PAUSE), _LONGEST)

    def look(self) -> None:
        """Raise what is due of that. What came here meanwhile, collectd itself misses from now on."""
        there, now = self._names(), time.time()
        with self._lock:
            owed = {name: values for name, values in self._owed.items() if name not in there}
            due = {name: values for name, values in owed.items() if self._due(values) <= now}
            self._owed = {name: values for name, values in owed.items() if name not in due}
        self._raise(due.values())

    def _due(self, values: abi.ValueList) -> float:
        return abi.from_cdtime(values.time + abi.timeout(self._library) * values.interval)

    def _raise(self, missing: Iterable[abi.ValueList]) -> None:
        for values in missing:
            self._library.plugin_dispatch_missing(ctypes.byref(values))

    def _missed(self, values: Any, _: Any) -> int:
        """What collectd calls on its main thread, of each metric that leaves the cache."""
        name = abi.name(values.contents).decode("utf-8", "surrogateescape")
        with self._lock:
            if self._held:
                self._kept[name] = _copy(values.contents)
                return abi.ASK_NO_OTHER
            said = abi.from_cdtime(values.contents.time) <= self._said.pop(name, 0.0)
        return abi.ASK_NO_OTHER if said else abi.ASK_ON


def _sample(name: str, moment: float, interval: float) -> abi.ValueList | None:
    """Of that metric; None for a name that is none."""
    values = abi.values_of(name)
    if values is not None:
        values.time, values.interval = abi.to_cdtime(moment), abi.to_cdtime(interval)
    return values


def _copy(values: abi.ValueList) -> abi.ValueList:
    """With what tells the metric, and when it came last, alone."""
    copy = abi.ValueList.from_buffer_copy(values)
    copy.values, copy.values_len, copy.meta = None, 0, None
    return copy
