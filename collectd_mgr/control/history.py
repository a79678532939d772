# SPDX-License-Identifier: Apache-2.0
"""What was: operations and generations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from collectd_mgr.db import generations, hosts, operations
from collectd_mgr.db.engine import Database, Session, now, retried
from collectd_mgr.db.models import Generation, Operation
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.operations import FAILED, STATES
from collectd_mgr.domain.spec import Generation as Wanted
from collectd_mgr.domain.spec import HostSpec


def operation(database: Database, operation_id: str) -> Operation:
    """:raises OperationNotFound:"""
    with database.reader() as session:
        return operations.get(session, operation_id)


def operations_of(database: Database, filters: operations.Filters, paging: Paging) -> list[Operation]:
    """A page of operations. :raises BadRequest: for a marker that is none"""
    with database.reader() as session:
        return operations.listed(session, filters, paging)


def failed_attempt(database: Database, host: str) -> Operation | None:
    """The operation that failed last, where nothing was asked of the host since. :raises HostNotFound:"""
    with database.reader() as session:
        record = hosts.get(session, host, status=False)
        newest = generations.get(session, record, record.n)
        n = record.n if newest.outcome == FAILED and newest.rollback_of is None else newest.rollback_of
        return None if n is None else operations.failed(session, host, Wanted(record.epoch, n))


def prune(database: Database, kept: int) -> int:
    """Forget the oldest generations of each host, see :func:`collectd_mgr.db.generations.prune`; how many."""
    with database.reader() as session:
        crowded = generations.crowded(session, kept)
    return sum(_pruned(database, host_id, kept) for host_id in crowded)


@retried
def _pruned(database: Database, host_id: str, kept: int) -> int:
    with database.transaction() as connection:
        return generations.prune(connection, host_id, kept)


def purge(database: Database, details: float, records: float) -> int:
    """Forget errors and warnings of operations that were settled more than ``details`` seconds ago, and all of those
    settled more than ``records`` ago; how many times either was done."""
    ages = ((operations.purge, records), (operations.strip, details))
    return sum(_repeated(database, forget, now() - timedelta(seconds=age)) for forget, age in ages)


def _repeated(database: Database, forget: Callable[[Session, datetime], int], before: datetime) -> int:
    total = 0
    while gone := _forgotten(database, forget, before):
        total += gone
    return total


@retried
def _forgotten(database: Database, forget: Callable[[Session, datetime], int], before: datetime) -> int:
    with database.writer() as session:
        return forget(session, before)


def settled(row: Operation) -> bool:
    """Whether the outcome is known for good."""
    return STATES[row.state].final


def generations_of(database: Database, host: str, paging: Paging) -> list[Generation]:
    """A page of a host's generations. :raises HostNotFound, BadRequest:"""
    with database.reader() as session:
        return generations.listed(session, hosts.get(session, host), paging)


def generation(database: Database, host: str, n: int) -> tuple[Generation, HostSpec, HostSpec]:
    """A generation, its spec, and the spec before it (itself for the first). They hold secrets.

    :raises HostNotFound, GenerationNotFound:
    """
    with database.reader() as session:
        record = hosts.get(session, host)
        row = generations.get(session, record, n)
        before = generations.before(session, record.id, n) or row
        return row, generations.opened(database.seal, row), generations.opened(database.seal, before)
