# SPDX-License-Identifier: Apache-2.0
"""What this process of collectd was told about each plugin: it dies with the daemon, as it must."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.managed import Marker

CONFIG = "config"
LIVE = "live"


@dataclass
class Record:
    """One plugin that is loaded.

    ``origin`` is ``config`` (by the operator's files) or ``live`` (by us, live or in the managed file).
    ``interval`` is what those of its reads have, in seconds, that are given no other one by its configuration, and
    ``own_interval`` what they have without a setting of ours. ``blocks`` and ``digest`` are the configuration
    that it was given live.
    ``rejected``: collectd took only a part of it. ``withdrawn``: when its reads were taken out last, by the monotonic
    clock; one of them may be in flight until the grace period since then is over. ``off``: they were not registered
    again.
    """

    origin: str
    own_interval: float | None = None
    interval: float | None = None
    digest: str | None = None
    blocks: tuple[Item, ...] = ()
    rejected: bool = False
    withdrawn: float | None = None
    off: bool = False


class Records:
    """The records by plugin. A plugin that nobody recorded came from the configuration."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def recall(self, marker: str | None, default: float, intervals: Mapping[str, float]) -> None:
        """Take over what the managed file says of the plugins that it loads: they came through us.

        :param marker: as :class:`collectd_mgr.domain.managed.Marker` writes it
        :param default: the global interval, in seconds
        :param intervals: what collectd has of all: see :func:`.contexts.intervals`
        """
        for plugin, seconds in intervals.items():
            self[plugin] = Record(CONFIG, seconds or default, seconds or default)
        for plugin, mark in Marker.from_text(marker).plugins.items():
            if mark.config_digest is not None:
                interval = default if mark.interval is None else mark.interval
                self[plugin] = Record(LIVE, default, interval, mark.config_digest)

    def __getitem__(self, plugin: str) -> Record:
        return self._records.setdefault(plugin.lower(), Record(CONFIG))

    def __setitem__(self, plugin: str, record: Record) -> None:
        self._records[plugin.lower()] = record
