# SPDX-License-Identifier: Apache-2.0
"""What plugins gave before another daemon came, so that one that gives less of it is found out.

Metrics come and go, with an interface or a file system; so it is plugins that are compared, by the first words of their
metrics. Of a plugin that gave values, and that nobody touched, some are to come again; from one that has taken over,
after it has. Single metrics are compared as well, after a restart, but only told.

A daemon may have metrics of other hosts as well, of any number and by their clocks: these hide nothing, nor are they
missed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Set
from typing import NamedTuple

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.baseline import baseline, intervals, is_occasional, word
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.naming import SPOKEN_TO, naming
from collectd_mgr.domain.plan import Plan, Running
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.ladder import Ladder

#: So many intervals after its last value a metric is not fresh any more; and so many are waited for a new one.
READS = 2

#: One that is read less often is not waited for, in seconds.
_SELDOM = 30.0

#: So many metrics are named.
_NAMED = 5

#: Whoever sends to these may be quiet for a while, or writes no line to what they follow; the guests of a host come and
#: go; of no traffic there are no values; and a baseboard controller may need minutes to tell which sensors there are.
_FED = SPOKEN_TO | {"dns", "ipmi", "tail_csv", "virt"}


class Metric(NamedTuple):
    """``last``: the time of its newest value; ``interval`` in seconds."""

    name: str
    last: float
    interval: float


def metrics(ladder: Ladder, goal: Goal, hostname: str) -> tuple[Metric, ...]:
    """Those in the cache that the plugins of ``goal`` may have read, in a daemon that calls its host so; and those of
    this host by plugins that the goal does not name any more, which the daemon may read on.

    :raises CollectdMgrError: nobody can tell now
    """
    hosts, own = _hosts(goal, hostname), frozenset([hostname]) if hostname else None
    rows = (row for page in ladder.pages() for row in page.rows if _is_of(row["id"], hosts, own))
    return tuple(Metric(row["id"], float(row["last_update"]), float(row["interval"] or 0.0)) for row in rows)


def glance(ladder: Ladder, goal: Goal, hostname: str) -> tuple[Metric, ...]:
    """The same; none where nobody can tell."""
    try:
        return metrics(ladder, goal, hostname)
    except exception.CollectdMgrError:
        return ()


def fresh(cached: Iterable[Metric], now: float) -> dict[str, float]:
    """The interval, in seconds, of each metric that has a fresh value ``now``."""
    return {name: interval for name, last, interval in cached if now - last <= READS * interval + 1.0}


def given(intervals: Mapping[str, float]) -> dict[str, float]:
    """By first word the longest interval of these metrics."""
    found: dict[str, float] = {}
    for name, interval in intervals.items():
        found[word(name)] = max(interval, found.get(word(name), 0.0))
    return found


def newest(cached: Iterable[Metric]) -> dict[str, float]:
    """By host and word the time of the newest value."""
    found: dict[str, float] = {}
    for name, last, _ in cached:
        found[_source(name)] = max(last, found.get(_source(name), 0.0))
    return found


def came(cached: Iterable[Metric], before: Mapping[str, float]) -> frozenset[str]:
    """The metrics of words whose newest value of the same host is another than ``before``.

    Whether it is later is not asked: the clock may have been set since, or a plugin give times of its own.

    :param before: as :func:`newest` told it; nothing of a daemon whose cache began with none
    """
    now = newest(cached := tuple(cached))
    return frozenset(name for name, *_ in cached if now[_source(name)] != before.get(_source(name)))


def missing(there: Set[str], gave: Iterable[str], wanted: Container[str]) -> str | None:
    """Which of the metrics ``gave``, of the words that are wanted, are not there, in a sentence; without those that are
    given only once something has happened.
    """
    gone = sorted({name for name in gave if word(name) in wanted and not is_occasional(Identifier.of(name))} - there)
    named = ", ".join(gone[:_NAMED]) + (" …" if len(gone) > _NAMED else "")
    number = "one metric" if len(gone) == 1 else f"{len(gone)} metrics"
    return f"Since the change collectd gives no values of {number} which it gave before: {named}" if gone else None


def expected(
    gave: Mapping[str, float], running: Running, goal: Goal, todo: Plan, apart: Iterable[str] = ()
) -> dict[str, float]:
    """Of what was given what another daemon is to give as well, when ``todo`` has been done to ``running``.

    :param apart: plugins of which nothing is expected besides those that ``todo`` touches
    :returns: by word the interval in seconds: the one that it had, or that it is to have, if that is longer
    """
    if any(change.kind == plan.IGNORELIST for change in todo):
        return {}
    sure = {name: each for name, each in goal.plugins.items() if name in running.plugins and _is_sure(name, each)}
    return in_time({each: gave[each] for each in sorted(baseline(sure, todo, apart) & gave.keys())}, intervals(sure))


def in_time(expects: Mapping[str, float], later: Mapping[str, float]) -> dict[str, float]:
    """The same by the intervals ``later``, where those are longer; without what is too seldom read to be waited for."""
    longer = {each: max(interval, later.get(each, 0.0)) for each, interval in expects.items()}
    return {each: interval for each, interval in longer.items() if interval <= _SELDOM}


def lost(there: Iterable[str], wanted: Mapping[str, float]) -> tuple[str, ...]:
    """Of which of the words there is no metric."""
    return tuple(sorted(wanted.keys() - set(map(word, there))))


def _hosts(goal: Goal, hostname: str) -> dict[str, frozenset[str] | None]:
    """By word whose metrics the plugins of ``goal`` may give; None: anybody's."""
    found: dict[str, frozenset[str] | None] = {}
    for plugin, each in goal.plugins.items():
        names = naming(plugin, each.items, hostname)
        for one in (name.lower() for name in names.plugins):
            others = found.get(one, frozenset())
            found[one] = None if names.hosts is None or others is None else names.hosts | others
    return found


def _is_of(name: str, hosts: Mapping[str, frozenset[str] | None], own: frozenset[str] | None) -> bool:
    found = hosts.get(word(name), own)
    return found is None or name.partition("/")[0] in found


def _source(name: str) -> str:
    """Host and word of a metric."""
    return f"{name.partition('/')[0]}/{word(name)}"


def _is_sure(plugin: str, goal: PluginGoal) -> bool:
    """Whether it gives values of itself, by names that are known."""
    return plugin not in _FED and naming(plugin, goal.items, "").whole
