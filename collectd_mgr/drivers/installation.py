# SPDX-License-Identifier: Apache-2.0
"""A collectd as it lies on this host's disk: its binary, and the plugins that are there for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from collectd_mgr import exception
from collectd_mgr.domain import alone, managed, program
from collectd_mgr.domain.filesystem import youngest
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.executable import Executables
from collectd_mgr.drivers.files import ManagedFiles
from collectd_mgr.drivers.launcher import Launcher, unfit
from collectd_mgr.drivers.packages import Packages
from collectd_mgr.drivers.podman import Podman
from collectd_mgr.drivers.validation import Validation, no_start
from collectd_mgr.drivers.verdicts import build

LOG = logging.getLogger(__name__)


class Installation:
    """One of them; ``settings`` name its ``binary`` and ``plugin_dir``."""

    def __init__(self, settings: DriverSettings) -> None:
        self.settings = settings
        self.packages = Packages(settings.plugin_dir)
        self.validation = Validation(settings)
        #: Its version, and the build that said so.
        self._version: tuple[tuple[str, ...], str | None] = ((), None)

    def check(self, plugin: str, goal: PluginGoal, runs: Callable[[], str]) -> tuple[str, ...]:
        """As :meth:`.Validation.check`, for a process that runs already and may be another collectd: of an image, or
        from before an upgrade. That it is, as far as versions tell, is a warning.

        :param runs: gives its version
        """
        said = self.validation.check(plugin, goal)
        if not self.validation.tries(plugin, goal):
            return said
        tried, running = self.version(), runs()
        if tried in (None, running):
            return said
        return (*said, f"{plugin} was tried with {self.settings.binary}, collectd {tried}; {running} runs.")

    def version(self) -> str | None:
        """Of the binary on the disk; None where that does not say."""
        stamp = build(Path(self.settings.binary))
        if self._version[0] != stamp:
            try:
                self._version = stamp, Executables(self.settings).build(self.settings.binary).version
            except exception.ProgramUnfit:
                self._version = stamp, None
        return self._version[1]

    def check_start(self, items: Sequence[Item]) -> None:
        """Whether it starts with all that a host configures, as far as can be found out beside another one.

        Libraries that are not found here are no fault: the real one may have an environment that names their place.

        :raises ConfigRejected: it does not
        """
        if "logfile" not in self.packages:  # Nobody would hear what it says.
            return
        there = {each.plugin.lower(): each for each in self.packages.installed()}
        if not any(item.key.lower() == "plugindir" for item in items):
            absent = [plugin for plugin in alone.left_out(items) if plugin not in there]
            if absent:
                raise no_start([f"{plugin}: it is not installed." for plugin in absent])
        unloadable = {plugin for plugin, each in there.items() if not each.loadable}
        self.validation.check_start(alone.kept(items, unloadable))

    def changed(self) -> float:
        """When the binary or the plugins were changed last, in seconds since 1970; infinite where one is not there."""
        return youngest((self.settings.binary, self.settings.plugin_dir))


def launcher_of(settings: DriverSettings) -> Launcher | None:
    """Who starts collectd, where that is the agent itself."""
    if settings.daemon == "podman":
        return Podman(settings)
    return Executables(settings) if settings.daemon == "child" else None


class Installations:
    """Those that this host may run. For what is in an image the configured one stands, which is to be the same."""

    def __init__(self, settings: DriverSettings) -> None:
        self._settings = settings
        self._files = ManagedFiles(settings.managed_dir)
        self._launcher = launcher_of(settings)
        self._configured = Installation(settings)
        #: By the path of the binary: which build it was, and what there was for it.
        self._others: dict[str, tuple[tuple[str, ...], Installation]] = {}

    def current(self) -> Installation:
        """Of the collectd that runs, and that would be started: the managed file says which.

        Of one whose binary is not there any more, what is known of it yet.
        """
        wanted = managed.program(self._files.read() or "")
        try:
            return self.of(wanted)
        except exception.ProgramUnfit as error:
            LOG.warning("The collectd that is to run here cannot be looked at: %s", error.detail)
            name = program.named(wanted, program.BINARY) or ""
            return self._others.get(name, ((), self._configured))[1]

    def of(self, wanted: Settings) -> Installation:
        """Of the collectd that these settings of :mod:`collectd_mgr.domain.program` name.

        :raises ProgramUnfit: it is none that could be managed
        """
        name = program.named(wanted, program.BINARY)
        if name is None or self._launcher is None or self._launcher.kind != program.BINARY:
            return self._configured
        stamp = build(Path(name))
        known, found = self._others.get(name, ((), self._configured))
        if known != stamp:
            there = self._launcher.build(name)
            found = Installation(replace(self._settings, binary=name, plugin_dir=there.plugin_dir))
            self._others[name] = stamp, found
        return found

    def check(self, wanted: Settings) -> None:
        """Ask the collectd that is wanted what it is, be it in an image. :raises ProgramUnfit: none to be run here"""
        if self._launcher is None:
            return
        name = program.named(wanted, self._launcher.kind) if wanted else self._launcher.configured
        if name is None:
            raise unfit(program.NAME, f"this host runs a collectd that is named by its {self._launcher.kind}")
        self._launcher.build(name)
