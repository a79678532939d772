# SPDX-License-Identifier: Apache-2.0
"""Alarms that a metric is missing, in a collectd that has another one beside it: one of the two is to raise them."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterable
from typing import Any

from collectd_mgr.extension import abi

#: Not that of our other callbacks: by that the list of one kind is found among all.
_NAME = b"collectd_mgr_missing"


class Missing:
    """While the other instance is the daemon its alarms are enough; what it has not raised then is not lost.

    collectd asks what is registered for that in its order, until one has it ask no other one: so whoever raises alarms
    is to be registered later. Without :meth:`hold` nothing is done.

    :param names: gives the metrics in collectd's cache
    """

    def __init__(self, library: ctypes.CDLL, names: Callable[[], Iterable[str]]) -> None:
        self._library = library
        self._names = names
        self._callback = abi.Missing(self._missed)
        self._held = False
        self._kept: dict[str, abi.ValueList] = {}
        self._lock = threading.Lock()

    def hold(self) -> None:
        """To be called while collectd reads its configuration. Where it does not export what this needs, both raise
        their alarms.
        """
        if abi.bind(self._library, abi.MISSING) or self._held:
            return
        self._held = True
        self._library.plugin_register_missing(_NAME, abi.address_of(self._callback), None)

    def open(self) -> list[str]:
        """Alarms are raised from now on. Gives the metrics of which none was. Safe to repeat."""
        with self._lock:
            self._held = False
            return list(self._kept)

    def tell(self, names: Iterable[str] | None = None) -> None:
        """Raise those of these metrics (None: of all) that :meth:`open` gave, and forget the others. Safe to repeat."""
        with self._lock:
            kept, self._kept = self._kept, {}
        back = set(self._names()) if kept else set()
        for name in kept.keys() - back if names is None else (kept.keys() - back).intersection(names):
            self._library.plugin_dispatch_missing(ctypes.byref(kept[name]))

    def _missed(self, values: Any, _: Any) -> int:
        """What collectd calls on its main thread, of each metric that leaves the cache."""
        with self._lock:
            if self._held:
                self._kept[abi.name(values.contents).decode("utf-8", "surrogateescape")] = _copy(values.contents)
            return abi.ASK_NO_OTHER if self._held else abi.ASK_ON


def _copy(values: abi.ValueList) -> abi.ValueList:
    """With what tells the metric, and when it came last, alone."""
    copy = abi.ValueList.from_buffer_copy(values)
    copy.values, copy.values_len, copy.meta = None, 0, None
    return copy
