# SPDX-License-Identifier: Apache-2.0
"""How long a daemon is watched after a change, before what it runs counts as good. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_mgr.agent.desired import died, same_daemon
from collectd_mgr.agent.series import READS
from collectd_mgr.domain.plan import Change, Plan, Running, RunningPlugin
from collectd_mgr.domain.spec import Generation, HostSpec

#: What ends collectd in its first read may do so in the second only, where it has something to compare, or the third.
_READS = 3

#: Seconds, at most, that are waited for those: the daemon may end in days from now of anything.
_LONGEST = 900.0


@dataclass(frozen=True)
class Probation:
    """A change that its daemon (``pid``, ``since_boot``, in the kernel's boot ``boot_id``) has not yet outlived.

    ``since``: seconds of the monotonic clock of that boot; ``lasts``: so many seconds more, at least; ``live``: the
    change was made in that very process, which a death says something about. Without a ``pid`` it waits for the next.

    ``first``: the generation, as a dict, of the first change that was not outlived; nothing may be good before it.

    ``expects``: what the daemon before gave, and this one is to give: by the first word of the metrics their interval
    in seconds; see :mod:`collectd_mgr.agent.series`. ``had``: by host and word the time of the newest value that this
    one had before it was the daemon, beside the one before: another one is to come.
    """

    pid: int | None
    started: float | None
    boot_id: str
    since: float
    lasts: float
    live: bool = True
    since_boot: float | None = None
    expects: Mapping[str, float] = field(default_factory=dict)
    had: Mapping[str, float] = field(default_factory=dict)
    first: Mapping[str, Any] = field(default_factory=dict)

    def left(self, now: float, boot_id: str) -> float:
        """Seconds that it lasts yet; the whole in another boot, whose clock is another."""
        return max(0.0, self.lasts - (now - self.since)) if boot_id == self.boot_id else self.lasts

    def over(self, now: float, least: float) -> bool:
        """Whether its time is; no probation is shorter than ``least``, in seconds."""
        return now - self.since > max(least, self.lasts)

    def watches(self, running: Running, boot_id: str) -> bool:
        """Whether ``running`` is the process that it is about."""
        same = self.pid is not None and same_daemon(self.pid, self.since_boot, running)
        return same and boot_id == self.boot_id

    def ended(self, running: Running) -> bool:
        """Whether its process is gone, as far as anybody knows of what is on probation: ``running`` is there now."""
        return self.pid is not None and died(self.pid, self.since_boot, running)

    def moved(self, running: Running, now: float, boot_id: str) -> Probation:
        """The same for the process that came after that one, which was started with what is on probation.

        It need not give what was expected: whoever has started it may have told it otherwise.
        """
        return replace(begun(running, self.lasts, False, now, boot_id, None), first=self.first)

    def of(self, generation: Generation) -> Probation:
        """The same, of what came with this generation, unless something before that is not outlived either."""
        return self if self.first else replace(self, first=generation.to_dict())

    def expecting(self, words: Mapping[str, float]) -> Probation:
        """The same, until these have come; longer, where they need it."""
        return replace(self, expects=dict(words), lasts=max([self.lasts, *(READS * each for each in words.values())]))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Probation:
        """One of an agent from before it had ``lasts`` is over: that was a matter of seconds."""
        known = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
        return cls(**{"since": 0.0, "lasts": 0.0, **known})


@dataclass(frozen=True)
class Elder:
    """A spec that was on probation before later changes, in a daemon where they leave alone all that it asks for."""

    spec: HostSpec
    probation: Probation


def begun(running: Running, lasts: float, live: bool, now: float, boot_id: str, before: Probation | None) -> Probation:
    """Of a change that was made just now; what was on probation ``before`` it stays so for as long as it would."""
    left = before.left(now, boot_id) if before else 0.0
    fresh = Probation(running.pid, running.started, boot_id, now, max(lasts, left), live, running.since_boot)
    if before is None:
        return fresh
    return replace(fresh, first=before.first, had=before.had if before.watches(running, boot_id) else {})


def lasting(todo: Plan, running: Running, default: float) -> float:
    """Seconds in which what ``todo`` touched is read several times, in a daemon whose own interval is ``default``; for
    what is seldom read no more than :data:`_LONGEST`.
    """
    intervals = (_interval(change, running.plugins.get(change.plugin), default) for change in todo)
    return min(_READS * max(intervals, default=0.0), _LONGEST)


def _interval(change: Change, now: RunningPlugin | None, default: float) -> float:
    """The longest that is known of the plugin; what is about no plugin is about the values of all."""
    known = (change.goal and change.goal.interval, now and now.interval, now and now.slowest)
    return max((seconds for seconds in known if seconds), default=default)
