# SPDX-License-Identifier: Apache-2.0
"""Carries every change by a new collectd that takes the place of the one that runs: no sample is lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import beside, capabilities, counters, managed, output, plan, sections
from collectd_mgr.domain.baseline import baseline, is_occasional
from collectd_mgr.domain.capabilities import Installed, Offer
from collectd_mgr.domain.ignorelist import Rules
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.plan import Change, Running
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.drivers import candidate, instance, observation, operators
from collectd_mgr.drivers.base import Applied, DriverSettings, Order, Recovered
from collectd_mgr.drivers.candidate import Candidates
from collectd_mgr.drivers.process import Process
from collectd_mgr.drivers.real import RealDriver
from collectd_mgr.drivers.starting import Start
from collectd_mgr.drivers.succession import Succession

LOG = logging.getLogger(__name__)

#: Seconds between two looks at the new instance.
_LOOK = 0.05

#: So many metrics are named.
_NAMED = 5

_SHIFTED = (
    "The new collectd reads at times of its own: the step from the old one's last sample of a metric to the new one's "
    "first is between half an interval and one and a half."
)


class ReplaceDriver(RealDriver):
    """Renders the goal, has it judged, and starts a second process with it, which the first hands over to."""

    name: ClassVar[str] = "replace"

    def __init__(self, settings: DriverSettings) -> None:
        super().__init__(settings)
        self._candidates = Candidates(settings)

    def recover(self) -> Recovered:
        notes, daemon = self._collectd.prepare(), self._collectd.daemon
        launched = daemon.launched().values()
        return Recovered(self.observe(), notes, replaced=bool(launched) and daemon.find() in launched)

    def start(self) -> None:
        self._collectd.start()

    def offer(self) -> Offer:
        reads = frozenset(capabilities.READS)
        why = self._collectd.daemon.alone or self._unfit()
        if why is not None:
            return Offer(self.name, reads, dict.fromkeys(candidate.CHANGES, why))
        missing = {} if self._collectd.daemon.launcher is not None else candidate.NOT_HERE
        return Offer(self.name, (candidate.CHANGES - missing.keys()) | reads, missing)

    def _unfit(self) -> str | None:
        """Why there cannot be two of the daemon that runs; ``None`` when there can."""
        try:
            status = self._collectd.just_now()
            # What was replaced on disk does no harm: nothing of it is loaded into the old one.
            if not status.get("replaceable", status["live"]["on"]):
                return "; ".join(status["live"]["reasons"])
            if status.get("output") is None:
                return "The extension in this collectd is of an earlier version."
            obstacle = self._collectd.daemon.obstacle(status)
            if obstacle is not None:
                return obstacle
            found = beside.obstacles(operators.beside(self._settings, managed.parse(self._collectd.files.read() or "")))
        except (exception.CollectdMgrError, OSError) as error:
            return f"{getattr(error, 'detail', error)}"
        return " ".join(found) or None

    def installed(self) -> tuple[Installed, ...]:
        return self._candidates.installations.current().packages.installed()

    def refusal(self, change: Change, running: Running) -> str | None:
        return candidate.refusal(change) or self._obstacle(change)

    def _obstacle(self, change: Change) -> str | None:
        """Why there cannot be two with what the change brings. Of what is not installed, or cannot be written, the
        order itself says so.
        """
        there = self._candidates.installations.current().packages
        if change.goal is None or not change.goal.enabled or change.plugin not in there:
            return None
        with suppress(exception.BadConfig, exception.BadGrammar):
            return " ".join(beside.obstacles(managed.plugin_items(change.plugin, change.goal))) or None
        return None

    def apply(self, order: Order) -> Applied:
        """As the contract has it; without a daemon there is nothing to replace."""
        self._check(order)
        said = self._candidates.judge(order)
        text = self._collectd.render(order.goal, order.generation)
        if not order.plan:
            return self._remember(order, text)
        items = operators.beside(self._settings, managed.parse(text))
        found = beside.obstacles(items)
        old = self._old()
        if found:
            raise exception.NotCapable(" ".join(found), capability=next(iter(order.plan)).kind, driver=self.name)
        succession = Succession(self._settings, self._collectd, old)
        self._collectd.files.stage(text)
        try:
            more, running = self._succeed(order, succession, items)
        finally:
            succession.close()
        anew = counters.told(counters.begun_anew(order.goal, order.plan))
        return Applied(self.name, running, replaced=True, warnings=tuple(dict.fromkeys((*said, *more, *anew))))

    def _old(self) -> Process:
        """The daemon. :raises Busy: there is none, or none any more; that is for the next driver"""
        found = self._collectd.daemon.find()
        if found is None:
            raise exception.Busy("collectd does not run: there is nothing to replace.")
        return found

    def _check(self, order: Order) -> None:
        """:raises NotCapable, Busy: before anything was touched"""
        if self._collectd.daemon.alone is None and order.plan:
            self._old()
        offer = self.offer()
        for change in order.plan:
            why = offer.missing.get(change.kind) or self.refusal(change, Running())
            if why is not None:
                raise exception.NotCapable(f"{change}: {why}", capability=change.kind, driver=self.name)

    def _remember(self, order: Order, text: str) -> Applied:
        self._collectd.files.restore(text)
        return Applied(self.name, self._collectd.remember(order.goal, order.generation))

    def _succeed(self, order: Order, succession: Succession, items: Any) -> tuple[tuple[str, ...], Running]:
        """The new instance in the place of the old one, or the old one as before and the error."""
        began, start = time.monotonic(), Start(order, self._collectd.files.read())
        try:
            with start.explained():
                succession.start(items)
            status = succession.wire.call("status")
            self._see(order, start, status)
            warnings = _shifted(status) + self._await_read(order, succession)
            warnings += start.warnings(succession.wire.call("status"), self._collectd.daemon.messages())
            warnings += succession.hand_over(self._misses(order, succession))
        except Exception as error:
            inherited = self._inherited(order, start, succession)
            if inherited is None:
                why = self._why(error, succession)
                LOG.warning("The old collectd stays: %s", mask_text(str(why)))
                cost = self._go_back(succession)
                self._log(order, f"failed: {getattr(why, 'code', type(why).__name__)}", began)
                if cost is not None and isinstance(why, exception.CollectdMgrError):
                    why = type(why)(f"{_sentence(why.detail)} {cost}", **why.kwargs)
                if why is error:
                    raise
                raise why from error
            warnings = inherited
        self._collectd.files.commit()
        self._collectd.daemon.adopt(succession.new)
        instance.release(self._settings)
        instance.tidy(self._settings, self._collectd.daemon)
        self._log(order, "done", began)
        return warnings, self.observe()

    def _why(self, error: Exception, succession: Succession) -> Exception:
        """The error, of which the daemon is no part where it is the new one that answers no more."""
        if isinstance(error, observation.SILENCE) and succession.silent():
            return self._collectd.not_started(f"The new collectd does not answer: {error.detail}")
        return error

    def _inherited(self, order: Order, start: Start, succession: Succession) -> tuple[str, ...] | None:
        """The warnings, where somebody ended the old collectd and the new one is as it should be; else None."""
        try:
            warnings = succession.inherit()
            if warnings is not None:
                self._see(order, start, self._collectd.status())
        except exception.CollectdMgrError as error:
            LOG.warning("The new collectd cannot go on for one that ended: %s", mask_text(error.detail))
            return None
        return warnings

    def _see(self, order: Order, start: Start, status: dict[str, Any]) -> None:
        """:raises ConfigRejected, DaemonNotStarted: the new instance, of this status, runs, but not all of the goal"""
        start.check(status, self._collectd.daemon.messages())
        candidate.see_initialised(status, order)
        late = {f"{plan.LOAD} {plugin}" for plugin in beside.LATE}
        lacking = [each for each in candidate.lacking(observation.running(status), order.goal) if each not in late]
        if lacking:
            raise self._collectd.not_started(f"collectd runs, but not as asked; it lacks: {', '.join(lacking)}")

    def _await_read(self, order: Order, succession: Succession) -> tuple[str, ...]:
        """Wait until every plugin was read twice and gives what it gave, or the time is over.

        :returns: which were not
        :raises DaemonNotStarted: metrics are lost
        """
        bound = self._settings.ready_timeout
        deadline, hopeless = time.monotonic() + bound, set(succession.hopeless(bound))
        renamed = self._renamed(succession)
        while True:
            over = time.monotonic() > deadline
            unread, failing = succession.unread()
            awaited = unread - hopeless
            lost = [] if renamed or (awaited and not over) else self._lost(order, succession, hopeless)
            if not succession.new.alive():
                raise self._collectd.not_started("collectd ended before anything was handed over to it.")
            if over or not (awaited or lost):
                break
            time.sleep(_LOOK)
        if lost:
            named = ", ".join(lost[:_NAMED]) + (" …" if len(lost) > _NAMED else "")
            detail = f"Within {bound:g} s the new collectd does not give {len(lost)} metrics that the old one gives"
            raise self._collectd.not_started(f"{detail}: {named}")
        said = [f"{plugin} was not read twice before the new collectd took over." for plugin in sorted(unread)]
        fails = "cannot be read: it fails in the new collectd as in the old one."
        return (*said, *(f"{plugin} {fails}" for plugin in sorted(failing)))

    def _lost(self, order: Order, succession: Succession, hopeless: set[str]) -> list[str]:
        """The metrics that the old one gives and the new one should: of what is configured as before, and was read."""
        old, new = succession.samples()
        rules = Rules(order.goal.section(sections.IGNORELIST))
        words = baseline(order.goal.plugins, order.plan, hopeless | order.apart)
        return [name for name in output.lost(old, new, time.time()) if _is_of(name, words, rules)]

    def _renamed(self, succession: Succession) -> bool:
        """Whether the new instance gives its metrics to another host."""
        return bool(succession.wire.call("status")["hostname"] != self._collectd.status()["hostname"])

    def _misses(self, order: Order, succession: Succession) -> Callable[[str], bool]:
        """Tells of a metric that the old one alone has whether it is to be missed: where it is of what is configured as
        before. What became another one, or is off, is missed by nobody; and a client's may be called like that.
        """
        rules, renamed = Rules(order.goal.section(sections.IGNORELIST)), self._renamed(succession)
        words = baseline(order.goal.plugins, order.plan, order.apart)
        return lambda name: not renamed and _is_of(name, words, rules)

    def _go_back(self, succession: Succession) -> str | None:
        """What it has cost, in a sentence; None for nothing.

        :raises DaemonNotStarted: the old one is gone, and another one with its configuration does not come up
        """
        stays, cost = succession.take_back(), succession.hole
        self._collectd.files.discard()
        if not stays:
            self._collectd.start()
            cost = "Both had ended, and collectd was started with the configuration before."
        instance.tidy(self._settings, self._collectd.daemon)
        return cost

    def _log(self, order: Order, outcome: str, began: float) -> None:
        """To the daemon that goes on."""
        took, changes = 1000 * (time.monotonic() - began), ", ".join(map(str, order.plan))
        self._collectd.log(order.request_id, f"replacement of collectd: {outcome} in {took:.1f} ms ({changes})")


def _sentence(detail: str) -> str:
    """``detail`` to be followed by another sentence: what the kernel says ends without a full stop."""
    return detail if detail.endswith((".", "…")) else f"{detail}."


def _shifted(status: Mapping[str, Any]) -> tuple[str, ...]:
    """What comes of it where a new instance of this status could not be given the times of the old one."""
    return () if status.get("aligned", True) else (_SHIFTED,)


def _is_of(name: str, words: Container[str], rules: Rules) -> bool:
    """Whether a metric is one that counts: of a plugin whose metrics bear one of these words, given with every read."""
    metric = Identifier.of(name)
    return metric.plugin.lower() in words and not is_occasional(metric) and rules.ignores(metric) is None
