# SPDX-License-Identifier: Apache-2.0
"""The contract of a driver. ``collectd_mgr.testing.suite`` holds every driver to it.

Drivers are loaded by stevedore from the namespace ``collectd_mgr.drivers``; the agent
calls them from one thread at a time, except the reads, which come from many.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from typing import Any, ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import capabilities, managed, program
from collectd_mgr.domain.capabilities import Installed, Offer
from collectd_mgr.domain.difference import NONE, Difference
from collectd_mgr.domain.notifications import Batch, Notification, Position
from collectd_mgr.domain.plan import Change, Plan, Running
from collectd_mgr.domain.reads import Flush as Flush
from collectd_mgr.domain.reads import Page as Page
from collectd_mgr.domain.reads import Query as Query
from collectd_mgr.domain.spec import Goal

#: The entry point namespace.
NAMESPACE = "collectd_mgr.drivers"

_NOT_DECLARED = "The driver does not declare it."


@dataclass(frozen=True)
class DriverSettings:
    """What the agent's configuration says about the daemon; paths are absolute.

    :param daemon: who runs collectd: ``child`` (the agent starts it), ``podman`` (the agent starts it in a container of
        ``image`` by the name of ``container``, with the command ``podman`` and more ``podman_options``), ``systemd``
        (``unit``), ``commands`` (the operator's ``start_command`` and ``stop_command``; ``log_command`` prints what it
        logs) or ``attached`` (somebody else: it can be observed and changed live, not restarted)
    :param config_file: the operator's collectd.conf, which includes ``managed_dir``/``*.conf``
    :param user: who collectd runs as, where it is not the agent's own user
    :param self_metrics: whether the snippet for collectd.conf has the extension dispatch its own metrics
    :param state_dir: the agent's own directory: journal, memory, sockets, verdicts
    """

    host: str
    state_dir: str
    config_file: str
    managed_dir: str
    socket: str
    binary: str = "/usr/sbin/collectd"
    plugin_dir: str = "/usr/lib/collectd"
    daemon: str = "child"
    unit: str = "collectd.service"
    start_command: str = ""
    stop_command: str = ""
    log_command: str = ""
    image: str = ""
    container: str = "collectd"
    podman: str = "podman"
    podman_options: str = ""
    pid_file: str = ""
    user: str = ""
    self_metrics: bool = True
    start_timeout: float = 30.0
    stop_timeout: float = 30.0
    grace_timeout: float = 5.0
    ready_timeout: float = 60.0

    @property
    def program(self) -> dict[str, str]:
        """The collectd that is configured, as a setting of :mod:`collectd_mgr.domain.program`."""
        return {program.IMAGE: self.image} if self.daemon == "podman" else {program.BINARY: self.binary}

    @property
    def ours(self) -> bool:
        """Whether the agent is who starts collectd, and nobody else does."""
        return self.daemon in ("child", "podman")


@dataclass(frozen=True)
class Order:
    """One task for a driver: bring the daemon to ``goal`` by ``plan``, for ``request_id``."""

    goal: Goal
    plan: Plan
    request_id: str = ""
    #: (epoch, n) of the generation, as the daemon is told to remember it.
    generation: str = ""
    #: The plugins of which a new process reads something else in the operator's files than the one before.
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Applied:
    """What a driver did. ``running`` was observed afterwards, not derived from the order.

    :param gap: seconds in which nothing was read; None where there were none, or nothing had been read before
    """

    driver: str
    running: Running
    restarted: bool = False
    replaced: bool = False
    warnings: tuple[str, ...] = ()
    gap: float | None = None


@dataclass(frozen=True)
class Recovered:
    """What a driver found at the start of the agent; ``notes`` are sentences for the log and the status.

    ``replaced``: the daemon that runs has taken the place of another one without a gap, now or at any time before.
    """

    running: Running
    notes: tuple[str, ...] = field(default_factory=tuple)
    replaced: bool = False


class Driver(abc.ABC):
    """Brings a running daemon to a goal.

    A declared capability works; a change that is not declared, or is refused, raises before
    anything was touched. After :meth:`apply` returned, the daemon runs the goal and the
    configuration on disk gives the same after a restart of the daemon; after it raised,
    both are as they were before (or the error is ``daemon_died``, and the caller recovers).
    """

    name: ClassVar[str]

    @abc.abstractmethod
    def __init__(self, settings: DriverSettings) -> None:
        """Touches nothing yet: no file, no process, no socket."""

    def recover(self) -> Recovered:
        """Called once when the agent starts: end what a killed agent left half done. Safe to repeat.

        By default nothing is, because :meth:`apply` can begin from wherever it may have been killed.
        """
        return Recovered(self.observe())

    @abc.abstractmethod
    def offer(self) -> Offer:
        """What the driver can do now, and why not the rest. Cheap; called before each plan."""

    @abc.abstractmethod
    def installed(self) -> tuple[Installed, ...]:
        """The plugins of the collectd package on this host, in order of name."""

    @abc.abstractmethod
    def refusal(self, change: Change, running: Running) -> str | None:
        """Why this driver must not make the change on this daemon, as a sentence; ``None`` when it may."""

    @abc.abstractmethod
    def observe(self) -> Running:
        """The daemon as it is now; ``pid`` is ``None`` when none runs. Never raises for a dead daemon."""

    @abc.abstractmethod
    def apply(self, order: Order) -> Applied:
        """Make the changes of the order; see the class for what holds before and after.

        :raises CollectdMgrError: ``live_refused``, ``live_off``, ``busy``, ``plugin_not_loadable``,
            ``config_rejected``, ``daemon_not_started``, ``daemon_died``, ``daemon_unreachable``
        """

    def check(self, order: Order) -> None:
        """What can be said of an order without the daemon; for the beginning of :meth:`apply`.

        :raises NotCapable: a change is not declared, or refused
        :raises PluginNotLoadable: no such plugin is installed
        :raises BadConfig, BadGrammar: a configuration cannot be written in collectd's grammar
        """
        offer, running, there = self.offer(), self.observe(), {each.plugin for each in self.installed()}
        for change in order.plan:
            why = offer.missing.get(change.kind, _NOT_DECLARED) if change.kind not in offer.capabilities else None
            if why := why or self.refusal(change, running):
                raise exception.NotCapable(f"{change}: {why}", capability=change.kind, driver=self.name)
            if change.goal is not None and change.goal.enabled:
                if change.plugin not in there:
                    raise exception.PluginNotLoadable(plugin=change.plugin, message="There is no such plugin.")
                managed.plugin_text(change.plugin, change.goal)

    @abc.abstractmethod
    def at_next_start(self, goal: Goal, generation: str) -> None:
        """Have ``goal`` on the disk for the next process, whoever starts it; the one that runs is not touched.

        For a goal that was reached before: it is not judged again. Safe to repeat.
        """

    def start(self) -> None:  # noqa: B027 - who runs no daemon has none to start
        """Start a daemon that does not run, with what is on the disk for it, and write nothing. Safe to repeat.

        For when nothing can be written; :meth:`apply` is to be preferred. :raises DaemonNotStarted: it does not come up
        """

    def sync(self) -> None:  # noqa: B027 - most leave nothing open
        """Have on the disk what :meth:`apply` wrote: a failing machine may take it away until then. Safe to repeat."""

    def flaw(self) -> str | None:
        """What is wrong with what is on the disk for the next process, as a sentence; ``None`` for nothing. Cheap."""
        return None

    def difference(self, goal: Goal, generation: str) -> Difference:
        """From what is on the disk for the next process to ``goal``, secrets masked; or none.

        Cheap where nothing has changed since the last question.
        """
        return NONE

    def instances(self) -> tuple[int, ...]:
        """The pids of all daemons that run with the host's configuration; one, or none, when all is well."""
        return ()

    def release(self) -> bool:
        """Take away what a replacement has left at the output (:attr:`.Running.gate`), without a wait. Safe to repeat.

        :returns: whether it is gone
        """
        return True

    def metrics(self, query: Query) -> Page:
        """The identifiers in collectd's cache, by default those of the values. :raises NotCapable: when not declared"""
        page = self.values(query)
        rows = ({key: fact for key, fact in row.items() if key != "values"} for row in page.rows)
        return Page(tuple(rows), page.marker)

    def values(self, query: Query) -> Page:
        """The same with values and rates. :raises NotCapable: when not declared"""
        raise self._undeclared(capabilities.VALUES)

    def flush(self, flush: Flush, request_id: str) -> dict[str, Any]:
        """Ask collectd to flush. :raises NotCapable: when not declared

        :returns: ``{"plugins": [{"plugin", "callback", "outcome", "detail"}]}``: a row for each flush callback that
            was called, and for each plugin that has none; ``outcome`` is of :data:`.reads.OUTCOMES`. Safe to repeat.
        """
        raise self._undeclared(capabilities.FLUSH)

    def notifications(self, position: Position, limit: int, wait: float) -> Batch:
        """Those after ``position``, waiting up to ``wait`` seconds for the first; what it says is safe is forgotten.

        Safe to repeat. :raises NotCapable: when not declared
        """
        raise self._undeclared(capabilities.NOTIFICATIONS)

    def notify(self, notification: Notification, request_id: str) -> None:
        """Put one in, on the way that collectd's own take. :raises NotCapable: when not declared

        :raises BadRequest: collectd does not take it
        """
        raise self._undeclared(capabilities.NOTIFICATIONS)

    def _undeclared(self, capability: str) -> exception.NotCapable:
        return exception.NotCapable(f"{self.name} has no {capability}.", capability=capability, driver=self.name)

    def close(self) -> None:  # noqa: B027 - not everybody keeps something open
        """The agent ends; the daemon goes on (a ``child`` daemon too, to be found again). Safe to repeat."""
