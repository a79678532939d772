# SPDX-License-Identifier: Apache-2.0
"""The plugins that the daemon cannot have any more, and that all the rest of what it is to do goes on without. Pure.

What they want may be gone: a library with its package, a device that is not there yet when a machine starts. collectd
does not start with what it cannot load, and no change of the host would succeed in whose plan such a plugin is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from collectd_mgr import exception
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Goal

#: By plugin why it is left out, in a sentence.
Omissions = Mapping[str, str]


def of(goal: Goal, omitted: Omissions) -> Omissions:
    """Those that are on in ``goal``."""
    return {name: why for name, why in omitted.items() if name in goal.plugins and goal.plugins[name].enabled}


def without(goal: Goal, omitted: Omissions) -> Goal:
    """``goal`` without them."""
    off = {name: replace(goal.plugins[name], enabled=False) for name in of(goal, omitted)}
    return replace(goal, plugins={**goal.plugins, **off}) if off else goal


def found(error: exception.CollectdMgrError, goal: Goal, than: Goal, running: Running) -> Omissions:
    """The plugin of ``error``, where ``running`` lacks it and ``goal`` wants nothing else of it ``than``; or none."""
    name = str(error.kwargs.get("plugin"))
    now, wanted = running.plugins.get(name), goal.plugins.get(name)
    is_news = wanted is None or not wanted.enabled or wanted != than.plugins.get(name)
    return {} if is_news or (now is not None and now.enabled) else {name: error.detail}


def left(omitted: Omissions, goal: Goal, than: Goal) -> Omissions:
    """Those of which ``goal`` wants nothing else ``than``: what is asked for anew is tried anew."""
    return {name: why for name, why in omitted.items() if goal.plugins.get(name) == than.plugins.get(name)}
