# SPDX-License-Identifier: Apache-2.0
"""What it costs that another daemon comes, and what that is to give: known before it comes, told when it is there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from collectd_mgr.agent import series
from collectd_mgr.agent.reload import apart
from collectd_mgr.agent.state import State
from collectd_mgr.domain import gap
from collectd_mgr.domain.baseline import word
from collectd_mgr.domain.plan import Plan, Running
from collectd_mgr.domain.spec import Goal, HostSpec
from collectd_mgr.drivers.base import Applied
from collectd_mgr.drivers.ladder import Barred, Ladder


@dataclass(frozen=True)
class Disruption:
    """``passed_over``: why each less disruptive driver is not used; ``read``: the intervals of the plugins that are
    read before and after; ``expects``: see :func:`.series.expected`; ``gave``: the metrics that had a fresh value;
    ``apart``: the plugins of which a new process reads something else in the operator's files; ``goal``: what it is to
    do.
    """

    passed_over: Mapping[str, str]
    read: Mapping[str, float]
    expects: Mapping[str, float]
    gave: frozenset[str]
    apart: frozenset[str]
    goal: Goal

    def seen(self, ladder: Ladder, state: State, applied: Applied) -> Applied:
        """What it came to is remembered, and what it is to give is watched for as long as it is on probation.

        :returns: the same, with a warning where nothing was read for a while
        """
        memory, expects = state.memory, self.expects
        had: Mapping[str, float] = {}
        if applied.replaced:
            cached = series.glance(ladder, self.goal, applied.running.hostname)
            # The new one tells how often it reads, which its configuration says of some plugins alone.
            expects = series.in_time(expects, series.given(series.fresh(cached, time.time())))
            had = series.newest(each for each in cached if word(each.name) in expects)
        probation = memory.probation and replace(memory.probation.expecting(expects), had=had)
        if probation and applied.replaced:
            # To look at a large cache takes its time, in which nothing can have come that it had not yet.
            probation = replace(probation, since=time.monotonic())
        state.gave = frozenset() if applied.replaced else self.gave
        state.note(probation=probation, gap=memory.gap if applied.gap is None else applied.gap)
        if applied.gap is None:
            return applied
        said = gap.told(applied.gap, self.read, self.passed_over)
        return replace(applied, warnings=(*applied.warnings, said))


def foreseen(
    ladder: Ladder, state: State, driver: str, spec: HostSpec, running: Running, todo: Plan, barred: Barred
) -> Disruption:
    """Of ``driver`` bringing ``running`` to ``spec`` by ``todo``. What ``running`` was to give itself yet is still
    expected of the next one.
    """
    goal, probation = state.goal(spec), state.memory.probation
    fresh = series.fresh(series.glance(ladder, goal, running.hostname), time.time())
    news = apart(state.origin, state.origin_now(), goal)
    expected = {**(probation.expects if probation else {}), **series.given(fresh)}
    return Disruption(
        ladder.passed_over(driver, todo, running, {**state.barred(), **barred}),
        gap.plugins(running, goal, state.origin.interval),
        series.expected(expected, running, goal, todo, news),
        frozenset(fresh) | (state.gave if probation else frozenset()),
        news,
        goal,
    )
