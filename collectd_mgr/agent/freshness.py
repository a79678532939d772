# SPDX-License-Identifier: Apache-2.0
"""What takes a while to find out, kept until the next look: how fresh values are, which plugins are installed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent.absent import Absent, times
from collectd_mgr.agent.health import Freshness
from collectd_mgr.domain import canonical, capabilities
from collectd_mgr.domain.capabilities import Installed
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.drivers.ladder import Ladder

LOG = logging.getLogger(__name__)

#: Rows in one answer of the daemon.
_PAGE = 10_000


class Sweep:
    """What it saw is replaced whole, so any thread may read it. ``allowed``: whether the mode lets the agent read.

    ``seen``: the freshness of each plugin that has values in the cache; ``absent``: what was there and is gone;
    ``installed``: as in the capabilities, and ``installed_digest`` of it.
    """

    def __init__(self, ladder: Ladder, allowed: Callable[[], bool]) -> None:
        self._ladder = ladder
        self._allowed = allowed
        self.seen: Mapping[str, Freshness] = {}
        self.absent = Absent()
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
        try:
            self.seen = self._look() if self._allowed() else {}
        except exception.CollectdMgrError as error:
            LOG.debug("The cache cannot be read: %s", error.detail)
            self.seen = {}

    def metrics(self) -> dict[str, int]:
        """How many metrics each plugin has in the cache."""
        return {plugin: fresh.metrics for plugin, fresh in self.seen.items()}

    def _look(self) -> dict[str, Freshness]:
        pages = list(self._pages())
        seen = _by_plugin(row for page in pages for row in times(page.rows))
        self.absent.look(pages)
        return seen

    def _pages(self) -> Iterator[Page]:
        reader = self._ladder.reader(capabilities.METRICS)
        marker: str | None = None
        while True:
            page = reader.metrics(Query(limit=_PAGE, marker=marker))
            yield page
            marker = page.marker
            if marker is None:
                return


def _by_plugin(rows: Iterable[tuple[str, float]]) -> dict[str, Freshness]:
    newest: dict[str, float] = {}
    counts: dict[str, int] = {}
    for name, seen in rows:
        plugin = name.split("/", 2)[1].partition("-")[0]
        newest[plugin] = max(newest.get(plugin, 0.0), seen)
        counts[plugin] = counts.get(plugin, 0) + 1
    return {plugin: Freshness(newest[plugin], counts[plugin]) for plugin in newest}
