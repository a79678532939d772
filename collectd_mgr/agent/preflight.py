# SPDX-License-Identifier: Apache-2.0
"""What would be, before it is asked for: a plugin tried beside the daemon, and what a spec would come to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent.allowlist import Allowlist
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.desired import check_known, check_owned, check_sections, check_servants, goal_of
from collectd_mgr.agent.freshness import Sweep
from collectd_mgr.agent.mode import check_managed
from collectd_mgr.agent.origin import Origin
from collectd_mgr.agent.picture import masked
from collectd_mgr.agent.state import LIVE, State
from collectd_mgr.domain import counters, difference, foresight, gap, metrics, mode, plan, preview, safety, sections
from collectd_mgr.domain.difference import PluginChange
from collectd_mgr.domain.effective import effective
from collectd_mgr.domain.foresight import Effect, Present
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.plan import Change, Plan, Running
from collectd_mgr.domain.preview import Foreseen, Load
from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spec import Generation, Goal, HostSpec, Layer, PluginGoal, PluginSetting
from collectd_mgr.drivers.trial import Result, Trial, Trials, check_testable
from collectd_mgr.wire.look import look

#: Metrics that are named.
_NAMED = 100

#: The driver that stops collectd.
_RESTART = "restart"

#: After these a plugin collects what its configuration says, rather than what it did before.
_NEW = (plan.LOAD, plan.ENABLE, plan.RECONFIGURE)

#: Seconds that a trial in a preview has at least: in fewer one that gives values may not come to them.
_SHORTEST = 3.0

#: Kinds of plugins that give no series of their own.
_WITHOUT_VALUES = frozenset({"write", "notify", "log", "filter"})


@dataclass(frozen=True)
class _Asked:
    """One preview: ``trials`` until ``deadline``, with ``another`` collectd than the one that runs; what they find."""

    deadline: float
    trials: int
    problems: list[dict[str, Any]]
    another: Settings | None
    #: What the host is to come to.
    goal: Goal
    #: Samples per second of each plugin that was tried so far.
    tried: dict[str, float] = field(default_factory=dict)

    def share(self) -> float:
        """Of the time that is left, in seconds, for the next trial: one plugin that is silent leaves the others theirs.

        :raises Busy: it would be too short to tell anything
        """
        left = self.deadline - time.monotonic()
        if left < _SHORTEST:
            raise exception.Busy("The time for trials is over.")
        return max(_SHORTEST, left / max(1, self.trials - len(self.tried)))


class Preflight:
    """Changes nothing: in no mode, on no disk but in a directory of its own. Any thread may ask.

    :raises HostNotManaged: in mode ``off``
    """

    def __init__(self, state: State, carrier: Carrier, sweep: Sweep, trials: Trials, allowlist: Allowlist) -> None:
        self._state = state
        self._allowlist = allowlist
        self._carrier = carrier
        self._sweep = sweep
        self._trials = trials

    def test(self, plugin: str, layer: Layer, patience: float) -> dict[str, Any]:
        """Run ``plugin`` as ``layer``, on top of the operator's files, has it: ``{"rows", "warnings", "isolation"}``.

        :raises AgentOutdated, RefusedByAgent, NotTestable, PluginNotLoadable, ConfigRejected, Busy:
        """
        self._check_mode()
        check_known(layer.unknown)
        theirs, asked = self._state.origin.layer, layer.plugins.get(plugin, PluginSetting())
        if asked.interval is not None or asked.config is not None:
            # What somebody asks for is not the operator's, even where it is put on top of that.
            theirs = replace(theirs, id="")
        goal = goal_of(theirs, HostSpec(Generation("", 0), (layer,)))
        wanted = replace(goal.plugins.get(plugin, PluginGoal(True)), enabled=True)
        result = self._tried(plugin, wanted, patience)
        return {"rows": list(result.rows), "warnings": list(result.warnings), "isolation": result.isolation}

    def preview(self, spec: HostSpec, patience: float) -> dict[str, Any]:
        """What ``spec`` would come to: see :func:`collectd_mgr.domain.preview.summary`.

        :param patience: seconds for trials; what they are over for counts as not known
        :raises BadSetting: one of its named settings is none
        """
        self._check_mode()
        check_sections(spec, self._state.memory.current)
        with look():
            self._sweep.refresh()
            with self._state.turn(patience):
                running = self._carrier.ladder.observe()
                todo = self._carrier.differs(spec, running)
        if (silence := self._state.origin.silence(running)) is not None:
            # What would have to be done is not known.
            raise exception.DaemonUnreachable(silence, maybe_executed=False)
        driver, refusals = self._driver(todo, running)
        anew = driver not in (None, LIVE)
        problems = list(self._refusals(spec, self._state.origin_now() if anew else self._state.origin))
        if refusals:
            problems.append(exception.NoDriver("No driver can make the changes.", refusals=refusals).to_dict())
        deadline = time.monotonic() + patience
        another = self._another(spec, todo)
        if another is not None:
            problems += [error.to_dict() for error in self._trials.check(another, self._ours(spec))]
        trials = sum(change.kind in _NEW for change in todo)
        asked = _Asked(deadline, trials, problems, another, self._state.goal(spec))
        changes = tuple(self._foreseen(change, running, asked) for change in todo)
        effects = self._effects(spec)
        return preview.summary(
            changes,
            driver,
            driver == _RESTART,
            tuple(masked(problem) for problem in problems),
            tuple(self._settings(effects, todo, running)),
            foresight.lost(effects),
            self._passed_over(driver, todo, running),
            self._cost(spec, running) if driver == _RESTART else None,
            self._plugins(spec),
            counters.begun_anew(asked.goal, todo) if anew else (),
        )

    def _another(self, spec: HostSpec, todo: Plan) -> Settings | None:
        """The collectd that would take the place of the one that runs; None where it would be the same."""
        anew = any(change.kind == plan.PROGRAM for change in todo)
        return self._state.goal(spec).section(sections.PROGRAM) if anew else None

    def _ours(self, spec: HostSpec) -> list[str]:
        """The plugins that would be on, and are not the operator's own."""
        goals = self._state.goal(spec).plugins.items()
        return [name for name, goal in goals if goal.enabled and goal.origin != "host"]

    def _plugins(self, spec: HostSpec) -> tuple[PluginChange, ...]:
        """Which would be others than they are to be now; nothing where that cannot be written."""
        now, then = self._state.goal(self._state.memory.current), self._state.goal(spec)
        try:
            return difference.goals(now.plugins, then.plugins)
        except exception.CollectdMgrError:
            return ()

    def _passed_over(self, driver: str | None, todo: Plan, running: Running) -> dict[str, str]:
        """Why each less disruptive driver is not the one; nothing where none can, for then the problems say it."""
        return {} if driver is None else self._carrier.ladder.passed_over(driver, todo, running, self._state.barred())

    def _cost(self, spec: HostSpec, running: Running) -> dict[str, Any]:
        """Of a restart: how long nothing would be read, of which plugins, and of which metrics the states are lost."""
        intervals = gap.plugins(running, self._state.goal(spec), self._state.origin.interval)
        judged = {state: self._in_state(state) for state in metrics.JUDGED}
        return {**gap.expected(self._state.memory.gap, intervals), "states_lost": judged}

    def _in_state(self, state: str) -> dict[str, Any]:
        """How many metrics, and the names of a hundred at most."""
        found = [str(each.metric) for each in self._present(state)]
        return {"count": len(found), "metrics": found[:_NAMED]}

    def _effects(self, spec: HostSpec) -> tuple[Effect, ...]:
        before, after = self._state.sections(), self._state.goal(spec).sections
        present = tuple(self._present()) if foresight.differ(before, after) else ()
        return foresight.effects(before, after, present)

    def _present(self, state: str | None = None) -> Iterator[Present]:
        """What is in the daemon's cache, or what of it is in that state; nothing, where that cannot be read."""
        try:
            for page in self._carrier.ladder.pages(state):
                for row in page.rows:
                    yield Present(Identifier.of(row["id"]), row["interval"])
        except exception.CollectdMgrError:
            return

    def _settings(self, effects: Sequence[Effect], todo: Plan, running: Running) -> Iterator[dict[str, Any]]:
        """The effects, and who would bring each about: of a section, all of them together."""
        about = {effect.section for effect in effects} & set(plan.SECTIONS.values())
        changes = {**{kind: Change(kind) for kind in plan.SECTIONS}, **{change.kind: change for change in todo}}
        whom = {section: self._by_whom(changes[f"{section}.set"], running) for section in about}
        for effect in effects:
            kind, driver, refusals = whom.get(effect.section, (preview.AGENT, None, {}))
            yield {**effect.to_dict(), "class": kind, "driver": driver, "refusals": refusals}

    def _by_whom(self, change: Change, running: Running) -> tuple[str, str | None, dict[str, str]]:
        """The class of a change, the driver that would make it by itself, or why none can."""
        driver, refusals = self._driver(Plan((change,)), running)
        kind = preview.LIVE if driver == LIVE else preview.NEW_DAEMON if driver else preview.IMPOSSIBLE
        return kind, driver, refusals

    def _check_mode(self) -> None:
        now = self._state.mode()
        if now.mode == mode.OFF:
            raise exception.HostNotManaged(f"The host is in mode off, set by {now.set_by}.", **now.to_dict())

    def _refusals(self, spec: HostSpec, origin: Origin) -> Iterator[dict[str, Any]]:
        """What the agent would refuse before it did anything, beside the operator's files as that daemon reads them."""
        checks: tuple[Callable[[], object], ...] = (
            lambda: check_known(spec.unknown),
            lambda: check_managed(self._state.mode()),
            lambda: check_servants(spec, self._state.memory.current),
            lambda: self._state.check_allowed(spec),
            lambda: check_owned(origin.layer, spec, self._state.memory.current),
        )
        for check in checks:
            try:
                check()
            except exception.CollectdMgrError as error:
                yield error.to_dict()

    def _driver(self, todo: Plan, running: Running) -> tuple[str | None, dict[str, str]]:
        """The driver that would make these changes, or why each cannot."""
        if not todo:
            return None, {}
        try:
            return self._carrier.ladder.pick(todo, running, self._state.barred()).name, {}
        except exception.NoDriver as error:
            return None, dict(error.kwargs["refusals"])

    def _foreseen(self, change: Change, running: Running, asked: _Asked) -> Foreseen:
        kind, driver, refusals = self._by_whom(change, running)
        after = before = self._before(change, running)
        warnings: tuple[str, ...] = ()
        if change.kind == plan.DISABLE:
            after = Load()
        elif change.goal is not None:
            after = replace(before, interval=change.goal.interval or self._state.origin.interval)
        if change.kind in _NEW and change.goal is not None:
            after, warnings = self._new(change.plugin, change.goal, asked)
        return Foreseen(change.kind, change.plugin, kind, driver, before, after, refusals, warnings)

    def _before(self, change: Change, running: Running) -> Load:
        now = running.plugins.get(change.plugin)
        if now is None or not now.enabled:
            return Load()
        known = self._state.goal(self._state.memory.current).plugins.get(change.plugin, PluginGoal(True))
        series = self._sweep.metrics(change.plugin, known)
        return Load(series, now.interval or self._state.origin.interval)

    def _new(self, plugin: str, goal: PluginGoal, asked: _Asked) -> tuple[Load, tuple[str, ...]]:
        """What the plugin will collect, by a trial where there can be one."""
        interval = goal.interval or self._state.origin.interval
        unknown = Load(None, interval, preview.UNKNOWN), ()
        try:
            if asked.another is None:
                self._check_loadable(plugin)
            if safety.lookup(plugin).kind in _WITHOUT_VALUES:
                return Load(0, interval), ()
            check_testable(plugin)
            result = self._tried(plugin, goal, asked.share(), asked.another)
        except (exception.NotTestable, exception.Busy, exception.RefusedByAgent):
            # What is refused is among the problems already.
            return unknown
        except exception.CollectdMgrError as error:
            if error.to_dict() not in asked.problems:
                asked.problems.append(error.to_dict())
            return unknown
        load = Load(len(result.rows), interval, preview.SCRATCH)
        asked.tried[plugin] = load.samples or 0.0
        excess = self._allowlist.excess(asked.goal, asked.tried, self._state.origin.interval)
        return load, (*result.warnings, *excess)

    def _check_loadable(self, plugin: str) -> None:
        """:raises PluginNotLoadable: as every driver would"""
        found = next((each for each in self._carrier.ladder.installed() if each.plugin.lower() == plugin.lower()), None)
        why_not = found.why_not if found else "it is not installed"
        if why_not is not None:
            raise exception.PluginNotLoadable(f"{plugin}: {why_not}.", plugin=plugin, message=why_not)

    def _tried(self, plugin: str, goal: PluginGoal, patience: float, another: Settings | None = None) -> Result:
        """:raises RefusedByAgent: the host's allow-list does not let it in, for a while either"""
        self._allowlist.check_plugins({plugin: goal})
        origin, hostname = self._state.origin, self._state.hostname(self._carrier.ladder.glance())
        interval = replace(goal, interval=goal.interval or origin.interval)
        types = [str(value) for statement in _types(self._state) for value in statement]
        try:
            result = self._trials.run(Trial(plugin, interval, hostname, types, another), patience)
        except exception.CollectdMgrError as error:
            # collectd's own lines may quote the configuration.
            raise exception.from_dict(masked(error.to_dict())) from None
        return replace(result, warnings=tuple(masked(list(result.warnings))))


def _types(state: State) -> Iterator[tuple[Any, ...]]:
    """The values of the operator's ``TypesDB`` statements."""
    return (located.item.values for located in effective(state.origin.statements).types_db)
