# SPDX-License-Identifier: Apache-2.0
"""What this host knows of a metric that somebody misses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent.allowlist import Allowlist
from collectd_mgr.agent.moment import now
from collectd_mgr.agent.picture import Picture
from collectd_mgr.agent.reads import Reads
from collectd_mgr.agent.state import State
from collectd_mgr.domain import explain, glob, ignorelist, sections
from collectd_mgr.domain.explain import Evidence, Explanation
from collectd_mgr.domain.expression import flaw
from collectd_mgr.domain.ignorelist import Rules
from collectd_mgr.domain.metrics import MISSING, NO_UTF_8, Identifier
from collectd_mgr.domain.naming import Naming, naming
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.reads import Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.wire.look import look

#: Of a name that is too long for an expression, so much of each end.
_END = 28

_SPECIAL = re.compile(r"([.^$*+?()\[\]{}|\\])")


class Explain:
    """Any thread may ask."""

    def __init__(
        self,
        state: State,
        ladder: Ladder,
        picture: Picture,
        reads: Reads,
        allowlist: Allowlist,
        publishes: bool,
        spooled: Callable[[], int],
    ) -> None:
        self._state = state
        self._ladder = ladder
        self._picture = picture
        self._reads = reads
        self._allowlist = allowlist
        self._publishes = publishes
        self._spooled = spooled

    def explain(self, identifier: str) -> Explanation:
        """Why it is missing, or that it is not. :raises BadIdentifier:"""
        metric = Identifier.parse(identifier)
        with look():
            return explain.explain(self._evidence(metric))

    def _evidence(self, metric: Identifier) -> Evidence:
        running = self._ladder.observe()
        status, goal = self._picture.take(running), self._state.wanted(self._state.memory.taken)
        name, hostname = self._giver(metric.plugin, goal), self._state.hostname(running)
        plugin, wanted, now_running = status.plugins.get(name), goal.plugins.get(name), running.plugins.get(name)
        return Evidence(
            metric,
            now().wall,
            status.mode,
            hostname,
            running.pid is not None,
            self._installed(name),
            wanted.enabled if wanted else None,
            bool(plugin and plugin.enabled),
            self._allowlist.refusal(name, wanted) if wanted else None,
            plugin.reason if plugin and plugin.health == "failed" else None,
            now_running.failing_until if now_running else None,
            Rules(self._state.sections().get(sections.IGNORELIST, {})).ignores(metric),
            self._row(metric, running),
            self._gone_since(metric, running),
            plugin.metrics if plugin else 0,
            self._chosen(metric),
            self._publishes,
            self._spooled(),
            self._state.origin.silence(running),
            _is_of(metric.host, name, goal, hostname),
            ignorelist.operators_chain(each.item for each in self._state.origin.statements),
        )

    def _giver(self, called: str, goal: Goal) -> str:
        """The plugin whose metrics are called so: the one of that name, or one that is configured to call them that."""
        name = called.lower()
        if name in goal.plugins or self._installed(name) is not None:
            return name
        renamed = (each for each in goal.plugins if called in _naming(each, goal).plugins)
        return next(renamed, name)

    def _chosen(self, metric: Identifier) -> bool:
        patterns = (choice.get("identifier") or "*" for choice in self._state.section(sections.SAMPLES).values())
        return any(glob.matches(pattern, str(metric)) for pattern in patterns)

    def _installed(self, name: str) -> Mapping[str, Any] | None:
        return next((item.to_dict() for item in self._ladder.installed() if item.plugin == name), None)

    def _gone_since(self, metric: Identifier, running: Running) -> float | None:
        row = self._row(metric, running, MISSING) or {}
        return row.get("missing_since")

    def _row(self, metric: Identifier, running: Running, state: str | None = None) -> Mapping[str, Any] | None:
        if running.pid is None:
            return None
        query = Query(plugin=metric.plugin, type=metric.type, match=finding(str(metric)), state=state)
        try:
            return next((row for row in self._reads.metrics(query).rows if row["id"] == str(metric)), None)
        except exception.CollectdMgrError:
            return None  # It does not answer, or the mode forbids to ask: that is a link of its own.


def _is_of(host: str, name: str, goal: Goal, hostname: str) -> bool:
    """Whether the plugin may give metrics of that host, in a daemon that calls its own ``hostname``."""
    hosts = _naming(name, goal, hostname).hosts
    return hosts is None or host in hosts


def _naming(name: str, goal: Goal, hostname: str = "") -> Naming:
    return naming(name, goal.plugins.get(name, PluginGoal(False)).items, hostname)


def finding(name: str) -> str:
    """A regular expression that finds this identifier, and hardly any other: the daemon takes no long ones.

    A byte that is no UTF-8, of which the name shows no more than that there is one, is matched by none.
    """
    known, odd, _ = name.partition(NO_UTF_8)
    exact = f"^{_plain(known)}" if odd else f"^{_plain(name)}$"
    if flaw(exact) is None:
        return exact
    start = f"^{_plain(known[:_END])}"
    return start if odd else f"{start}.*{_plain(name[-_END:])}$"


def _plain(text: str) -> str:
    """Nor such as are not printable; plugins may well give names that are not."""
    return "".join(_SPECIAL.sub(r"\\\1", each) if each.isprintable() else ".*" for each in text)
