# SPDX-License-Identifier: Apache-2.0
"""What takes a while to find out, kept until the next look: how fresh values are, which plugins are installed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent.absent import Absent, rate, times
from collectd_mgr.agent.health import Freshness, together
from collectd_mgr.agent.reach import Reach
from collectd_mgr.domain import canonical
from collectd_mgr.domain.capabilities import Installed
from collectd_mgr.domain.naming import Naming, first_word, naming
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.wire.look import look

LOG = logging.getLogger(__name__)


class Sweep:
    """What it saw is replaced whole, so any thread may read it. ``allowed``: whether the mode lets the agent read.
    ``directory``: the agent's own. ``reach``: is shown what there is, too.

    ``seen``: how fresh the values in the cache are, by plugin and host of their identifiers, in a daemon that calls its
    own host ``hostname``, and ``looked``: when, in seconds since 1970; ``rate``: samples per second of all of them;
    ``absent``: what was there and is gone; ``installed``: as in the capabilities, and ``installed_digest`` of it.
    """

    def __init__(self, ladder: Ladder, allowed: Callable[[], bool], directory: str, reach: Reach) -> None:
        self._ladder = ladder
        self._reach = reach
        self._allowed = allowed
        self.seen: Mapping[str, Mapping[str, Freshness]] = {}
        self.looked = 0.0
        self.rate = 0.0
        self.hostname = ""
        self.absent = Absent(Path(directory) / "missing.json")
        self.installed: list[dict[str, Any]] = []
        self.installed_digest = ""
        self._installed: tuple[Installed, ...] | None = None

    def _look_for_plugins(self) -> None:
        found = self._ladder.installed()
        if found != self._installed:
            self._installed, self.installed = found, [item.to_dict() for item in found]
            self.installed_digest = canonical.digest(self.installed)

    def refresh(self) -> None:
        """Look again; what cannot be read is not known to be fresh."""
        self._look_for_plugins()
        began = time.time()
        try:
            with look():
                seen = self._look() if self._allowed() else {}
        except exception.CollectdMgrError as error:
            LOG.debug("The cache cannot be read: %s", error.detail)
            seen = {}
        if seen is not self.seen:
            # In this order, see of(): one that looks old is not taken for silent.
            self.seen, self.looked = seen, began

    def called(self) -> str:
        """How the daemon calls its own host: as it was seen last, else as it says now; empty: not known."""
        return self.hostname or self._ladder.glance().hostname

    def of(self, names: Naming) -> Freshness:
        """Of the metrics that bear these names."""
        looked, seen = self.looked, self.seen
        found = (
            fresh
            for plugin in names.plugins
            for host, fresh in seen.get(plugin, {}).items()
            if names.hosts is None or host in names.hosts
        )
        return together(found, looked)

    def naming(self, plugin: str, goal: PluginGoal) -> Naming:
        """The names of a plugin that is to run so, in this daemon."""
        return naming(plugin, goal.items, self.hostname)

    def metrics(self, plugin: str, goal: PluginGoal) -> int:
        """How many metrics of a plugin that is to run so are in the cache."""
        return self.of(self.naming(plugin, goal)).metrics

    def _look(self) -> Mapping[str, Mapping[str, Freshness]]:
        running = self._ladder.observe()
        if running.silence is not None:
            return self.seen  # It may have them still: what it says next will tell.
        self.hostname = running.hostname or self.hostname
        pages = list(self._ladder.pages())
        seen = _by_name(row for page in pages for row in times(page.rows))
        self.rate = sum(rate(page.rows) for page in pages)
        self._reach.look(pages, self.absent.look(pages, running.since_boot))
        return seen


def _by_name(rows: Iterable[tuple[str, float]]) -> dict[str, dict[str, Freshness]]:
    """By the first word of the plugin, and by host."""
    found: dict[str, dict[str, list[float]]] = {}
    for name, seen in rows:
        host, plugin, _ = name.split("/", 2)
        found.setdefault(first_word(plugin), {}).setdefault(host, []).append(seen)
    return {
        plugin: {host: Freshness(max(seen), len(seen)) for host, seen in hosts.items()}
        for plugin, hosts in found.items()
    }
