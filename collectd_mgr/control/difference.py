# SPDX-License-Identifier: Apache-2.0
"""The difference between two specs, or between a spec and what the daemon does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from collectd_mgr.control.edits import Desired
from collectd_mgr.domain import canonical, difference, grammar, managed, secrets
from collectd_mgr.domain.difference import Difference
from collectd_mgr.domain.sections import Sections
from collectd_mgr.domain.servants import SERVANTS
from collectd_mgr.domain.spec import ORIGIN, Layer, PluginGoal, PluginSetting, merge
from collectd_mgr.domain.status import PluginStatus

Goals = Mapping[str, PluginGoal]


def between(old: Desired, new: Desired, old_name: str, new_name: str) -> Difference:
    """Of what two specs set, secrets masked; none when they set the same."""
    before, after = (_text(_goal(desired)) + _settings(_sections(desired)) for desired in (old, new))
    changes = difference.goals(_goal(old), _goal(new))
    return Difference(difference.lines(before, after, old_name, new_name), changes)


def from_effective(
    effective: Mapping[str, PluginStatus], reported: Mapping[str, Any], desired: Desired, name: str
) -> Difference:
    """From what the daemon does to what ``desired`` sets.

    :param reported: what the host says of its sections
    What nobody set is left out: plugins of the operator's own, those that come with a section, and the daemon's own
    interval. Of one of the operator's for which something is set, it is only whether it is on that counts.
    """
    set_here = desired.plugins().keys()
    theirs = [plugin for plugin, status in effective.items() if status.origin == "host" and plugin in set_here]
    origin = Layer(ORIGIN, dict.fromkeys(theirs, PluginSetting(True)))
    wanted = {plugin: _bare(goal) for plugin, goal in _goal(desired, origin).items()}
    running = {
        plugin: _running(status, wanted.get(plugin))
        for plugin, status in effective.items()
        if plugin in wanted or (status.enabled and status.origin != "host" and plugin not in SERVANTS)
    }
    given = {section: facts.get("settings", {}) for section, facts in sorted(reported.items())}
    before, after = _text(running) + _settings(given), _text(wanted) + _settings(_sections(desired))
    return Difference(difference.lines(before, after, "effective", name), difference.goals(running, wanted))


def _goal(desired: Desired, *below: Layer) -> Goals:
    return merge((*below, desired.layer, *desired.leases)).plugins


def _sections(desired: Desired) -> Sections:
    return merge((desired.layer, *desired.leases)).sections


def _settings(sections: Sections) -> str:
    """A line for each: what it comes to in collectd's configuration is the host's business."""
    rows = ((section, name, setting) for section, given in sections.items() for name, setting in given.items())
    return "".join(
        f"# {section} {name}: {secrets.mask_text(canonical.dumps(setting))}\n" for section, name, setting in rows
    )


def _bare(goal: PluginGoal) -> PluginGoal:
    return replace(goal, config=secrets.mask(goal.config), restarts=0)


def _running(status: PluginStatus, wanted: PluginGoal | None) -> PluginGoal:
    """``status`` in the words of a goal; what ``wanted`` leaves to the daemon is not compared."""
    interval = None if wanted is None or wanted.interval is None else status.interval
    return PluginGoal(status.enabled, interval, None if status.origin == "host" else status.config)


def _text(goals: Goals) -> str:
    return "".join(_plugin(name, goal) for name, goal in sorted(goals.items()))


def _plugin(name: str, goal: PluginGoal) -> str:
    """What is off has its interval and config for the next time: as comments, for collectd is not told of them."""
    text = grammar.render(secrets.mask_items(tuple(managed.plugin_items(name, goal))))
    if goal.enabled:
        return text
    kept = text.splitlines() if goal.interval is not None or goal.config is not None else []
    return "".join(f"# {line}\n" for line in (f"{name} is off", *kept))
