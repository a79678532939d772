# SPDX-License-Identifier: Apache-2.0
"""Which settings fall on no metric: mistyped, perhaps, or for a plugin that is not there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collectd_mgr.agent.absent import ids
from collectd_mgr.domain import reach, sections
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.spec import Goal

#: Seconds for which a plugin may be only about to give values, though its interval is shorter.
LEAST = 60.0

#: So many settings that fall on nothing are looked for: each is compared with all metrics.
MOST = 100

#: So many of them are named in one sentence.
_NAMED = 10

_WORDS = {
    sections.THRESHOLDS: "Thresholds",
    sections.SAMPLES: "Choices of samples",
    sections.RING: "Choices of the ring",
}

_Key = tuple[str, str]


@dataclass(frozen=True)
class _Known:
    """A setting, and ``since`` when a metric for it is waited for (monotonic, in seconds); None once there was one."""

    setting: Mapping[str, Any]
    since: float | None


class Reach:
    """What is waited for, from one look at the cache to the next. Any thread may look, or ask.

    :param goal: gives what the daemon is to do
    :param interval: gives that of a plugin which has none of its own, in seconds
    """

    def __init__(
        self, goal: Callable[[], Goal], interval: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._goal = goal
        self._interval = interval
        self._clock = clock
        #: What one look has found must not be undone by another that began before.
        self._lock = threading.Lock()
        self._known: Mapping[_Key, _Known] = {}
        #: A sentence for each kind of setting of which some have fallen on no metric in the time for it.
        self.sentences: tuple[str, ...] = ()

    def look(self, pages: Sequence[Page], others: bool) -> None:
        """``pages`` are all that is in the cache now; ``others``: not the same metrics as at the look before."""
        with self._lock:
            self._look(pages, others)

    def _look(self, pages: Sequence[Page], others: bool) -> None:
        now, goal, known = self._clock(), self._goal(), dict[_Key, _Known]()
        missed = 0
        for key, setting in _settings(goal):
            each, is_new = self._before(key, setting, now)
            looked_for = each.since is not None and missed < MOST
            if looked_for and (others or is_new) and _falls(key[0], setting, pages):
                each = replace(each, since=None)
            if looked_for or each.since is None:
                known[key] = each
            missed += each.since is not None
        self._known = known
        self.sentences = tuple(self._said(goal, now))

    def _before(self, key: _Key, setting: Mapping[str, Any], now: float) -> tuple[_Known, bool]:
        """What was known of it, and whether that is nothing: one that is set otherwise begins anew."""
        each = self._known.get(key)
        if each is not None and each.setting == setting:
            return each, False
        return _Known(setting, now), True

    def _said(self, goal: Goal, now: float) -> Iterator[str]:
        late: dict[str, list[str]] = {}
        for (section, name), each in self._known.items():
            if each.since is not None and now - each.since >= self._patience(goal, each.setting):
                late.setdefault(section, []).append(name)
        for section, names in late.items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield f"{_WORDS[section]} that fall on no metric so far: {', '.join(names[:_NAMED])}{more}."

    def _patience(self, goal: Goal, setting: Mapping[str, Any]) -> float:
        """Two intervals of the plugin that is named, or else of the slowest."""
        intervals = {name: each.interval or self._interval() for name, each in goal.plugins.items() if each.enabled}
        slowest = max(intervals.values(), default=0.0)
        return max(LEAST, 2 * intervals.get(str(setting.get("plugin")), slowest))


def _settings(goal: Goal) -> Iterator[tuple[_Key, Mapping[str, Any]]]:
    """Those that are waited for, in order; what is none (a newer server may send anything) is for others to tell."""
    for section in reach.SECTIONS:
        for name, setting in sorted(goal.section(section).items()):
            if isinstance(setting, Mapping) and not _is_off(str(setting.get("plugin")), goal):
                yield (section, name), setting


def _is_off(plugin: str, goal: Goal) -> bool:
    """Whether it is switched off, so that nobody expects its metrics."""
    found = goal.plugins.get(plugin)
    return found is not None and not found.enabled


def _falls(section: str, setting: Mapping[str, Any], pages: Sequence[Page]) -> bool:
    expression = reach.expression(section, setting)
    return any(expression.fullmatch(name) for page in pages for name in ids(page.rows))
