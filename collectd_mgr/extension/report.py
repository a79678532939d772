# SPDX-License-Identifier: Apache-2.0
"""The extension's own metrics, dispatched as any plugin's: what it did in this collectd, and what that cost.

Types are those of collectd's own types.db; the plugin is ``collectd_mgr``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable

PLUGIN = "collectd_mgr"

#: Of the read callback; the name of the extension itself is that of its log callback, which is looked for.
NAME = "collectd_mgr_metrics"


class Report:
    """``counters``: operations ``done`` and ``failed``, and the ``seconds`` they took, since the start of collectd.

    :param longest: gives the seconds for which the lock of the cache was held at most, None when it is never taken
    """

    def __init__(self, collectd: Any, counters: Mapping[str, float], longest: Callable[[], float | None]) -> None:
        self._collectd = collectd
        self._counters = counters
        self._longest = longest

    def register(self) -> None:
        """To be called from the init callback; collectd reads it in its default interval."""
        self._collectd.register_read(self.read, name=NAME)

    def read(self, _: object = None) -> None:
        for kind, instance, value in self.values():
            self._collectd.Values(plugin=PLUGIN, type=kind, type_instance=instance).dispatch(values=[value])

    def values(self) -> Iterator[tuple[str, str, float]]:
        """Type, type instance and value of each metric; counts and milliseconds are whole and never fall."""
        yield "operations", "done", int(self._counters["done"])
        yield "errors", "operations", int(self._counters["failed"])
        yield "total_time_in_ms", "operations", int(1000 * self._counters["seconds"])
        longest = self._longest()
        if longest is not None:
            yield "duration", "cache_lock_longest", longest
