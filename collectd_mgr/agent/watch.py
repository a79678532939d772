# SPDX-License-Identifier: Apache-2.0
"""What is on probation from a change on, in which process. Called under the lock of the state."""

from __future__ import annotations

import time

from collectd_mgr.agent import series
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.probation import Elder, Probation, begun, lasting
from collectd_mgr.agent.state import State
from collectd_mgr.domain.plan import Plan, Running
from collectd_mgr.domain.spec import Goal, HostSpec


def begin(state: State, live: bool, spec: HostSpec, todo: Plan, running: Running) -> None:
    """What ``todo`` did is on probation in ``running``, and what was so before is as well.

    :param live: it was done in a process that was there before, which is to give what it was to give all the same
    """
    before = state.memory.probation
    state.elder = _elder(state, before, todo) if live and before else None
    lasts = lasting(todo, running, state.origin.interval)
    expects = left(state, spec, todo, running) if live else {}
    probation = begun(running, lasts, live, time.monotonic(), boot_id(), before)
    state.note(probation=probation.expecting(expects).of(spec.generation))


def left(state: State, spec: HostSpec, todo: Plan, running: Running) -> dict[str, float]:
    """What is expected yet of ``running`` when ``todo`` is done inside it."""
    before = state.memory.probation
    return series.expected(before.expects, running, state.goal(spec), todo) if before and before.expects else {}


def _elder(state: State, before: Probation, todo: Plan) -> Elder | None:
    """That of before this change, or else what ran until now: its time goes on, if the change takes nothing of it."""
    now = state.memory.current
    elder = state.elder or (Elder(now, before) if now else None)
    return elder if elder and _leaves(state.goal(elder.spec), todo) else None


def _leaves(goal: Goal, todo: Plan) -> bool:
    on = {name for name, wanted in goal.plugins.items() if wanted.enabled}
    return all(change.plugin and change.plugin not in on for change in todo)


def go_on(state: State, running: Running) -> None:
    """A restart failed: the process there is now runs what was on probation before."""
    probation = state.memory.probation
    if probation is not None and not probation.watches(running, boot_id()):
        moved = probation.moved(running, time.monotonic(), boot_id())
        state.note(probation=moved.expecting(probation.expects))
