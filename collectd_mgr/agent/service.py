# SPDX-License-Identifier: Apache-2.0
"""The agent as a service: its parts put together, and its threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from collectd_mgr.agent import boots, faults, origin
from collectd_mgr.agent.allowlist import Allowlist
from collectd_mgr.agent.applier import Applier
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.clock import Clock
from collectd_mgr.agent.crash import Crash
from collectd_mgr.agent.endpoint import AgentEndpoint
from collectd_mgr.agent.explain import Explain
from collectd_mgr.agent.freshness import Sweep
from collectd_mgr.agent.journal import Journal
from collectd_mgr.agent.keeper import Keeper
from collectd_mgr.agent.memory import MemoryFile
from collectd_mgr.agent.mode import ModeSwitch
from collectd_mgr.agent.picture import Picture
from collectd_mgr.agent.preflight import Preflight
from collectd_mgr.agent.reach import Reach
from collectd_mgr.agent.reads import Reads
from collectd_mgr.agent.reporter import Reporter
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.agent.state import State
from collectd_mgr.agent.time_sources import base as time_sources
from collectd_mgr.domain import mode
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import Driver
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.trial import Trials
from collectd_mgr.publisher.publisher import Outlets, Publisher, Sources
from collectd_mgr.rpc import agent as rpc_agent
from collectd_mgr.rpc import identity
from collectd_mgr.rpc.heard import Heard
from collectd_mgr.rpc.signing import Verifier
from collectd_mgr.rpc.status import StatusNotifier
from collectd_mgr.rpc.transport import Outlet

LOG = logging.getLogger(__name__)


#: The threads of the publisher come after these. It may be killed at any moment, and waits for bus and daemon.
_WAITED_FOR = 4


class AgentService:
    """One agent. ``start`` once, ``stop`` once; collectd goes on when it stops.

    :param lasting: for what must not be lost, where that is another transport than ``notifications``
    :param telemetry: for Ceilometer, where it is wanted
    """

    def __init__(
        self,
        settings: AgentSettings,
        drivers: Sequence[Driver],
        rpc: Any,
        notifications: Any,
        fault: faults.Fault = faults.none,
        lasting: Outlet | None = None,
        telemetry: Outlet | None = None,
    ) -> None:
        whose = account(settings.daemon.user)
        whose.pass_through(Path(settings.state_dir))
        # Where the extension will listen: below /run, which is empty after a boot.
        whose.seat(Path(settings.daemon.socket))
        self._settings = settings
        self._rpc = rpc
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server: Any = None
        self._ladder = Ladder(drivers)
        self._journal = Journal(settings.state_dir, fault)
        self.reach = Reach(
            lambda: self.state.goal(self.state.memory.current),
            lambda: self.state.origin.interval,
            sources=self._ladder.sources,
            path=Path(settings.state_dir) / "reach.json",
        )
        self._sweep = sweep = Sweep(
            self._ladder, lambda: self.state.mode().mode != mode.OFF, settings.state_dir, self.reach
        )
        # By a name that an operator gives to no list of theirs: the copy takes the place of what is there.
        last = Path(settings.state_dir) / "allowlist.last.toml"
        self.allowlist = Allowlist(
            settings.allowlist_file, sweep.metrics, settings.daemon.program, last, lambda: sweep.rate
        )
        self.state = _state(settings, self.allowlist)
        self._heard = Heard(Path(settings.state_dir) / "heard")
        self.verifier = Verifier(
            settings.host, settings.trusted_keys_file, settings.require_signature, heard=self._heard
        )
        self._identity = identity.of_host(settings.state_dir)
        carrier = Carrier(self._ladder, self.state, self._journal, fault)
        carrier.installed = lambda: {row["plugin"].lower() for row in sweep.installed}
        crash = Crash(self.state, carrier, fault)
        self.applier = Applier(self.state, carrier, crash, fault)
        self.keeper = keeper = Keeper(settings, self.state, carrier, crash)
        self.state.notices = lambda: (
            *self.verifier.sentences(),
            *keeper.sentences(),
            *self.reach.sentences,
            *self.publisher.sentences(),
        )
        picture = Picture(settings.host, self.state, self._ladder, sweep, boots.begin(settings.state_dir))
        notifier = StatusNotifier(notifications, settings.host, self._identity)
        self.reporter = Reporter(picture, sweep, notifier, settings.heartbeat_interval)
        self.state.changed = self.reporter.wake
        self.clock = Clock(self.state, self._ladder, settings.clock, time_sources.load(settings.clock))
        self._trials = Trials(settings.daemon)
        preflight = Preflight(self.state, carrier, sweep, self._trials, self.allowlist)
        reads = Reads(self.state, self._ladder, sweep.absent)
        outlets = Outlets(settings.host, lasting or Outlet(notifications), telemetry, settings.project, self._identity)
        spools = Path(settings.state_dir) / "spool"
        sources = Sources(reads.notifications, reads.values, self.state.section, self.state.knows, sweep.called)
        self.publisher = Publisher(spools, settings.spool_size, outlets, sources)
        self.state.ended = self.publisher.lease_ended
        publishes, kept = self.publisher.publishes, self.publisher.kept
        explain = Explain(self.state, self._ladder, picture, reads, self.allowlist, publishes, kept)
        self.endpoint = AgentEndpoint(
            self.applier, self.reporter, reads, self.clock, explain, preflight, self.publisher
        )

    def start(self) -> None:
        """Bring the daemon back to what is remembered, then take orders. Does not wait for the bus."""
        self._trials.clear()
        self.keeper.recover(self.applier, self._journal)
        self._sweep.refresh()
        for job in (self._serve, self.keeper.run, self.reporter.run, self.reporter.live, *self.publisher.jobs):
            self._threads.append(self._thread(job))

    def stop(self) -> None:
        """End the threads, when what is under way is done. Safe to repeat."""
        self._stop.set()
        self.reporter.wake()
        if self._server is not None:
            self._server.stop()
            self._server.wait()
        for thread in self._threads[:_WAITED_FOR]:
            thread.join(timeout=10)
        self.publisher.sync()
        self._sweep.absent.save()
        self.keeper.close()
        self._ladder.close()
        self._heard.close()

    def _serve(self, _stop: threading.Event) -> None:
        """oslo.messaging waits here for a bus that is away, for as long as it takes."""
        server = rpc_agent.server(self._rpc, self._settings.host, self.endpoint, self.verifier, self._identity)
        server.start()
        self._server = server

    def _thread(self, job: Callable[[threading.Event], None]) -> threading.Thread:
        thread = threading.Thread(target=job, args=(self._stop,), name=job.__qualname__, daemon=True)
        thread.start()
        return thread


def _state(settings: AgentSettings, allowlist: Allowlist) -> State:
    daemon = settings.daemon
    return State(
        MemoryFile(settings.state_dir),
        ModeSwitch(settings.mode_file, settings.mode),
        lambda last: origin.read(daemon.config_file, daemon.managed_dir, last),
        allowlist,
    )
