# SPDX-License-Identifier: Apache-2.0
"""What thresholds have found of the metrics: a state and a number of hits each, which collectd keeps in its cache."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from collectd_mgr import exception
from collectd_mgr.domain.metrics import UNKNOWN
from collectd_mgr.extension import abi

#: What collectd says of a metric that is not in its cache is also its number for a failure.
_NOT_THERE = -1


class States:
    """Read and set by collectd's own functions, as its plugin for thresholds does; any thread may.

    :param names: gives the metrics in the cache; those that collectd misses already are left out
    :param judged: whether there are thresholds at all
    """

    def __init__(self, library: ctypes.CDLL, names: Callable[[], Iterable[str]], judged: Callable[[], bool]) -> None:
        self._library = library
        self._names = names
        self._judged = judged

    def get(self) -> dict[str, tuple[int, int]]:
        """By metric the number of its state (see :data:`.metrics.STATES`) and its hits, of each that was judged.

        :raises NotCapable: this collectd does not export them
        """
        self._check()
        if not self._judged():
            return {}
        found = dict(self._found(self._names()))
        # What left the cache since would look like a failure.
        there = set(self._names())
        return {name: state for name, state in found.items() if name in there}

    def set(self, states: Mapping[str, Sequence[int]]) -> list[str]:
        """Have these metrics be as :meth:`get` gave it; which of them are not in the cache. Safe to repeat.

        :raises NotCapable: this collectd does not export them
        """
        self._check()
        return [name for name, (state, hits) in states.items() if not self._put(name, state, hits)]

    def _found(self, names: Iterable[str]) -> Iterator[tuple[str, tuple[int, int]]]:
        for name in names:
            values = abi.values_of(name)
            if values is None:
                continue
            about = self._library.plugin_get_ds(values.type), ctypes.byref(values)
            state = self._library.uc_get_state(*about)
            if state != UNKNOWN:
                yield name, (state, max(0, self._library.uc_get_hits(*about)))

    def _put(self, name: str, state: int, hits: int) -> bool:
        values = abi.values_of(name)
        if values is None:
            return False
        about = self._library.plugin_get_ds(values.type), ctypes.byref(values)
        if self._library.uc_set_state(*about, state) == _NOT_THERE:
            return False
        self._library.uc_set_hits(*about, hits)
        return True

    def _check(self) -> None:
        if abi.bind(self._library, abi.JUDGING):
            raise exception.NotCapable(
                "This collectd does not export the states of its metrics.", capability="states", driver="live"
            )
