# SPDX-License-Identifier: Apache-2.0
"""The allow-list of this host: a file that its operator owns, and that is asked before anything is done."""

from __future__ import annotations

import logging
import os
import stat
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from collectd_mgr import disk, exception
from collectd_mgr.domain import allowlist, buffer, program
from collectd_mgr.domain.allowlist import Policy, Violation
from collectd_mgr.domain.sections import PROGRAM, Sections, Settings
from collectd_mgr.domain.spec import Goal, PluginGoal

LOG = logging.getLogger(__name__)

#: What tells one version of a file from another; ``None`` where there is no file.
_Version = tuple[int, ...] | None

_UNREAD: _Version = ()

#: Violations in one error.
_SHOWN = 20


@dataclass(frozen=True)
class _Reading:
    """One version of the file. ``judged`` keeps the verdicts under it: most of a goal is what it was before."""

    version: _Version
    policy: Policy
    broken: str = ""
    judged: dict[str, tuple[PluginGoal, tuple[Violation, ...]]] = field(default_factory=dict)
    #: What turned out to give too many samples, as it was configured then.
    too_many: dict[str, PluginGoal] = field(default_factory=dict)


class Allowlist:
    """May be asked by any thread. The file is read again when it has changed; without one the defaults hold.

    A file that nobody can make sense of, or that somebody else than its owner could have written, lets in nothing
    new; what runs already stays judged by the last version that could be read, by an earlier agent perhaps.

    :param metrics: how many metrics a plugin has that is to run so, as they were seen last
    :param configured: the collectd of the agent's own configuration, by its kind (:mod:`collectd_mgr.domain.program`)
    :param last: where that last version is kept, unless that is the file itself
    :param everything: how many samples per second the daemon was seen to give, whatever they are called
    """

    def __init__(
        self,
        file: str = "",
        metrics: Callable[[str, PluginGoal], int] = lambda _plugin, _goal: 0,
        configured: Mapping[str, str] | None = None,
        last: Path | None = None,
        everything: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._file = file
        self._configured = configured or {}
        self._metrics, self._everything = metrics, everything
        self._last = None if last == Path(file) else last
        self._reading = _Reading(_UNREAD, _kept(last))
        self._lock = threading.Lock()

    def check(self, goal: Goal, than: Goal, interval: float) -> None:
        """Check what a host is asked to come to, from ``than``; ``interval`` is the daemon's own, in seconds.

        Nothing is in the way of switching off. What was let in once and is refused by now stays off, and is in the way
        of nothing that is about something else.

        :raises RefusedByAgent: with ``plugin``, ``option``, ``reason_code`` and all ``violations``
        """
        news = _news(goal, than)
        try:
            if news.plugins or news.sections:
                self.check_plugins(news.plugins)
                self._check_sections(news)
                self._check_rate(self.permitted(goal), self.permitted(than), interval)
        except exception.RefusedByAgent as error:
            LOG.warning("%s", error.detail)
            raise

    def _check_sections(self, goal: Goal) -> None:
        found = self._of_sections(goal)
        if found:
            raise _refused(found)

    def _of_sections(self, goal: Goal) -> list[Violation]:
        rules = self._rules(self._read(), goal.sections)
        return [*buffer.too_large(goal.sections, rules), *program.violations(goal.sections, rules, os.path.realpath)]

    def _rules(self, reading: _Reading, asked: Sections) -> Policy:
        """Of the file, and what need not stand there, where a program is ``asked`` for: it takes a look at the disk."""
        rules = reading.policy
        own = {kind: name for kind, name in self._configured.items() if name and PROGRAM in asked}
        binaries = [os.path.realpath(name) for kind, name in own.items() if kind == program.BINARY]
        images = [name for kind, name in own.items() if kind == program.IMAGE]
        return replace(rules, binaries=(*rules.binaries, *binaries), images=(*rules.images, *images)) if own else rules

    def _check_rate(self, goal: Goal, than: Goal, interval: float) -> None:
        most, rate = self._read().policy.samples_per_second, self._rate(goal, interval)
        if rate > most and rate > self._rate(than, interval):
            raise exception.RefusedByAgent(
                f"That would be {rate:.0f} samples per second; this host allows {most:.0f}.",
                plugin="",
                option="",
                reason_code="rate",
            )

    def check_plugins(self, plugins: Mapping[str, PluginGoal]) -> None:
        """Check what is to run for a while only, too (a scratch instance). :raises RefusedByAgent: as above"""
        reading = self._read()
        if reading.broken:
            raise exception.RefusedByAgent(
                f"The allow-list of this host lets in nothing: {reading.broken}",
                plugin="",
                option="",
                reason_code="broken",
            )
        found = [each for name, plugin in plugins.items() for each in self._judge(reading, name, plugin)]
        if found:
            raise _refused(found)

    def bound(self, goal: Goal, interval: float) -> None:
        """Hold what runs against the rate that is allowed: how many metrics a plugin has, nobody knows beforehand.

        Where what came through us is above it by itself, the one of these plugins that gives most samples is refused
        from now on, until it is configured otherwise or the file changes. One at each call.
        """
        reading = self._read()
        rates = self._rates(_ours(goal), interval)
        for most in allowlist.too_much(rates, reading.policy)[:1]:
            LOG.error("%s gives %.0f samples per second, too many for this host: it is refused.", most, rates[most])
            reading.too_many[most] = _without_restarts(goal.plugins[most])

    def excess(self, goal: Goal, tried: Mapping[str, float], interval: float) -> tuple[str, ...]:
        """A sentence where :meth:`bound` would switch something of ``goal`` off.

        :param tried: samples per second of plugins as they were found in a trial
        """
        policy = self._read().policy
        rates = {name: tried.get(name, rate) for name, rate in self._rates(_ours(goal), interval).items()}
        off = ", ".join(allowlist.too_much(rates, policy))
        given, most = sum(rates.values()), policy.samples_per_second
        return (
            (f"{off} would be switched off: of {given:g} samples per second this host allows {most:g}.",) if off else ()
        )

    def permitted(self, goal: Goal) -> Goal:
        """``goal`` without what the host refuses: remembered from a time when it did not, or put there by somebody."""
        rules = self._rules(reading := self._read(), goal.sections)
        sections = program.within(buffer.within(goal.sections, rules), rules, os.path.realpath)
        goal = goal if sections is goal.sections else replace(goal, sections=sections)
        refused = {name for name, plugin in goal.plugins.items() if self._judge(reading, name, plugin)}
        if not refused:
            return goal
        off = {name: replace(goal.plugins[name], enabled=False) for name in refused}
        return replace(goal, plugins={**goal.plugins, **off})

    def within(self, sections: Sections) -> Sections:
        """As :meth:`permitted`, for settings alone: in as much of the disk as the host gives."""
        return buffer.within(sections, self._read().policy)

    def refusal(self, name: str, plugin: PluginGoal) -> str | None:
        """Why :meth:`permitted` has it off, in a sentence; a broken file alone is no reason."""
        found = self._judge(self._read(), name, plugin)
        return str(found[0]) if found else None

    def refusals(self, goal: Goal, interval: float) -> tuple[str, ...]:
        """A sentence for each thing that :meth:`permitted` takes away, for a broken file, and for too many samples."""
        reading = self._read()
        found = [each for name, plugin in goal.plugins.items() for each in self._judge(reading, name, plugin)]
        found += self._of_sections(goal)
        broken = (f"The allow-list lets in nothing new: {reading.broken}",) if reading.broken else ()
        refused = (f"Refused by the allow-list of this host: {each}" for each in found)
        return (*broken, *refused, *self._plenty(self.permitted(goal), interval))

    def _plenty(self, goal: Goal, interval: float) -> tuple[str, ...]:
        """:meth:`bound` switches nothing off for what the operator's own plugins give, or what is called otherwise."""
        most = self._read().policy.samples_per_second
        known = self._rate(goal, interval) > most
        if not known and self._everything() <= most:
            return ()
        whose = "its operator's among them" if known else "with those of no plugin's name (of exec, scripts, network …)"
        return (f"collectd gives more than the {most:g} samples per second of this host, {whose}.",)

    def _rate(self, goal: Goal, interval: float) -> float:
        return sum(self._rates(goal, interval).values())

    def _rates(self, goal: Goal, interval: float) -> dict[str, float]:
        """Samples per second of each plugin that is on, as far as it was seen."""
        return {
            name: self._metrics(name, plugin) / (plugin.interval or interval)
            for name, plugin in goal.plugins.items()
            if plugin.enabled
        }

    @staticmethod
    def _judge(reading: _Reading, name: str, plugin: PluginGoal) -> tuple[Violation, ...]:
        if name in reading.too_many and reading.too_many[name] == _without_restarts(plugin):
            return (Violation(name, "", "rate", "It turned out to give more samples than this host allows."),)
        before = reading.judged.get(name)
        if before is None or before[0] != plugin:
            found = allowlist.violations({name: plugin}, reading.policy, os.path.realpath)
            before = reading.judged[name] = (plugin, found)
        return before[1]

    def _read(self) -> _Reading:
        with self._lock:
            try:
                version = _version(self._file)
            except OSError as error:
                return replace(self._reading, broken=f"{self._file}: {error.strerror}")
            if version != self._reading.version:
                self._reading = self._parsed(version, self._reading)
            return self._reading

    def _parsed(self, version: _Version, before: _Reading) -> _Reading:
        try:
            text = "" if version is None else _text(self._file)
            reading = _Reading(version, allowlist.policy(tomllib.loads(text)))
        except (OSError, ValueError) as error:
            LOG.error("The allow-list lets in nothing new: %s: %s", self._file, error)
            return replace(before, version=version, broken=f"{self._file}: {error}")
        self._keep(text)
        return reading

    def _keep(self, text: str) -> None:
        """For an agent that finds a broken file when it starts."""
        try:
            if self._last is not None:
                disk.replace(self._last, text)
        except OSError as error:
            LOG.warning("The allow-list is not kept for the next agent: %s", error)


def _ours(goal: Goal) -> Goal:
    """The plugins that came through us."""
    return Goal({name: plugin for name, plugin in goal.plugins.items() if plugin.origin != "host"})


def _news(goal: Goal, than: Goal) -> Goal:
    """What of ``goal`` is on, and not so in ``than``; a section as a whole."""
    plugins = {name: each for name, each in goal.plugins.items() if each.enabled and each != than.plugins.get(name)}
    given = {name: all_of for name, all_of in goal.sections.items() if _is_news(all_of, than.section(name))}
    return Goal(plugins, sections=given)


def _is_news(settings: Settings, than: Settings) -> bool:
    return any(setting != than.get(name) for name, setting in settings.items())


def _without_restarts(plugin: PluginGoal) -> PluginGoal:
    """A restart of a plugin configures it no otherwise."""
    return replace(plugin, restarts=0)


def _version(file: str) -> _Version:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(file: str) -> str:
    """:raises OSError, ValueError: it cannot be read, or may not count"""
    _check_owner(os.stat(file))
    return Path(file).read_text(encoding="utf-8")


def _kept(last: Path | None) -> Policy:
    """By what an earlier agent kept; by default where there is nothing of the kind."""
    try:
        return allowlist.policy(tomllib.loads(last.read_text(encoding="utf-8"))) if last else Policy()
    except (OSError, ValueError):
        return Policy()


def _check_owner(found: os.stat_result) -> None:
    """:raises ValueError: where others than root and the agent's own user may write it"""
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ValueError("it must belong to root, or to the agent's user, and be writable by nobody else")


def _refused(found: list[Violation]) -> exception.RefusedByAgent:
    first, more = found[0], f" ({len(found) - 1} more)" if len(found) > 1 else ""
    return exception.RefusedByAgent(
        f"The allow-list of this host refuses {first}{more}",
        plugin=first.plugin,
        option=first.option,
        reason_code=first.reason_code,
        violations=[each.to_dict() for each in found[:_SHOWN]],
    )
