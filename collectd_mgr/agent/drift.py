# SPDX-License-Identifier: Apache-2.0
"""Notices what somebody else has done to collectd, or to its configuration, for the status to tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.desired import same_daemon
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.origin import Origin
from collectd_mgr.agent.state import State
from collectd_mgr.domain import difference, drift
from collectd_mgr.domain.difference import NONE, Difference
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.filesystem import SURE
from collectd_mgr.domain.mode import MANAGE
from collectd_mgr.domain.plan import Plan, Running
from collectd_mgr.domain.secrets import mask_text

LOG = logging.getLogger(__name__)

#: Seconds between two looks at files and at all processes: as fast as anybody needs to know.
_PAUSE = 5.0

#: Lines of a diff that are told; who wants more looks at the files.
_LINES = 200

#: Lines around each that differs.
_CONTEXT = 1


class DriftWatch:
    """:meth:`look` under the lock of the state; :attr:`found` from any thread."""

    def __init__(
        self,
        state: State,
        carrier: Carrier,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._state = state
        self._carrier = carrier
        self._clock = clock
        self._looked = float("-inf")
        self._generation: object = None
        self._acted = state.acted[0]
        #: By kind, the latest of each.
        self._found: dict[str, Drift] = {}

    @property
    def found(self) -> tuple[Drift, ...]:
        """In the order of :data:`.drift.KINDS`."""
        found = self._found
        return tuple(found[kind] for kind in drift.KINDS if kind in found)

    def look(self, running: Running) -> None:
        """At the process with every call, at files and other processes now and then."""
        taken = self._state.memory.taken
        if self._generation != (taken and taken.generation):
            # What was mended or told before this change is history.
            self._generation = taken and taken.generation
            self._found = {kind: each for kind, each in self._found.items() if each.mended is None}
            self._found.pop(drift.RESTARTED, None)
        self._see_process(running)
        now = self._clock()
        if not 0 <= now - self._looked < _PAUSE:
            self._looked = now
            self._see_operator_files(running)
            self._see_instances()

    def see_daemon(self, todo: Plan, vain: str | None) -> None:
        """``todo`` would bring collectd to what it is to run; ``vain``: why that was not had of a new process."""
        if not todo or (self._state.owes() and self._state.mode().mode == MANAGE):
            self.over(drift.DAEMON)
            return
        why = f" A new process did not bring it there, and no other is tried for it: {vain}" if vain else ""
        self.tell(drift.DAEMON, f"collectd differs from what it is to run.{why}", Difference(tuple(map(str, todo))))

    def tell(self, kind: str, detail: str, diff: Difference = NONE) -> None:
        """It is so now."""
        before, detail, lines = self._found.get(kind), mask_text(detail), tuple(map(mask_text, diff.lines[:_LINES]))
        lasts = before is not None and before.mended is None
        if before is None or not lasts or (before.detail, before.diff) != (detail, lines):
            LOG.warning("%s%s", detail, "".join(f"\n  {line}" for line in lines))
        since = before.since if before and lasts else self._clock()
        self._put(Drift(kind, detail, since, lines, plugins=diff.plugins))

    def over(self, kind: str, mended: bool = False) -> None:
        """It is not so any more; what was mended is told until the next change that is asked for."""
        before = self._found.get(kind)
        if before is None or before.mended is not None:
            return
        if mended:
            self._put(replace(before, mended=self._clock()))
        else:
            self._found = {name: each for name, each in self._found.items() if name != kind}

    def _put(self, found: Drift) -> None:
        if self._found.get(found.kind) != found:
            self._found = {**self._found, found.kind: found}
            self._state.changed()

    def _see_process(self, running: Running) -> None:
        if running.pid is None:
            return
        acted, boot, seen = self._state.acted[0], boot_id(), self._state.memory.seen
        before = seen if seen and seen[2] == boot else None
        if before is not None and not same_daemon(before[0], before[1], running) and acted == self._acted:
            self.tell(drift.RESTARTED, f"collectd was started anew, as pid {running.pid}, and not by the agent.")
        self._acted = acted
        if seen != (running.pid, running.since_boot, boot):
            # For the next agent: on a full disk this one knows it all the same.
            with suppress(OSError):
                self._state.write(seen=(running.pid, running.since_boot, boot))

    def _see_operator_files(self, running: Running) -> None:
        now = self._state.origin_now()
        diff = _diff(self._state.origin, now)
        late = not self._state.origin_runs and now.changed > (running.started or now.changed) + SURE
        if now.unread is not None:
            self.tell(drift.OPERATOR_FILES, f"The operator's files cannot be understood any more: {now.unread}")
        elif diff:
            self.tell(drift.OPERATOR_FILES, "The operator's files were changed since collectd read them.", diff)
        elif late and now.changed != float("inf"):
            self.tell(drift.OPERATOR_FILES, "The operator's files were changed after collectd had been started.")
        else:
            self.over(drift.OPERATOR_FILES)

    def _see_instances(self) -> None:
        instances = self._carrier.ladder.drivers[-1].instances()
        if len(instances) > 1:
            pids = ", ".join(map(str, instances))
            self.tell(drift.INSTANCES, f"More than one collectd runs with this configuration: pids {pids}.")
        else:
            self.over(drift.INSTANCES)


def _diff(before: Origin, now: Origin) -> Difference:
    """Secrets masked before they are compared line by line, for a mask may be about several."""
    if before.text() == now.text():
        return NONE
    lines = difference.lines(before.masked(), now.masked(), "read by collectd", "on the disk", _CONTEXT)
    old, new = ([each.item for each in origin.statements] for origin in (before, now))
    return Difference(lines or difference.UNSEEN, difference.plugins(old, new))
