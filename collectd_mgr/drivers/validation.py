# SPDX-License-Identifier: Apache-2.0
"""Whether collectd takes a configuration, found out without touching the collectd that runs."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

from collectd_mgr import exception
from collectd_mgr.domain import canonical, grammar, managed, safety
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers import operators
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.scratch import Scratch
from collectd_mgr.drivers.verdicts import Verdict, Verdicts, build


class Validation:
    """Verdicts on the configuration of one plugin: by a run of it in a scratch collectd, remembered."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._binary = Path(settings.binary)
        self._plugin_dir = Path(settings.plugin_dir)
        place = Path(settings.state_dir) / "scratch"
        self._scratch = Scratch(settings.binary, settings.plugin_dir, place, account(settings.user))
        self._verdicts = Verdicts(Path(settings.state_dir) / "verdicts")

    def clear(self) -> None:
        """To be called when the agent starts: see :meth:`.scratch.Scratch.clear`."""
        self._scratch.clear()

    def check(self, plugin: str, goal: PluginGoal) -> tuple[str, ...]:
        """What collectd warns of in this configuration. Safe to repeat; cheap the second time, when nothing is said of
        what a read found the first time.

        A plugin of the live-safety table without configuration needs no run. One that a second instance of
        would disturb the first, or that is not in the table, is checked by the grammar alone.

        :raises ConfigRejected: with collectd's own ``messages``; or it has none, and would read nothing
        :raises BadConfig, BadGrammar: it cannot be written in collectd's grammar
        """
        check_given(plugin, goal)
        if not self.tries(plugin, goal):
            return ()
        key = (plugin, goal.config_digest(), *build(self._binary, self._plugin_dir / f"{plugin}.so"))
        return self._verdicts.get(key, functools.partial(self._run, plugin, managed.plugin_text(plugin, goal)))

    def tries(self, plugin: str, goal: PluginGoal) -> bool:
        """Whether a run has to tell. :raises BadConfig, BadGrammar: as :meth:`check`"""
        text = managed.plugin_text(plugin, goal)
        return safety.scratch_allowed(plugin) and (bool(text) or not safety.live_safe(plugin))

    def check_start(self, statements: Sequence[Item]) -> None:
        """Whether collectd starts with these, of which none may disturb another one: see :mod:`.domain.alone`.

        Safe to repeat; cheap the second time. Where it does not start with none of them either, nothing is known.

        :raises ConfigRejected: with collectd's own ``messages``
        """
        of = canonical.digest(grammar.render(statements))
        key = ("start", of, *build(self._binary, self._plugin_dir))
        self._verdicts.get(key, functools.partial(self._start, statements))

    def _start(self, statements: Iterable[Item]) -> Verdict:
        messages = self._scratch.refusal(statements)
        if messages and not self._scratch.refusal(()):
            raise no_start(messages)
        return Verdict()

    def _run(self, plugin: str, text: str) -> Verdict:
        outcome = self._scratch.run(plugin, text, operators.types(self._settings))
        if outcome.errors:
            raise rejected(plugin, outcome.errors, outcome.said)
        return Verdict(outcome.warnings, outcome.passing)


def reads_nothing(plugin: str, goal: PluginGoal) -> bool:
    """Whether it reads what its configuration names, and has none."""
    return not goal.config and safety.lookup(plugin).wants_config


def check_given(plugin: str, goal: PluginGoal) -> None:
    """:raises ConfigRejected: it has no configuration, and would read nothing, which only an operator's own may"""
    if goal.origin != "host" and reads_nothing(plugin, goal):
        detail = f"{plugin} reads what its configuration names, and it has none."
        raise exception.ConfigRejected(detail, plugin=plugin, messages=[])


def no_start(messages: Sequence[str]) -> exception.ConfigRejected:
    """The error of a whole configuration, in collectd's own words."""
    detail = f"collectd does not start with this configuration: {'; '.join(messages)}"
    return exception.ConfigRejected(detail, messages=list(messages))


def rejected(plugin: str, errors: Sequence[str], warnings: Sequence[str] = ()) -> exception.ConfigRejected:
    """The error in collectd's own words."""
    detail = f"collectd rejects the configuration of {plugin}: {'; '.join(errors)}"
    return exception.ConfigRejected(detail, plugin=plugin, messages=[*errors, *warnings])
