# SPDX-License-Identifier: Apache-2.0
"""A change in the records: the host's next generation, and its operation."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control.edits import Desired, Edit, desired_of
from collectd_mgr.db import generations, hosts, operations
from collectd_mgr.db.engine import Database, Executor, now, retried_as
from collectd_mgr.db.models import Host, Operation
from collectd_mgr.domain.spec import Generation, HostSpec

#: How often a change without an expected generation is made anew, when others change the host at the same moment.
ATTEMPTS = 20

#: Seconds between two looks at a host that somebody else is at work on.
_FIRST, _LONGEST = 0.005, 0.05

#: Raises what forbids a change of this host.
Check = Callable[[Host, Desired], None]

#: Stores something else of the host in the transaction of a change.
Also = Callable[[Executor, Host], None]


@dataclass(frozen=True)
class Asked:
    """What is asked for, and by whom: of each host once.

    :param check: raises what forbids the change
    :param expected: the generation that the user saw; None takes whatever there is
    :param also: stores what belongs to it and is in no generation
    """

    edit: Edit
    origin: generations.Origin
    check: Check
    expected: Generation | None = None
    also: Also | None = None
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    def operation(self, host: str) -> str:
        """The id of its operation there, known beforehand: what is stored though nobody heard so is found by it."""
        return str(uuid.uuid5(self.id, host))


#: The host as it was read, the operation, and the spec that was stored.
Stored = tuple[Host, Operation, HostSpec]


def stored(database: Database, name: str, asked: Asked, until: datetime, turn: float) -> Stored:
    """Store it in a transaction of its own, and anew when others change the host at the same moment.

    :param until: the caller sends it himself, by then
    :param turn: for so many seconds somebody else who is at work on the host may finish that
    :raises HostNotFound, StaleGeneration: and what ``asked.check`` raises; nothing is stored
    """
    left, pause, patient = ATTEMPTS, _FIRST, now() + timedelta(seconds=turn)
    found = _try(database, name, asked, until, patient)
    while found is None and left:
        left -= now() >= until
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST)
        found = _try(database, name, asked, until, patient, again=True)
    if found is None:
        raise exception.StaleGeneration(f"{name} is being changed by others all the time.")
    return found


@retried_as(again=True)
def _try(
    database: Database, name: str, asked: Asked, until: datetime, patient: datetime, again: bool = False
) -> Stored | None:
    if again and known(database, [name], asked):
        with database.reader() as session:
            host, row = hosts.get(session, name), operations.get(session, asked.operation(name))
            return host, row, generations.opened(database.seal, generations.get(session, host, row.to_n))
    with database.transaction() as connection:
        return store(database, connection, name, asked, until, patient)


def known(database: Database, names: Collection[str], asked: Asked) -> dict[str, str]:
    """The operations that an earlier try has stored, by host, though the answer to its commit was lost."""
    ids = {asked.operation(name): name for name in names}
    with database.reader() as session:
        return {ids[each]: each for each in operations.known(session, ids)}


def store(
    database: Database, connection: Executor, name: str, asked: Asked, until: datetime, patient: datetime | None = None
) -> Stored | None:
    """Store it in the caller's transaction; None when somebody else changed the host since it was read.

    :param until: the caller sends it himself, by then
    :param patient: None as well while somebody else is at work on the host, until then: a change is best made on what
        is known to be good
    :raises HostNotFound, StaleGeneration: and what ``asked.check`` raises; nothing is stored
    """
    host, sealed = hosts.newest(connection, name)
    desired = desired_of(generations.unsealed(database.seal, sealed))
    check_expected(host, asked.expected)
    asked.check(host, desired)
    at = now()
    if patient is not None and at < patient and _is_at_work(host, at):
        return None
    spec = asked.edit(desired).spec(Generation(host.epoch, host.n + 1))
    if not hosts.advance(connection, host, spec.generation.n, claimed_until=until):
        return None
    generations.add(connection, database.seal, host.id, spec, asked.origin)
    if asked.also is not None:
        asked.also(connection, host)
    row = operations.add(connection, asked.operation(name), host.name, spec.generation, host.n, asked.origin)
    return host, row, spec


def _is_at_work(host: Host, at: datetime) -> bool:
    """Whether somebody sends the host's newest generation, and does not know yet what becomes of it."""
    return host.settled < host.n and host.claimed_until is not None and host.claimed_until > at


def check_expected(host: Host, expected: Generation | None) -> None:
    """:raises StaleGeneration: when the user saw another generation; an empty epoch stands for any"""
    if expected is None or (expected.n == host.n and expected.epoch in ("", host.epoch)):
        return
    current: dict[str, Any] = Generation(host.epoch, host.n).to_dict()
    raise exception.StaleGeneration(f"{host.name} is at generation {host.n}.", generation=current)
