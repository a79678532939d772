# SPDX-License-Identifier: Apache-2.0
"""Which settings fall on no metric: mistyped, perhaps, or for a plugin that is not there."""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from collectd_mgr import disk
from collectd_mgr.agent.absent import ids
from collectd_mgr.domain import canonical, reach, sections
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.spec import Goal

LOG = logging.getLogger(__name__)

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
_NOWHERE = "{} that fall on no metric so far: {}."
_LACKING = "{} of a data source that the metrics of their type do not have: {}."
_ALONE = "{} in percent of a sum that has one data source alone, which is always 100 %: {}."

_Key = tuple[str, str]


@dataclass(frozen=True)
class _Known:
    """A setting, and ``since`` when a metric for it is waited for (monotonic, in seconds); None once there was one.

    ``flaw``: the sentence about what makes no sense for that metric, of :data:`_LACKING` and :data:`_ALONE`.
    """

    setting: Mapping[str, Any]
    since: float | None
    flaw: str | None = None


def _nobody_knows(_type: str) -> Collection[str]:
    return ()


class Reach:
    """What is waited for, from one look at the cache to the next. Any thread may look, or ask.

    :param goal: gives what the daemon is to do
    :param interval: gives that of a plugin which has none of its own, in seconds
    :param sources: gives the data sources of a type of which there is a metric; none where nobody can tell
    :param path: a file for what was told, that an agent which is started again need not wait to tell it
    """

    def __init__(
        self,
        goal: Callable[[], Goal],
        interval: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        sources: Callable[[str], Collection[str]] = _nobody_knows,
        path: Path | None = None,
    ) -> None:
        self._goal = goal
        self._interval = interval
        self._clock = clock
        self._sources = sources
        self._told = _Told(path)
        #: What one look has found must not be undone by another that began before.
        self._lock = threading.Lock()
        self._known: Mapping[_Key, _Known] = {}
        #: A sentence for each kind of setting of which some have fallen on no metric in the time for it.
        self.sentences: tuple[str, ...] = ()

    def look(self, pages: Sequence[Page], others: bool) -> None:
        """``pages`` are all that is in the cache now; ``others``: not the same metrics as at the look before."""
        with self._lock:
            self._look(_Metrics(pages), others)

    def _look(self, metrics: _Metrics, others: bool) -> None:
        now, goal, known = self._clock(), self._goal(), dict[_Key, _Known]()
        missed, sources = 0, cache(self._sources)
        for key, setting in _settings(goal):
            each, is_new = self._before(key, setting, now)
            looked_for = each.since is not None and missed < MOST
            if looked_for and (others or is_new) and metrics.has_for(key[0], setting):
                each = replace(each, since=None, flaw=_flaw(setting, sources))
            if looked_for or each.since is None:
                known[key] = each
            missed += each.since is not None
        self._known = known
        late = [key for key, each in known.items() if self._is_late(goal, each, now)]
        flawed = {flaw: [key for key in known if known[key].flaw == flaw] for flaw in (_LACKING, _ALONE)}
        said = (_said(keys, flaw) for flaw, keys in {_NOWHERE: late, **flawed}.items())
        self.sentences = tuple(itertools.chain.from_iterable(said))
        self._told.keep(known[key].setting for key in late)

    def _before(self, key: _Key, setting: Mapping[str, Any], now: float) -> tuple[_Known, bool]:
        """What was known of it, and whether that is nothing: one that is set otherwise begins anew."""
        each = self._known.get(key)
        if each is not None and each.setting == setting:
            return each, False
        return _Known(setting, float("-inf") if self._told.has(setting) else now), True

    def _is_late(self, goal: Goal, each: _Known, now: float) -> bool:
        return each.since is not None and now - each.since >= self._patience(goal, each.setting)

    def _patience(self, goal: Goal, setting: Mapping[str, Any]) -> float:
        """Two intervals of the plugin that is named, or else of the slowest."""
        intervals = {name: each.interval or self._interval() for name, each in goal.plugins.items() if each.enabled}
        slowest = max(intervals.values(), default=0.0)
        return max(LEAST, 2 * intervals.get(str(setting.get("plugin")), slowest))


class _Metrics:
    """What is in the cache: there may be a hundred thousand, and as many settings as somebody likes."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages

    def has_for(self, section: str, setting: Mapping[str, Any]) -> bool:
        """Whether the setting falls on any."""
        names = self._of_type(str(setting.get("type"))) if section == sections.THRESHOLDS else self._names()
        expression = reach.expression(section, setting)
        return any(map(expression.fullmatch, names))

    def _names(self) -> Iterator[str]:
        return (name for page in self._pages for name in ids(page.rows))

    def _of_type(self, type_: str) -> Sequence[str]:
        """Those of such types, up to a dash: a threshold names its type."""
        return self._by_type.get(_word(type_), ())

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for name in self._names():
            found.setdefault(_word(name.split("/", 2)[-1]), []).append(name)
        return found


class _Told:
    """Settings of which it was told that they fall on no metric, as an agent knows them that is started later."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._before = disk.read(path, _understood, frozenset[str]()) if path else frozenset[str]()

    def has(self, setting: Mapping[str, Any]) -> bool:
        return bool(self._before) and canonical.digest(dict(setting)) in self._before

    def keep(self, settings: Iterable[Mapping[str, Any]]) -> None:
        """Have these in the file. Not synced: what a dying machine loses comes again after its time."""
        now = frozenset(canonical.digest(dict(setting)) for setting in settings)
        if self._path is None or now == self._before:
            return
        self._before = now
        try:
            disk.replace(self._path, json.dumps(sorted(now)), durably=False)
        except OSError as error:
            LOG.warning("Which settings fall on no metric is not kept on the disk: %s", error)


def _understood(data: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(str, data))


def _flaw(setting: Mapping[str, Any], sources: Callable[[str], Collection[str]]) -> str | None:
    """What is known to make no sense: a data source that is not there, or the percentage of the only one."""
    source, in_percent = setting.get("data_source"), setting.get("percentage")
    known = sources(str(setting.get("type"))) if source or in_percent else ()
    if source and known and source not in known:
        return _LACKING
    return _ALONE if in_percent and len(known) == 1 else None


def _said(keys: Iterable[_Key], sentence: str) -> Iterator[str]:
    """One sentence for each section."""
    found: dict[str, list[str]] = {}
    for section, name in keys:
        found.setdefault(section, []).append(name)
    for section, names in found.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield sentence.format(_WORDS[section], f"{', '.join(names[:_NAMED])}{more}")


def _word(text: str) -> str:
    return text.partition("-")[0]


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
