# SPDX-License-Identifier: Apache-2.0
"""The plugins that the daemon cannot have any more, and that all the rest of what it is to do goes on without.

What they want may be gone: a library with its package, a device that is not there yet when a machine starts. collectd
does not start with what it cannot load, and no change of the host would succeed in whose plan such a plugin is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from collectd_mgr import exception
from collectd_mgr.agent.backoff import Backoff
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Goal


class Omissions:
    """Changed under the lock of the state. Known to this agent alone: the next one finds out for itself."""

    def __init__(self) -> None:
        self._why: Mapping[str, str] = {}
        self._backoff = Backoff()

    def within(self, goal: Goal) -> Goal:
        """``goal`` without them."""
        off = {name: replace(goal.plugins[name], enabled=False) for name in self.of(goal)}
        return replace(goal, plugins={**goal.plugins, **off}) if off else goal

    def of(self, goal: Goal) -> dict[str, str]:
        """Those that are on in ``goal``, and why they are left out, in a sentence."""
        return {name: why for name, why in self._why.items() if name in goal.plugins and goal.plugins[name].enabled}

    def add(self, error: exception.CollectdMgrError, goal: Goal, than: Goal, running: Running) -> bool:
        """Whether ``error`` is about one more that ``running`` lacks, of which ``goal`` wants nothing else ``than``."""
        name = str(error.kwargs.get("plugin"))
        now, wanted = running.plugins.get(name), goal.plugins.get(name)
        is_news = wanted is None or not wanted.enabled or wanted != than.plugins.get(name)
        if is_news or name in self._why or (now is not None and now.enabled):
            return False
        self._why = {**self._why, name: error.detail}
        return True

    def forget(self, goal: Goal, than: Goal) -> None:
        """What ``goal`` wants otherwise ``than`` it was is tried anew."""
        same = {name for name in self._why if goal.plugins.get(name) == than.plugins.get(name)}
        self._why = {name: why for name, why in self._why.items() if name in same}

    def take(self, now: float) -> Mapping[str, str]:
        """All of them, which are none any more, when they may be tried again at the moment ``now``, in seconds."""
        if not self._why or not self._backoff.due(now):
            return {}
        taken, self._why = self._why, {}
        return taken

    def omit(self, why: Mapping[str, str]) -> None:
        """Have these, and those that came since they were taken."""
        self._why = {**why, **self._why}
