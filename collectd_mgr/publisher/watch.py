# SPDX-License-Identifier: Apache-2.0
"""Chosen metrics, each choice at an interval of its own."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import choices, glob
from collectd_mgr.domain.columns import Row
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.sections import Settings
from collectd_mgr.publisher.taken import Taken

LOG = logging.getLogger(__name__)

#: Rows in one answer of the daemon.
_PAGE = 5000

#: Between two looks at whose time has come, in seconds, at most: settings may have changed.
_MOMENT = 0.5

#: After a look that takes more of its interval than this there is none between it and the next: it costs enough.
_SHORT = 0.25

Setting = Mapping[str, Any]


@dataclass
class _Choice:
    """One, and when its metrics had changed that were taken.

    ``due`` is when the next look is, ``between`` when there is one more before that: a metric that is read as often as
    it is looked at is read now a little early and now a little late, and may be so next to each look. ``close``:
    whether there is such a metric. ``process``: whose values they were. ``before`` that an earlier agent has taken all.
    """

    setting: Setting
    due: float
    between: float = math.inf
    seen: dict[str, float] = field(default_factory=dict)
    close: bool = False
    process: object = None
    before: float = 0.0

    @property
    def interval(self) -> float:
        return choices.interval(self.setting)

    @property
    def newest(self) -> float:
        """The time of the newest value that was taken."""
        return max(self.seen.values(), default=self.before)

    def wants_each(self, row: Row) -> bool:
        """Whether every value of it is wanted: there are no more than the choice says."""
        return self._period(row) >= self.interval

    def may_miss(self, row: Row) -> bool:
        """Whether two values of it may come between two looks."""
        return self.interval <= self._period(row) < 2 * self.interval

    def _period(self, row: Row) -> float:
        return float(row["interval"] or self.interval)


class Watch:
    """For one thread.

    :param read: the daemon's values
    :param settings: the choices in force by name, each with ``identifier`` (a shell pattern) and ``interval`` (seconds)
    :param clock: seconds of a clock that nobody sets
    :param taken: what an earlier agent has taken; None: nothing
    """

    def __init__(
        self,
        read: Callable[[Query], Page],
        settings: Callable[[], Settings],
        clock: Callable[[], float] = time.monotonic,
        taken: Taken | None = None,
    ) -> None:
        self._read = read
        self._taken = taken
        self._settings = settings
        self._clock = clock
        self._choices: dict[str, _Choice] = {}
        self._took = 0.0

    def run(self, stop: threading.Event, look: Callable[[float], None], trouble: str) -> None:
        """Have somebody :meth:`look` until ``stop`` is set, whatever goes wrong in it; ``trouble`` is logged then."""
        while not stop.wait(self._pause()):
            began = self._clock()
            try:
                look(began)
                self._took = self._clock() - began
            except Exception:
                LOG.exception(trouble)
                self._took = _MOMENT

    def _pause(self) -> float:
        """Until the next look is due. Where that should have been already, as long as the last one took."""
        due = min((min(choice.due, choice.between) for choice in self._choices.values()), default=math.inf)
        ahead = due - self._clock()
        return min(ahead if ahead > 0 else self._took, _MOMENT)

    @property
    def choices(self) -> Settings:
        """Those of the last look, by name."""
        return {name: choice.setting for name, choice in self._choices.items()}

    def look(self, now: float) -> Iterator[tuple[str, Setting, list[Row]]]:
        """Each choice whose time has come at ``now`` (of a monotonic clock), with the values it did not have yet.

        A choice comes once for each page of the daemon's values, so that nobody has all of them in memory. Where a look
        is short, no value is left out of a metric that has the interval of the choice, or a longer one.
        """
        self._follow(self._settings(), now)
        due = [(name, choice) for name, choice in self._choices.items() if min(choice.due, choice.between) <= now]
        for name, choice in due:
            yield from ((name, choice.setting, rows) for rows in self._look(name, choice, now))
        if due and self._taken is not None:
            # What is ahead of the clock says nothing of the others.
            ahead = time.time()
            self._taken.keep({name: min(choice.newest, ahead) for name, choice in self._choices.items()})

    def _look(self, name: str, choice: _Choice, now: float) -> Iterator[list[Row]]:
        began, is_between = self._clock(), now < choice.due
        choice.between = math.inf
        if is_between:
            yield from self._fresh(name, choice, choice.wants_each)
            return
        choice.due = _following(choice.due, now, choice.interval)
        yield from self._fresh(name, choice, lambda row: True)
        if choice.close and self._clock() - began < _SHORT * choice.interval:
            choice.between = choice.due - choice.interval / 2

    def _follow(self, settings: Settings, now: float) -> None:
        """Have the choices in force; one that was changed is due now, whatever it was before."""
        before, self._choices = self._choices, {}
        for name, setting in settings.items():
            known = before.get(name) or _Choice(setting, now, before=self._taken.of(name) if self._taken else 0.0)
            anew = replace(known, setting=setting, due=now, between=math.inf, close=False)
            self._choices[name] = known if known.setting == setting else anew

    def _fresh(self, name: str, choice: _Choice, wanted: Callable[[Row], bool]) -> Iterator[list[Row]]:
        before = choice.seen
        seen = choice.seen = dict(before)
        present: set[str] = set()
        processes: list[object] = []
        close = False
        try:
            for page in self._pages(choice.setting):
                processes.append(page.process)
                is_other = page.process != choice.process
                changed = [row for row in page.rows if row["last_update"] != before.get(row["id"]) and wanted(row)]
                fresh = [row for row in changed if not _was_taken(row, before.get(row["id"]), choice.before, is_other)]
                present.update(row["id"] for row in page.rows)
                seen.update((row["id"], row["last_update"]) for row in changed)
                close = close or any(map(choice.may_miss, page.rows))
                if fresh:
                    yield fresh
        except exception.CollectdMgrError as error:
            level = logging.WARNING if isinstance(error, exception.BadRequest) else logging.DEBUG
            LOG.log(level, "The values of %s cannot be read: %s", name, error.detail)
        else:
            choice.seen = {identifier: at for identifier, at in seen.items() if identifier in present}
            # Another may have answered for the last pages: then it is another one in the next look, too.
            choice.close, choice.process = close, processes[0]

    def _pages(self, setting: Setting) -> Iterator[Page]:
        pattern, marker = setting.get("identifier") or "*", None
        match = None if pattern == "*" else glob.expression(pattern)
        while True:
            page = self._read(Query(match=match, limit=_PAGE, marker=marker))
            # The expression may find more.
            rows = [row for row in page.rows if row["last_update"] and glob.matches(pattern, row["id"])]
            yield replace(page, rows=rows)
            marker = page.marker
            if marker is None:
                return


def _was_taken(row: Row, taken: float | None, before: float, is_other: bool) -> bool:
    """Whether it is a value that was taken already: by an earlier agent; or as the process before has read it, for one
    that takes over reads at the same times, but for what lies between two threads.
    """
    if taken is None:
        return bool(row["last_update"] <= before)
    return is_other and bool(abs(row["last_update"] - taken) < (row["interval"] or 0.0) / 2)


def _following(due: float, now: float, interval: float) -> float:
    """The first after ``now`` of the moments that are whole intervals from ``due``: one late look makes none later."""
    return due + interval * (math.floor((now - due) / interval) + 1)
