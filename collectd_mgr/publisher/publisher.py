# SPDX-License-Identifier: Apache-2.0
"""All that a host says of its own accord: put together, and its threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import sections, spool
from collectd_mgr.domain.events import About
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spec import Layer
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher import events
from collectd_mgr.publisher.courier import Courier
from collectd_mgr.publisher.ends import Ends
from collectd_mgr.publisher.events import Events
from collectd_mgr.publisher.feeder import Feeder, Read
from collectd_mgr.publisher.losses import Losses
from collectd_mgr.publisher.replay import Replay
from collectd_mgr.publisher.ring import Ring
from collectd_mgr.publisher.sampler import Sampler, SampleSender
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.publisher.taken import Taken
from collectd_mgr.publisher.watch import Watch
from collectd_mgr.rpc.identity import Identity
from collectd_mgr.rpc.notifications import Sender
from collectd_mgr.rpc.telemetry import Telemetry
from collectd_mgr.rpc.transport import Outlet

LOG = logging.getLogger(__name__)

#: What collectd counts of its write queue, and how it is shown.
_WRITE_QUEUE = "/collectd-write_queue/"
_COUNTED = {"queue_length": "queue_length", "derive-dropped": "dropped"}

Job = Callable[[threading.Event], None]

#: Between two looks at how large the spools may be, in seconds.
_MOMENT = 1.0

#: The reader of a spool that brings it to Ceilometer.
_TELEMETRY = "telemetry"


@dataclass(frozen=True)
class Outlets:
    """Where to, and in whose name.

    :param lasting: to the conductors
    :param telemetry: to Ceilometer, ``None`` where it is not wanted
    :param project: the project that events and samples belong to
    :param identity: signs what goes to the conductors
    """

    host: str
    lasting: Outlet
    telemetry: Outlet | None = None
    project: str = ""
    identity: Identity | None = None


@dataclass(frozen=True)
class Sources:
    """What is read: the daemon's notifications and values, the settings of a section that are in force, whether those
    are ``known`` (an agent that has lost its memory has to be told them again), and how the daemon calls its host.
    """

    notifications: Read
    values: Callable[[Query], Page]
    section: Callable[[str], Settings]
    known: Callable[[], bool] = lambda: True
    hostname: Callable[[], str] = lambda: ""


class Publisher:
    """One of an agent.

    :param directory: of the spools
    :param size: of the spool of notifications, and of that of samples, in bytes; unless the host's settings say another
    """

    def __init__(self, directory: Path, size: int, outlets: Outlets, sources: Sources) -> None:
        self._size = size
        self._sources = sources
        self._said = Spool(directory / "notifications", self._limit(), lasting=True)
        self._measured = Spool(directory / "samples", self._limit())
        self._losses = losses = Losses(directory / "losses.json")
        self._ends = Ends(Spool(directory / "leases", LEAST), About(outlets.host, outlets.project), losses)
        self._feeder = Feeder(sources.notifications, self._said, lambda: sources.section(sections.MUTES), losses)
        watch = partial(Watch, sources.values)
        sampled, kept = (Taken(directory / f"{what}.taken") for what in ("samples", "ring"))
        self._sampler = Sampler(
            watch(self._samples, taken=sampled), self._measured, outlets.host, losses, sources.hostname
        )
        settings = self._ring_settings
        self._ring = Ring(watch(settings, taken=kept), directory / "ring", settings, losses=losses, known=sources.known)
        self._replay = Replay(
            directory / "replay.json",
            self._ring.read,
            lambda page: self._sampler.put(page.rows, rates=True),
            lambda: self._waiting(self._measured),
            losses,
        )
        #: Whether anybody would take samples.
        self.publishes = outlets.telemetry is not None
        self._sender: Courier | None = None
        self.jobs: list[Job] = [*self._couriers(outlets), self._feeder.run, self._sampler.run, self._ring.run]
        self.jobs += [self._keep_house, *([self._replay.run] if self.publishes else [])]

    def _samples(self) -> Settings:
        """Of which samples are taken: none, where nobody would take them."""
        return self._sources.section(sections.SAMPLES) if self.publishes else {}

    def _ring_settings(self) -> Settings:
        return self._sources.section(sections.RING)

    def _couriers(self, outlets: Outlets) -> list[Job]:
        sender = Sender(outlets.lasting, outlets.host, outlets.identity)
        to_conductors = self._said.reader("conductors")
        jobs: list[Job] = [Courier(to_conductors, lambda entries: sender.send(events.rows(entries))).run]
        if outlets.telemetry is None:
            self._said.forget(_TELEMETRY)
        else:
            bus, about = outlets.telemetry, About(outlets.host, outlets.project)
            said = Events(Telemetry(bus, outlets.host), about)
            measured = SampleSender(Telemetry(bus, outlets.host), about)
            jobs.append(Courier(self._said.reader(_TELEMETRY), said.send).run)
            # An entry is a message already.
            self._sender = Courier(self._measured.reader(_TELEMETRY), measured.send, batch=1)
            jobs.append(self._sender.run)
            jobs.append(self._ends.courier(Telemetry(bus, outlets.host)).run)
        return jobs

    def _keep_house(self, stop: threading.Event) -> None:
        while not stop.wait(_MOMENT):
            self._losses.save()
            try:
                self._resize()
            except Exception:
                LOG.exception("The spools could not be brought to the size that is set.")

    def _resize(self) -> None:
        limit = self._limit()
        for each in (self._said, self._measured):
            if each.limit != limit:
                each.resize(limit)

    def _limit(self) -> int:
        return spool.size(self._sources.section(sections.SPOOL)) or self._size

    def lease_ended(self, layer: Layer) -> None:
        """Have it told that the lease of a layer is over, where anybody would hear it. Safe to repeat."""
        if self.publishes:
            self._ends.tell(layer)

    def sentences(self) -> tuple[str, ...]:
        """What is asked for and not done here, for the status."""
        if self.publishes or not self._sources.section(sections.SAMPLES):
            return ()
        return (
            "Samples are chosen, and this agent publishes none: [oslo_messaging_notifications] has no driver "
            "messagingv2 there, or no topics.",
        )

    def recent(self, query: RingQuery) -> Page:
        """A page of the values in the ring."""
        return self._ring.read(query)

    def publish(self, query: RingQuery) -> int:
        """Have what the ring holds published as samples, bit by bit; how many such orders there are by now.

        Not safe to repeat: they go twice.

        :raises NotCapable: nobody would take them
        :raises Busy: too many orders wait
        """
        if not self.publishes:
            raise exception.NotCapable(
                "The agent publishes no samples: [oslo_messaging_notifications] driver is not messagingv2.",
                capability="samples",
                driver="",
            )
        return self._replay.ask(query)

    def kept(self) -> int:
        """Messages with samples that wait because the bus is away."""
        if self._sender is None or not self._sender.away:
            return 0
        return self._waiting(self._measured)

    @staticmethod
    def _waiting(kept: Spool) -> int:
        """Messages for Ceilometer that the bus does not have yet."""
        return int(kept.facts()["readers"][_TELEMETRY]["waiting"])

    def facts(self) -> dict[str, Any]:
        """How full it is, and what this agent and those before it have lost: see :meth:`Spool.facts`.

        ``dropped_by_daemon`` never reached the agent, and ``cut_off`` times collectd died with nobody knows what;
        ``not_finite`` values were no numbers, the disk had no room for those that are ``lost``; ``publishing`` are
        orders, and so are the ``failed`` ones.
        """
        return {
            "notifications": {
                **self._said.facts(),
                "dropped_by_daemon": self._feeder.dropped,
                "cut_off": self._feeder.cut_off,
            },
            "samples": {
                **self._measured.facts(),
                "not_finite": self._sampler.dropped,
                "lost": self._sampler.lost,
                "published": self.publishes,
            },
            "leases": self._ends.facts(),
            "ring": {**self._ring.facts(), "publishing": self._replay.orders, "failed": self._replay.failed},
            "collectd": self._queue(),
        }

    def _queue(self) -> dict[str, float | None] | None:
        """The write queue of collectd; None where it does not count itself (CollectInternalStats)."""
        try:
            rows = self._sources.values(Query(plugin="collectd")).rows
        except exception.CollectdMgrError:
            return None
        found = {row["id"].rpartition("/")[2]: row["values"][0]["value"] for row in rows if _WRITE_QUEUE in row["id"]}
        return {shown: found.get(name) for name, shown in _COUNTED.items()} if found else None

    def sync(self) -> None:
        """Have everything on the disk."""
        for each in (self._said, self._measured):
            each.sync()
        self._losses.save()
