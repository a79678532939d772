# SPDX-License-Identifier: Apache-2.0
"""What a new process of collectd says while it starts, of the plugins that it was started for.

For many a plugin no second instance may be tried beside the daemon: of those only the start itself tells.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import complaints, managed, safety
from collectd_mgr.drivers import candidate
from collectd_mgr.drivers.base import Order
from collectd_mgr.drivers.validation import rejected

#: Of lines without a severity: what a log plugin writes to stderr because it has nowhere else to write.
_TROUBLE = re.compile(r"\b(?:fail|error|cannot|could not|unable|denied)", re.IGNORECASE)

#: Seconds; the extension keeps what is said for a little longer.
_MOMENT = 0.7


class Start:
    """One start for ``order``.

    :param old: the managed file before, which is gone back to: what that has too is no reason to
    """

    def __init__(self, order: Order, old: str | None) -> None:
        goals = {change.plugin: change.goal for change in candidate.taken_up(order)}
        ours = {plugin: goal for plugin, goal in goals.items() if goal is not None and goal.origin != "host"}
        self._plugins = {plugin.lower(): plugin for plugin in ours}
        self._new = {plugin for plugin, goal in ours.items() if not managed.has(old or "", plugin, goal)}

    @contextmanager
    def explained(self) -> Iterator[None]:
        """:raises ConfigRejected: collectd did not start, and says that it is because of a plugin of the order"""
        try:
            yield
        except exception.DaemonNotStarted as error:
            self._reject(filter(complaints.rejects, error.kwargs.get("messages", ())))
            raise

    def check(self, status: Mapping[str, Any], output: Iterable[str]) -> None:
        """To be called when the process is ready.

        :param status: the extension's own words, and ``output`` what the process wrote itself
        :raises ConfigRejected: it goes on without something of the configuration of a plugin of the order
        """
        heard = status.get("rejections")
        self._reject(filter(complaints.rejects, output) if heard is None else heard)

    def await_words(self) -> None:
        """To be called when it runs: what nobody could try before has a moment for its threads and its first write."""
        if not all(map(safety.scratch_allowed, self._plugins)):
            time.sleep(_MOMENT)

    def warnings(self, status: Mapping[str, Any], output: Iterable[str]) -> tuple[str, ...]:
        """What it said else of the plugins of the order, at warning or worse."""
        said = [*status["start_messages"], *filter(_TROUBLE.search, output)]
        return tuple(dict.fromkeys(line for line in said if self._about(line)))

    def _about(self, line: str) -> str | None:
        return self._plugins.get(complaints.about(line))

    def _reject(self, lines: Iterable[str]) -> None:
        found = [(plugin, line) for line in lines if (plugin := self._about(line)) in self._new]
        if found:
            plugin = str(found[0][0])
            raise rejected(plugin, list(dict.fromkeys(line for named, line in found if named == plugin)))
