# SPDX-License-Identifier: Apache-2.0
"""What the service itself has to tell Ceilometer: hosts that came or went, and operations that failed.

The records are compared with what was told last. So it does not matter who moved them and how, nothing is lost when
somebody is killed in between, and after an outage of the bus a host's latest state is told, not its history.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collectd_mgr.db import duties, untold
from collectd_mgr.db.engine import Database, Executor, now, retried
from collectd_mgr.db.hosts import UP
from collectd_mgr.db.models import Operation
from collectd_mgr.domain import events
from collectd_mgr.domain.events import About, Event

#: In one round.
_LIMIT = 200

#: How long a round is one conductor's own. Another begins later if that one was killed.
_TERM = timedelta(seconds=30)

#: What an operation is told by.
_FACTS = ("plugin", "action", "setting", "request_id")


@dataclass(frozen=True)
class News:
    """An event, and how the records learn that it was told."""

    event: Event
    mark: Callable[[Executor], None]


class Telling:
    """For one thread; ``project`` is whom the events belong to."""

    def __init__(self, database: Database, project: str) -> None:
        self._database = database
        self._project = project
        self._holder = str(uuid.uuid4())

    def news(self) -> list[News]:
        """What is to be told next, in its order; some of it, when there is much. It is the caller's then, for a while.

        Empty, too, while another conductor is at it.
        """
        # Seldom is there anything to tell, so a look comes before the write; after it the other may be done.
        return self._read() if self._read() and self._hold() else []

    @retried
    def told(self, news: News) -> None:
        """Safe to repeat. Somebody who is killed before it tells the same once more."""
        with self._database.transaction() as connection:
            news.mark(connection)

    @retried
    def _hold(self) -> bool:
        with self._database.transaction() as connection:
            return duties.hold(connection, duties.EVENTS, self._holder, now(), now() + _TERM)

    def _read(self) -> list[News]:
        with self._database.reader() as session:
            failed = [self._operation(row) for row in untold.operations(session, _LIMIT)]
            return [*failed, *(self._host(*row) for row in untold.hosts(session, _LIMIT))]

    def _host(self, name: str, state: str, heard: datetime | None) -> News:
        about, last = About(name, self._project), _seconds(heard or now())
        event = events.host_up(about, last) if state == UP else events.host_down(about, last, _seconds(now()))
        return News(event, functools.partial(untold.host_told, name=name, state=state))

    def _operation(self, row: Operation) -> News:
        facts = {name: getattr(row, name) for name in _FACTS}
        facts |= {"operation": row.id, "requester": row.user, "requester_project": row.project}
        about = About(row.host, self._project)
        event = events.operation_failed(about, _seconds(row.updated_at), row.error or {}, facts)
        return News(event, functools.partial(untold.operation_told, id_=row.id))


def _seconds(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()
