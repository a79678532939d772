# SPDX-License-Identifier: Apache-2.0
"""Chosen metrics, each choice at an interval of its own."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import glob
from collectd_mgr.domain.columns import Row
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.sections import Settings

LOG = logging.getLogger(__name__)

#: Rows in one answer of the daemon.
_PAGE = 5000

#: Of a choice that names none, in seconds.
INTERVAL = 10.0

#: Between two looks at whose time has come, in seconds, at most: settings may have changed.
_MOMENT = 0.5

Setting = Mapping[str, Any]


class Watch:
    """For one thread.

    :param read: the daemon's values
    :param settings: the choices in force by name, each with ``identifier`` (a shell pattern) and ``interval`` (seconds)
    :param clock: seconds of a clock that nobody sets
    """

    def __init__(
        self,
        read: Callable[[Query], Page],
        settings: Callable[[], Settings],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._settings = settings
        self._clock = clock
        self._known: Settings = {}
        self._due: dict[str, float] = {}
        self._seen: dict[str, dict[str, float]] = {}

    def run(self, stop: threading.Event, look: Callable[[float], None], trouble: str) -> None:
        """Have somebody :meth:`look` until ``stop`` is set, whatever goes wrong in it; ``trouble`` is logged then."""
        while not stop.wait(self._pause()):
            try:
                look(self._clock())
            except Exception:
                LOG.exception(trouble)

    def _pause(self) -> float:
        """Until the next choice is due. A look that came later than the one before it would find some metric of the
        same interval changed twice, and one value lost. After a look that took longer there is a pause all the same."""
        now = self._clock()
        return min((due - now for due in self._due.values() if now < due < now + _MOMENT), default=_MOMENT)

    def look(self, now: float) -> Iterator[tuple[str, Setting, list[Row]]]:
        """Each choice whose time has come at ``now`` (of a monotonic clock), with the values it did not have yet.

        A choice comes once for each page of the daemon's values, so that nobody has all of them in memory.
        """
        settings = self._settings()
        self._forget(settings)
        for name, setting in settings.items():
            if now >= self._due.get(name, now):
                self._due[name] = _following(self._due.get(name, now), now, float(setting.get("interval") or INTERVAL))
                yield from ((name, setting, rows) for rows in self._fresh(name, setting))

    def _forget(self, settings: Settings) -> None:
        """A choice that is gone; one that was changed is due now, whatever it was before."""
        for name, known in self._known.items():
            if settings.get(name) != known:
                self._due.pop(name, None)
        self._known = dict(settings)
        self._seen = {name: seen for name, seen in self._seen.items() if name in settings}

    def _fresh(self, name: str, setting: Setting) -> Iterator[list[Row]]:
        before = self._seen.get(name, {})
        seen = self._seen[name] = dict(before)
        present: set[str] = set()
        try:
            for rows in self._pages(setting):
                fresh = [row for row in rows if row["last_update"] != before.get(row["id"])]
                present.update(row["id"] for row in rows)
                seen.update((row["id"], row["last_update"]) for row in fresh)
                if fresh:
                    yield fresh
        except exception.CollectdMgrError as error:
            level = logging.WARNING if isinstance(error, exception.BadRequest) else logging.DEBUG
            LOG.log(level, "The values of %s cannot be read: %s", name, error.detail)
        else:
            self._seen[name] = {identifier: seen[identifier] for identifier in present}

    def _pages(self, setting: Setting) -> Iterator[list[Row]]:
        pattern, marker = setting.get("identifier") or "*", None
        match = None if pattern == "*" else glob.expression(pattern)
        while True:
            page = self._read(Query(match=match, limit=_PAGE, marker=marker))
            # The expression may find more.
            yield [row for row in page.rows if row["last_update"] and glob.matches(pattern, row["id"])]
            marker = page.marker
            if marker is None:
                return


def _following(due: float, now: float, interval: float) -> float:
    """The first after ``now`` of the moments that are whole intervals from ``due``: one late look makes none later."""
    return due + interval * (math.floor((now - due) / interval) + 1)
