# SPDX-License-Identifier: Apache-2.0
"""What each plugin really does now, as collectd's own lists say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectd_mgr.extension.grace import Grace
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.readers import Read, Reads
from collectd_mgr.extension.records import CONFIG, Record, Records


def unseen(plugins: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The loaded plugins of a daemon whose lists cannot be looked at: nothing was ever switched off in it."""
    known = {"loaded": True, "registered": True, "reads": [], "origin": CONFIG, "stopping": False}
    unknown = dict.fromkeys(("interval", "slowest", "context", "failing_until", "config_digest"))
    return {plugin: {**known, **unknown} for plugin in sorted(plugins)}


class Observer:
    """Reads the daemon's state; changes nothing, and may run beside an operation."""

    def __init__(self, loader: Loader, reads: Reads, records: Records, grace: Grace) -> None:
        self._loader = loader
        self._reads = reads
        self._records = records
        self._grace = grace

    def reads(self) -> list[Read]:
        """Every read, as collectd has it now; what it calls as one to have a plugin flush is none."""
        return [read for read in self._reads.all() if not read.flushes]

    def plugins(self) -> dict[str, dict[str, Any]]:
        """Every loaded plugin, by its name: see :meth:`plugin`."""
        by_plugin: dict[str, list[Read]] = {}
        for read in self.reads():
            by_plugin.setdefault(read.plugin.lower(), []).append(read)
        return {
            plugin: self._state(plugin, True, by_plugin.get(plugin.lower(), [])) for plugin in self._loader.loaded()
        }

    def plugin(self, plugin: str) -> dict[str, Any]:
        """One plugin: ``loaded``, ``registered`` (collectd has a read of it), ``reads`` (their names), ``interval`` and
        ``slowest`` (the shortest and the longest of them, in seconds; None without reads), ``context`` (that of those
        which the configuration gives none; None: all have the same), ``failing_until`` (see :class:`Read`),
        ``config_digest``, ``origin``, ``stopping`` (a read may be in flight), ``off`` (its reads were taken out, and
        not registered again).
        """
        reads = [read for read in self.reads() if read.plugin.lower() == plugin.lower()]
        return self._state(plugin, self._loader.path(plugin) is not None, reads)

    def _state(self, plugin: str, loaded: bool, reads: list[Read]) -> dict[str, Any]:
        record = self._records[plugin]
        return {
            "loaded": loaded,
            "registered": bool(reads),
            "reads": sorted(read.name for read in reads),
            "interval": min((read.interval for read in reads), default=None),
            "slowest": max((read.interval for read in reads), default=None),
            "context": record.interval,
            "failing_until": max(
                (read.failing_until for read in reads if read.failing_until is not None), default=None
            ),
            "config_digest": record.digest,
            "origin": record.origin,
            "stopping": self.stops(record),
            "off": record.off,
        }

    def stops(self, record: Record) -> bool:
        """Whether a read may be in flight, as it is seen now: nobody has to ask for anything for this to end."""
        try:
            return not self._grace.over(record.withdrawn)
        except OSError:  # There may be no descriptor left to look with.
            return True
