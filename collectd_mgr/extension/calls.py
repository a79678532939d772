# SPDX-License-Identifier: Apache-2.0
"""The cache by collectd's own functions: for where its memory cannot be read, or changes faster than that."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from collectd_mgr.domain.columns import Packed
from collectd_mgr.extension.abi import to_cdtime
from collectd_mgr.extension.cache import Cache
from collectd_mgr.extension.values import Values, type_of
from collectd_mgr.extension.view import NO_STATE


class Calls:
    """A :class:`.view.View`; its metrics are those that collectd does not miss, and states are not told."""

    def __init__(self, cache: Cache, values: Values) -> None:
        self._cache = cache
        self._values = values
        self.names, self._times = cache.names()

    def states(self, chosen: Sequence[int]) -> bytes:
        return bytes([NO_STATE]) * len(chosen)

    def packed(self, chosen: Sequence[int], values: bool) -> Packed:
        if not values:
            return self._bare(chosen)
        found = list(zip(chosen, self._values.of([self.names[place] for place in chosen])))
        there = [(place, numbers) for place, numbers in found if numbers is not None]
        bare = self._bare([place for place, _ in there])
        return Packed(
            bare.names,
            bare.times,
            bare.intervals,
            bare.states,
            bytes([len(value) // 8 for _, (value, _) in there]),
            b"".join([value for _, (value, _) in there]),
            b"".join([rate for _, (_, rate) in there]),
            [type_of(self.names[place]) for place, _ in there],
        )

    def _bare(self, chosen: Sequence[int]) -> Packed:
        names = [self.names[place] for place in chosen]
        intervals = self._cache.intervals(names) if names else []
        return Packed(
            b"\0".join([*names, b""]),
            array("Q", [self._times[place] for place in chosen]).tobytes(),
            array("Q", [to_cdtime(interval or 0) for interval in intervals]).tobytes(),
            self.states(chosen),
        )
