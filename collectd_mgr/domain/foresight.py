# SPDX-License-Identifier: Apache-2.0
"""What named settings would come to: beside which of the metrics that there are they fall on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectd_mgr.domain import choices, ignorelist, reach, sections
from collectd_mgr.domain.ignorelist import Alike, Rules
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.preview import CACHE, UNKNOWN, Load
from collectd_mgr.domain.sections import Sections, Settings

#: Of the metrics that a setting falls on, so many are named.
NAMED = 100

#: Sections whose settings choose metrics by a pattern.
_CHOICES = (sections.SAMPLES, sections.RING)

#: Sections of which it is said which metrics they fall on.
ABOUT_METRICS = frozenset({sections.IGNORELIST, *reach.SECTIONS})


@dataclass(frozen=True)
class Present:
    """A metric in the daemon's cache, with the interval of its values in seconds, if that is known."""

    metric: Identifier
    interval: float | None = None


@dataclass(frozen=True)
class Effect:
    """What is done to one setting, and what it means.

    ``before`` and ``after``: for a rule of the ignorelist what collectd collects of the metrics that it drops, for a
    choice what is published, or kept, of those that it chooses. ``metrics`` names some of the ``matched`` ones.
    """

    section: str
    name: str
    change: str
    before: Load = field(default_factory=Load)
    after: Load = field(default_factory=Load)
    matched: int | None = None
    metrics: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        loads = {"before": self.before.to_dict(), "after": self.after.to_dict()}
        return {**vars(self), **loads, "metrics": list(self.metrics)}


def effects(before: Sections, after: Sections, present: Sequence[Present]) -> tuple[Effect, ...]:
    """One for each setting that is another one, in order of section and name.

    :raises BadSetting: it is a rule of the ignorelist, and none
    """
    return tuple(
        effect
        for section in sorted({*before, *after})
        for effect in _effects(section, before.get(section, {}), after.get(section, {}), present)
    )


def differ(before: Sections, after: Sections) -> bool:
    """Whether anything differs of which it is said on which metrics it falls."""
    return any(before.get(section, {}) != after.get(section, {}) for section in ABOUT_METRICS)


def _changed(before: Settings, after: Settings) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _effects(section: str, before: Settings, after: Settings, present: Sequence[Present]) -> Iterable[Effect]:
    changed = _changed(before, after)
    if section == sections.IGNORELIST:
        return _rules(changed, after, present)
    return (_effect(section, name, before, after, present) for name in changed)


def _effect(section: str, name: str, before: Settings, after: Settings, present: Sequence[Present]) -> Effect:
    change = "unset" if name not in after else "set"
    if section in _CHOICES:
        was, will = before.get(name), after.get(name)
        chosen = _about(section, will or was or {}, present)
        loads = [Load() if setting is None else _kept(section, setting, present) for setting in (was, will)]
        return Effect(section, name, change, loads[0], loads[1], len(chosen), _named(chosen))
    if section == sections.THRESHOLDS:
        judged = _about(section, after.get(name) or before.get(name) or {}, present)
        return Effect(section, name, change, matched=len(judged), metrics=_named(judged))
    return Effect(section, name, change)


def _rules(changed: Sequence[str], after: Settings, present: Sequence[Present]) -> Iterator[Effect]:
    """Of all at once: a metric is asked about once, however many rules there are."""
    new = {name: ignorelist.normal(after[name]) for name in changed if name in after}
    stay = ignorelist.understood({name: rule for name, rule in after.items() if name not in new})
    names = [str(item.metric) for item in present] if new else []
    alike = list(Rules({**stay, **new}).together(names))
    for name in changed:
        if name in new:
            yield _rule(name, alike, present)
        else:
            # What it drops now is not in the cache.
            yield Effect(sections.IGNORELIST, name, "unset", Load(), Load(None, None, UNKNOWN))


def _rule(name: str, alike: Sequence[Alike], present: Sequence[Present]) -> Effect:
    matched = [each.places for each in alike if name in each.rules]
    dropped = [present[place] for each in alike if each.by == name for place in each.places]
    first = sorted(place for places in matched for place in places[:NAMED])[:NAMED]
    metrics = _named([present[place] for place in first])
    return Effect(sections.IGNORELIST, name, "set", _collected(dropped), Load(), sum(map(len, matched)), metrics)


def _collected(items: Iterable[Present]) -> Load:
    """Of metrics of several intervals: the interval at which one for all would give as many samples."""
    found = list(items)
    rates = [1 / item.interval for item in found if item.interval]
    known = len(rates) == len(found) and bool(found)
    return Load(len(found), len(found) / sum(rates) if known else None, CACHE)


def _about(section: str, setting: Mapping[str, Any], present: Iterable[Present]) -> list[Present]:
    expression = reach.expression(section, setting)
    return [item for item in present if expression.fullmatch(str(item.metric))]


def _kept(section: str, setting: Mapping[str, Any], present: Iterable[Present]) -> Load:
    """Each new value once: not more often than it comes."""
    interval = choices.interval(setting)
    chosen = _about(section, setting, present)
    return _collected(Present(item.metric, max(interval, item.interval or 0.0)) for item in chosen)


def _named(items: Sequence[Present]) -> tuple[str, ...]:
    return tuple(str(item.metric) for item in items[:NAMED])


def lost(found: Iterable[Effect]) -> Iterator[tuple[Load, Load]]:
    """What collectd collects before and after, of those that change that."""
    return ((effect.before, effect.after) for effect in found if effect.section == sections.IGNORELIST)
