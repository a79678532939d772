# SPDX-License-Identifier: Apache-2.0
"""A crash is not a loop: after a death of a change the last good spec is back; of a live one, live is quarantined.

So it is after a change since which collectd gives less than before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent import faults, series
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.desired import NOTHING
from collectd_mgr.agent.memory import Quarantine
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.probation import Probation
from collectd_mgr.agent.state import LIVE, State
from collectd_mgr.domain import mode
from collectd_mgr.domain.operations import FAILED
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.secrets import mask_text

LOG = logging.getLogger(__name__)


class Crash:
    """Called under the lock of the state."""

    def __init__(self, state: State, carrier: Carrier, fault: faults.Fault = faults.none) -> None:
        self._state = state
        self._carrier = carrier
        self._fault = fault

    def happened(self, error: exception.CollectdMgrError, request_id: str = "", live: bool = True) -> None:
        """Remember it first, so that nothing is tried live again whatever comes now; then bring back what was good.

        :param live: whether it died of a live operation
        """
        LOG.error("%s", mask_text(error.detail))
        self._state.tried_omitted(had=False)
        memory, self._state.elder = self._state.memory, None
        if memory.good is not None:
            error.kwargs["good"] = memory.good.generation.to_dict()
        if memory.probation is not None and memory.probation.first:
            error.kwargs["first"] = dict(memory.probation.first)
        quarantine = self._quarantine(error) if live else memory.quarantine
        said: dict[str, Any] = {"outcome": FAILED, "error": error.to_dict()}
        if memory.taken is not None and memory.taken == memory.good:
            # It died of what we did to keep it there, or of the end of a lease: what was asked for has been outlived.
            said = {"warnings": (error.detail,)}
        self._state.remember(**said, current=memory.good, probation=None, quarantine=quarantine)
        self._fault(faults.QUARANTINED)
        if self._state.mode().mode == mode.MANAGE:
            self._bring_back(request_id)
        else:
            self._leave()

    def lives(self, probation: Probation, running: Running, now: float, least: float) -> bool:
        """The daemon on ``probation`` answers: it is good when its time is over, ``least`` seconds or more. If it gives
        less than the one before then, that is seen to: False.
        """
        if not probation.over(now, least):
            self._see_elder(probation, running, now, least)
            return True
        try:
            there = self._came(probation, running) if probation.expects else frozenset()
        except exception.CollectdMgrError:
            return True  # It is asked again.
        lost = series.lost(there, probation.expects)
        if not lost:
            less = series.missing(there, self._state.gave, probation.expects)
            self._state.elder, self._state.gave = None, frozenset()
            warnings = (*self._state.memory.warnings, *filter(None, [less]))
            self._state.remember(good=self._state.memory.current, probation=None, warnings=warnings)
            return True
        detail = f"Since the change collectd gives no values of {', '.join(lost)}, which it gave before."
        self.happened(exception.SeriesLost(detail, plugins=list(lost)), live=False)
        return False

    def _see_elder(self, probation: Probation, running: Running, now: float, least: float) -> None:
        """Changes that come again and again do not keep what was there before them from being good, once the daemon has
        outlived that.
        """
        elder = self._state.elder
        if elder is None or not elder.probation.over(now, least):
            return
        self._state.elder = None
        wanted = {word: each for word, each in probation.expects.items() if word in elder.probation.expects}
        if elder.probation.watches(running, boot_id()) and not self._are_lost(wanted, elder.probation, running):
            self._state.remember(good=elder.spec)

    def _are_lost(self, wanted: Mapping[str, float], probation: Probation, running: Running) -> bool:
        try:
            return bool(wanted and series.lost(self._came(probation, running), wanted))
        except exception.CollectdMgrError:
            return True

    def _came(self, probation: Probation, running: Running) -> frozenset[str]:
        """:raises CollectdMgrError: nobody can tell now"""
        goal = self._state.goal(self._state.memory.current)
        return series.came(series.metrics(self._carrier.ladder, goal, running.hostname), probation.had)

    def _quarantine(self, error: exception.CollectdMgrError) -> Quarantine:
        LOG.error("The live driver is quarantined until somebody clears it.")
        clears = self._state.goal(self._state.memory.taken).quarantine_clears
        return Quarantine(error.detail, time.time(), clears)

    def _leave(self) -> None:
        """Nothing is changed in a daemon that runs; the next one must not find what the last one died of."""
        self._carrier.at_next_start(self._state.memory.good or NOTHING)
        said = f"In mode {self._state.mode().mode} a process that runs is left as it is."
        self._state.remember(warnings=(f"{said} The next one starts with the last good spec.",))

    def _bring_back(self, request_id: str) -> None:
        good = self._state.memory.good or NOTHING
        try:
            applied = self._carrier.keep(good, request_id, {LIVE: "What went wrong is not undone inside collectd."})
        except exception.CollectdMgrError as error:
            LOG.error("The last good spec is not back yet: %s: %s", error.code, mask_text(error.detail))
            # Somebody else may start collectd before it is: it must not find what the last one died of.
            self._carrier.at_next_start(good)
            self._state.remember(warnings=(f"The last good spec is not back yet: {error.detail}",))
        else:
            driver = applied.driver or self._state.memory.driver
            self._state.remember(driver=driver, restarted=not applied.replaced, replaced=applied.replaced)
