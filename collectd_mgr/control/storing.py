# SPDX-License-Identifier: Apache-2.0
"""A change in the records: the host's next generation, and its operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control.edits import Desired, Edit, desired_of
from collectd_mgr.db import generations, hosts, operations
from collectd_mgr.db.engine import Database, Executor, now
from collectd_mgr.db.models import Host, Operation
from collectd_mgr.domain.spec import Generation, HostSpec

#: Raises what forbids a change of this host.
Check = Callable[[Host, Desired], None]

#: Stores something else of the host in the transaction of a change.
Also = Callable[[Executor, Host], None]


@dataclass(frozen=True)
class Asked:
    """What is asked for, and by whom.

    :param check: raises what forbids the change
    :param expected: the generation that the user saw; None takes whatever there is
    :param also: stores what belongs to it and is in no generation
    """

    edit: Edit
    origin: generations.Origin
    check: Check
    expected: Generation | None = None
    also: Also | None = None


#: The host as it was read, the operation, and the spec that was stored.
Stored = tuple[Host, Operation, HostSpec]


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
    return host, operations.add(connection, host.name, spec.generation, host.n, asked.origin), spec


def _is_at_work(host: Host, at: datetime) -> bool:
    """Whether somebody sends the host's newest generation, and does not know yet what becomes of it."""
    return host.settled < host.n and host.claimed_until is not None and host.claimed_until > at


def check_expected(host: Host, expected: Generation | None) -> None:
    """:raises StaleGeneration: when the user saw another generation; an empty epoch stands for any"""
    if expected is None or (expected.n == host.n and expected.epoch in ("", host.epoch)):
        return
    current: dict[str, Any] = Generation(host.epoch, host.n).to_dict()
    raise exception.StaleGeneration(f"{host.name} is at generation {host.n}.", generation=current)
