# SPDX-License-Identifier: Apache-2.0
"""The ignorelist in the running daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from collectd_mgr.domain import ignorelist, sections
from collectd_mgr.domain.ignorelist import Rule, Rules
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.chains import Chains
from collectd_mgr.extension.thresholds import Thresholds

#: The reason by which thresholds are silent about what is ignored.
_WHY = "/ignorelist"


class Ignorelist:
    """The rules of this daemon. The caller holds the operation lock.

    :param names: gives the metrics in collectd's cache
    :param told: the rules that the daemon was started with
    """

    def __init__(
        self,
        chains: Chains,
        thresholds: Thresholds,
        arena: Arena,
        names: Callable[[], Mapping[str, float]],
        told: Mapping[str, Rule],
    ) -> None:
        understood = ignorelist.understood(told)
        chains.adopt(understood)
        self._chains = chains
        self._thresholds = thresholds
        self._arena = arena
        self._names = names
        #: Those in force, by name.
        self.settings: dict[str, dict[str, Any]] = {name: dict(rule) for name, rule in told.items()}
        #: They know by now what they say of each metric.
        self._rules = Rules(understood)
        #: How many metrics each rule matched when it came; None for one that was there before any metric.
        self._matched: dict[str, int | None] = dict.fromkeys(self.settings)
        #: Whether there may be metrics that nobody ever saw.
        self._blind = bool(self.settings)
        #: What is ignored, as far as it was seen: it is not in the cache any more.
        self._dropped: set[str] = set()

    def facts(self) -> dict[str, Any]:
        """For the status: the digest of the rules, what each matched, and what they have cost for ever, in bytes."""
        about = {name: {"matched": count} for name, count in self._matched.items()}
        spent = {"bytes": self._arena.spent, "budget": self._arena.budget}
        return {"digest": sections.digest(self.settings), "facts": about, **spent, **self._chains.facts}

    def check(self, settings: Mapping[str, Rule]) -> None:
        """Pass where there is room for exactly these rules; nothing is changed. Any thread may ask.

        :raises BadSetting, LiveRefused: see :meth:`Chains.check`
        """
        self._chains.check(list(settings.values()))

    def set(self, settings: Mapping[str, Rule]) -> list[str]:
        """Have exactly these rules, and say which match nothing of what is collected. Safe to repeat.

        :raises BadSetting: a rule is none for this host's libc
        :raises LiveRefused, ConfigRejected, PluginNotLoadable: see :meth:`Chains.build`
        """
        wanted = {name: ignorelist.normal(rule) for name, rule in settings.items()}
        if wanted == self.settings:
            return []
        rules = Rules(wanted)
        before, after = self._rules.ignored, rules.ignored
        chosen = [(name, wanted[name]) for name in ignorelist.ordered(wanted)]
        self._chains.build([rule for _, rule in chosen])
        look = cache(self._names)
        known = self._dropped.union(look())
        matched = self._count(wanted, rules, known)
        self._thresholds.hush(_WHY, lambda names: before(names) | after(names), look)
        try:
            self._chains.run(chosen)
        except BaseException:
            self._thresholds.hush(_WHY, before)
            raise
        said = list(self._said(wanted, matched))
        self.settings, self._rules, self._matched = wanted, rules, matched
        self._dropped = after(known)
        # What was ignored and is not any more is back with its first value.
        self._thresholds.hush(_WHY, after)
        # Expressions know all metrics by now: in libc that is up to a megabyte each, and it is seldom asked again.
        rules.forget()
        return said

    def _said(self, wanted: Mapping[str, Any], matched: Mapping[str, int | None]) -> Iterator[str]:
        """Of each rule that falls on nothing; of a new one also where that is not quite sure."""
        for name in sorted(wanted):
            sentence = f"The rule {name} matches no metric that is collected now"
            if matched[name] == 0:
                yield f"{sentence}."
            elif matched[name] is None and wanted[name] != self.settings.get(name):
                yield f"{sentence}; what rules have dropped since collectd started with them, nobody saw."

    def _count(self, wanted: Mapping[str, Rule], rules: Rules, known: Iterable[str]) -> dict[str, int | None]:
        """Of a rule that stays, what is known; of a new one, what it matches of what was seen so far."""
        fresh = [name for name in wanted if wanted[name] != self.settings.get(name)]
        counts: dict[str, int | None] = {**rules.counts(known, fresh)}
        if self._blind:
            counts = {name: count or None for name, count in counts.items()}
        return {name: counts.get(name, self._matched.get(name)) for name in wanted}
