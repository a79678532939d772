# SPDX-License-Identifier: Apache-2.0
"""All that a host says of its own accord: put together, and its threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectd_mgr.domain import sections
from collectd_mgr.domain.sections import Settings
from collectd_mgr.publisher import events
from collectd_mgr.publisher.courier import Courier
from collectd_mgr.publisher.events import Events
from collectd_mgr.publisher.feeder import Feeder, Read
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.rpc.notifications import Sender

Job = Callable[[threading.Event], None]


@dataclass(frozen=True)
class Outlets:
    """Where to, and in whose name.

    :param lasting: the transport to the conductors
    :param telemetry: the transport to Ceilometer, ``None`` where it is not wanted
    :param project: the project that events and samples belong to
    """

    host: str
    lasting: Any
    telemetry: Any = None
    project: str = ""


class Publisher:
    """One of an agent.

    :param directory: of the spools
    :param size: of each of them, in bytes
    :param read: the daemon's notifications
    :param section: the settings of a section that are in force
    """

    def __init__(
        self, directory: Path, size: int, outlets: Outlets, read: Read, section: Callable[[str], Settings]
    ) -> None:
        self._spool = Spool(directory / "notifications", size)
        self._feeder = Feeder(read, self._spool, lambda: section(sections.MUTES))
        sender = Sender(outlets.lasting, outlets.host)
        to_conductors = self._spool.reader("conductors")
        self.jobs: list[Job] = [Courier(to_conductors, lambda entries: sender.send(events.rows(entries))).run]
        if outlets.telemetry is not None:
            telemetry = Events(outlets.telemetry, outlets.host, outlets.project)
            self.jobs.append(Courier(self._spool.reader("telemetry"), telemetry.send).run)
        self.jobs.append(self._feeder.run)

    def facts(self) -> dict[str, Any]:
        """How full it is, and what was lost: see :meth:`Spool.facts`; ``dropped_by_daemon`` never reached the agent."""
        return {"notifications": {**self._spool.facts(), "dropped_by_daemon": self._feeder.dropped}}

    def sync(self) -> None:
        """Have everything on the disk."""
        self._spool.sync()
