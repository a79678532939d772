# SPDX-License-Identifier: Apache-2.0
"""Who runs collectd: this agent, systemd, or somebody else."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

from collectd_mgr import exception
from collectd_mgr.drivers.launcher import Launcher
from collectd_mgr.drivers.process import Process


class Daemon(abc.ABC):
    """The one collectd of this host, as it can be found, started and stopped."""

    #: Why it cannot be started and stopped from here; ``None`` when it can.
    hands_off: str | None = None

    #: Why there can be no second process beside the one that runs, to take its place; ``None`` when there can.
    alone: str | None = "Nobody but the agent starts a second collectd: it is none of the agent's."

    #: How the agent itself starts it; ``None``: whoever starts it says which program that is.
    launcher: Launcher | None = None

    @abc.abstractmethod
    def find(self) -> Process | None:
        """The process that runs now, whoever started it; ``None`` when none does."""

    @abc.abstractmethod
    def start(self) -> Process:
        """Start it; the one that runs already is given back instead. It need not be ready yet.

        :raises DaemonNotStarted: no process came of it
        """

    @abc.abstractmethod
    def stop(self) -> bool:
        """End it and wait for the end; whether it ended by itself when asked. Safe to repeat."""

    def check_alone(self) -> None:  # noqa: B027 - where others start it, there may be one
        """:raises DaemonNotStarted: it does not run, and a collectd that is not ours has its configuration"""

    def launch(self, config_file: str) -> Process:
        """Start another one beside it, with a configuration of :func:`.instance.place`; it is not the daemon yet.

        :raises DaemonNotStarted: no process came of it
        :raises NotCapable: the new one cannot be given what the other one has
        """
        raise exception.DaemonNotStarted(self.alone or "", messages=[])

    def obstacle(self, status: Mapping[str, Any]) -> str | None:
        """Why the one that runs, of this status, can have no second one beside it; ``None`` when it can."""
        return None

    def entrust(self, process: Process) -> None:  # noqa: B027 - most have nobody to tell
        """Whoever watches over the daemon watches over one that was launched from now on; the one before runs yet.

        :raises CollectdMgrError: they do not take it, or may not have
        """

    def relieved(self) -> Sequence[Process]:
        """Those that run yet, though another one was put in their place for whoever watches over the daemon."""
        return ()

    def adopt(self, process: Process) -> bool:
        """One that was launched is the daemon from now on; the one before has ended. Safe to repeat.

        :returns: whether that is news
        """
        raise exception.DaemonNotStarted(self.alone or "", messages=[])

    def launched(self) -> dict[str, Process]:
        """Every process that was launched, be it the daemon by now or not, by its configuration."""
        return {}

    def programs(self) -> tuple[str, ...]:
        """The programs that its processes may be of, where it is known which it was started with."""
        return ()

    def ended_by_somebody(self) -> int | None:
        """The pid of the process that ran last, where it is known to have been made to end, rather than to have died.

        To be asked when none runs.
        """
        return None

    def tend(self) -> None:  # noqa: B027 - most have nothing to do
        """Called with every look at the daemon; cheap."""

    @abc.abstractmethod
    def messages(self) -> tuple[str, ...]:
        """What the process that was started last has logged so far, as far as it can be known here."""
