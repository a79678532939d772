# SPDX-License-Identifier: Apache-2.0
"""Why is a metric missing? The first broken link on its way from the plugin to the bus. Pure.

What is known is gathered as :class:`Evidence`; :func:`explain` asks one link after the other, in the order in which
a value passes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.mode import MANAGE, OFF, Mode

#: A value that is older than so many of its intervals is late.
_LATE = 2.0


@dataclass(frozen=True)
class Evidence:
    """What a host knows of one metric. Times are seconds since 1970, by the host's clock.

    :param installed: the plugin's row of the capabilities; ``None`` when there is no such plugin on the host
    :param wanted: whether the plugin is to be on; ``None`` when nobody said anything
    :param enabled: whether it is
    :param refusal: why the host's own allow-list refuses it
    :param failure: why it could not be brought to what was asked
    :param failing_until: the last of one of its reads failed, and collectd tries that again only then
    :param ignored_by: the rule by which its metrics, or this one, are dropped
    :param row: the metric in collectd's cache
    :param gone_since: it was in the cache, and left it then
    :param metrics: how many metrics of the plugin are in the cache
    :param chosen: whether a rule has it published as samples; ``None`` when that is not known
    :param publishes: whether the agent publishes any
    :param spooled: messages that wait on the host because the bus is away
    :param silence: that collectd runs and does not answer, or was started without what is managed
    :param of_host: whether the plugin may give metrics of the host that is named: of guests, say
    :param chain: the operator's own filter chain before the cache; what it does, nobody knows
    """

    metric: Identifier
    now: float
    mode: Mode
    hostname: str
    running: bool
    installed: Mapping[str, Any] | None = None
    wanted: bool | None = None
    enabled: bool = False
    refusal: str | None = None
    failure: str | None = None
    failing_until: float | None = None
    ignored_by: str | None = None
    row: Mapping[str, Any] | None = None
    gone_since: float | None = None
    metrics: int = 0
    chosen: bool | None = None
    publishes: bool = True
    spooled: int = 0
    silence: str | None = None
    of_host: bool = False
    chain: str | None = None


@dataclass(frozen=True)
class Explanation:
    """``link``: one of :data:`LINKS`, ``None`` when none is broken; ``sentence`` for people, ``facts`` for programs."""

    link: str | None
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Explanation:
        return cls(data["link"], str(data["sentence"]), dict(data["facts"]))


def explain(evidence: Evidence) -> Explanation:
    """The first broken link, with what shows it."""
    for link, look in _LOOKS.items():
        found = look(evidence)
        if found is not None:
            sentence, facts = found
            return Explanation(link, sentence, facts)
    row = evidence.row or {}
    age = evidence.now - float(row["last_update"])
    return Explanation(None, f"It is there: its last value is {age:.1f} s old.", {"row": dict(row)})


_Found = Optional[tuple[str, dict[str, Any]]]


def _mode(known: Evidence) -> _Found:
    if known.mode.mode != OFF:
        return None
    return f"The agent is in mode off, set by {known.mode.set_by}: it looks at nothing.", known.mode.to_dict()


def _daemon(known: Evidence) -> _Found:
    return None if known.running else ("collectd does not run.", {})


def _daemon_silent(known: Evidence) -> _Found:
    if known.silence is None:
        return None
    return f"{known.silence} Whether it reads anything is not known.", {}


def _not_installed(known: Evidence) -> _Found:
    if known.installed is not None or known.row is not None or _is_fed(known):
        return None
    plugin = known.metric.plugin
    return f"There is no plugin {plugin} on the host: it is no part of the packages that are installed.", {
        "plugin": plugin
    }


def _not_loadable(known: Evidence) -> _Found:
    if known.installed is None or known.installed["loadable"] or known.row is not None:
        return None
    why = known.installed["why_not"]
    return f"The plugin is installed and cannot be loaded: {why}", {"why_not": why}


def _refused(known: Evidence) -> _Found:
    if known.refusal is None:
        return None
    return f"The host's own allow-list refuses the plugin: {known.refusal}", {"refusal": known.refusal}


def _failed(known: Evidence) -> _Found:
    if known.failure is None:
        return None
    return f"The plugin could not be brought to what was asked: {known.failure}", {"reason": known.failure}


def _is_fed(known: Evidence) -> bool:
    """Whether others gave it than a plugin of that name: a program of ``exec``, a script, another host, ourselves."""
    nobodys = known.installed is None and known.wanted is None
    return (nobodys or known.metric.host != known.hostname) and (known.row or known.gone_since) is not None


def _observe(known: Evidence) -> _Found:
    if known.enabled or not known.wanted or known.mode.mode == MANAGE:
        return None
    return (
        f"The plugin is to be on, but the agent only observes: mode {known.mode.mode}, set by {known.mode.set_by}.",
        (known.mode.to_dict()),
    )


def _not_enabled(known: Evidence) -> _Found:
    if known.enabled or _is_fed(known):
        return None
    how = "Nobody asked for the plugin" if known.wanted is None else "The plugin is switched off"
    return f"{how}, and it is not read.", {"desired": known.wanted}


def _ignored(known: Evidence) -> _Found:
    if known.ignored_by is None:
        return None
    return f"The rule {known.ignored_by} of the ignorelist drops it.", {"rule": known.ignored_by}


def _future(known: Evidence) -> _Found:
    if known.row is None or float(known.row["last_update"]) <= known.now + float(known.row["interval"] or 0.0):
        return None
    ahead = float(known.row["last_update"]) - known.now
    return (
        f"Its last value is from {ahead:.0f} s ahead of the host's clock, and collectd refuses what is older: "
        "the clock was set back, or whoever gives the value has its time from elsewhere.",
        {"last_update": known.row["last_update"], "ahead": ahead},
    )


def _read_failed(known: Evidence) -> _Found:
    if known.failing_until is None or (known.row is not None and not _overdue(known.row, known.now)):
        # A plugin may have several reads, of which another one fails.
        return None
    left = max(0.0, known.failing_until - known.now)
    return (
        f"The last read of the plugin failed; collectd tries again in {left:.0f} s. Its log says why.",
        {"until": known.failing_until},
    )


def _late(known: Evidence) -> _Found:
    if known.row is None or not known.row["interval"]:
        return None
    if not _overdue(known.row, known.now):
        return None
    age, interval = known.now - float(known.row["last_update"]), float(known.row["interval"])
    return (
        f"No value came for {age:.0f} s, and one is due every {interval:g} s: the plugin did not give it.",
        {"age": age, "interval": interval},
    )


def _overdue(row: Mapping[str, Any], now: float) -> bool:
    return now - float(row["last_update"]) > _LATE * float(row["interval"] or 0.0)


def _gone(known: Evidence) -> _Found:
    if known.row is not None or known.gone_since is None:
        return None
    return (
        f"It was there and left collectd's cache {known.now - known.gone_since:.0f} s ago: nobody gives it any more."
        f"{_or_dropped(known)}",
        {"since": known.gone_since, "metrics": known.metrics, "chain": known.chain},
    )


def _or_dropped(known: Evidence) -> str:
    return f" Or the chain {known.chain} of the operator's own files drops it." if known.chain else ""


def _another_host(known: Evidence) -> _Found:
    if known.row is not None or known.of_host or known.metric.host == known.hostname:
        return None
    return (
        f"collectd calls this host {known.hostname}; what it collects itself is not under {known.metric.host}.",
        {"hostname": known.hostname},
    )


def _never_seen(known: Evidence) -> _Found:
    if known.row is not None:
        return None
    others = f"{known.metrics} others of the plugin are" if known.metrics else "nor is anything of the plugin"
    return (
        f"It is not in collectd's cache and was not seen there; {others}.{_or_dropped(known)}",
        {"metrics": known.metrics, "chain": known.chain},
    )


def _not_published(known: Evidence) -> _Found:
    if known.chosen is not False:
        return None
    return "It is collected, and no rule has it published as samples.", {"row": dict(known.row or {})}


def _publishing_off(known: Evidence) -> _Found:
    if known.publishes or known.chosen is not True:
        return None
    return (
        "It is collected and chosen for publishing, but this agent publishes no samples: "
        "[oslo_messaging_notifications] has no driver messagingv2 there, or no topics.",
        {"row": dict(known.row or {})},
    )


def _spooled(known: Evidence) -> _Found:
    if not known.spooled:
        return None
    return f"The bus is away: {known.spooled} messages wait on the host.", {"spooled": known.spooled}


_LOOKS: dict[str, Callable[[Evidence], _Found]] = {
    "mode": _mode,
    "daemon": _daemon,
    "daemon_silent": _daemon_silent,
    "not_installed": _not_installed,
    "not_loadable": _not_loadable,
    "refused": _refused,
    "failed": _failed,
    "observe": _observe,
    "not_enabled": _not_enabled,
    "ignored": _ignored,
    "future": _future,
    "read_failed": _read_failed,
    "late": _late,
    "gone": _gone,
    "another_host": _another_host,
    "never_seen": _never_seen,
    "not_published": _not_published,
    "publishing_off": _publishing_off,
    "spooled": _spooled,
}

#: The agent did not answer, so nothing is known: for whoever asks it.
SILENT = "agent_silent"

#: Every link there is, in the order in which a value passes them.
LINKS = (SILENT, *_LOOKS)
