# SPDX-License-Identifier: Apache-2.0
"""One change of many hosts: stored whole or not at all, then sent to all of them at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectd_mgr import exception
from collectd_mgr.control.hosts import HostControl, check_let_in, log
from collectd_mgr.control.storing import ATTEMPTS, Asked, known, store
from collectd_mgr.db import operations
from collectd_mgr.db.engine import Database, now, retried_as
from collectd_mgr.db.models import Operation

LOG = logging.getLogger(__name__)

#: Hosts that are sent to at once.
_SENDERS = 16

#: How long one host is waited for, and all of them, in seconds; a conductor sends to those that are slower.
WAIT, _PATIENCE = 1.0, 10.0


@dataclass(frozen=True)
class Result:
    """What became of it on one host: its operation, the error that forbade it, or both where the host refused it."""

    host: str
    operation: Operation | None = None
    error: exception.CollectdMgrError | None = None


def change(control: HostControl, names: Iterable[str], asked: Asked, wait: float = WAIT) -> list[Result]:
    """Change all of these hosts that may be changed, in one transaction; then send, and wait for a while.

    A caller that is killed leaves nothing half done: before the transaction ends nothing is stored, and after it the
    conductors send what is not settled.

    :param wait: for the answer of each host, in seconds
    :raises StaleGeneration: others change these hosts all the time; DatabaseUnreachable; nothing is stored then
    """
    until = now() + timedelta(seconds=_PATIENCE)
    stored, errors = _stored(control.database, sorted(names), asked, until)
    _send(control, stored, asked.origin.request_id, until, wait)
    with control.database.reader() as session:
        done = {name: operations.get(session, operation) for name, operation in stored.items()}
    for row in done.values():
        log(row)
    found = [Result(name, error=error) for name, error in errors.items()]
    found += [Result(name, row, _refusal(row)) for name, row in done.items()]
    return sorted(found, key=lambda result: result.host)


_Stored = tuple[dict[str, str], dict[str, exception.CollectdMgrError]]


class _Overtaken(Exception):
    """Somebody else changed one of the hosts since it was read."""


def _stored(database: Database, names: list[str], asked: Asked, until: datetime) -> _Stored:
    for attempt in range(ATTEMPTS):
        try:
            return _store(database, names, asked, until, again=attempt > 0)
        except _Overtaken:
            continue
    raise exception.StaleGeneration("These hosts are being changed by others all the time.")


@retried_as(again=True)
def _store(database: Database, names: list[str], asked: Asked, until: datetime, again: bool = False) -> _Stored:
    """The ids of the operations, and what forbids the change, each by host."""
    stored = known(database, names, asked) if again else {}
    errors: dict[str, exception.CollectdMgrError] = {}
    with database.transaction() as connection:
        for name in [name for name in names if name not in stored]:
            try:
                found = store(database, connection, name, asked, until)
            except exception.DatabaseUnreachable:
                raise
            except exception.CollectdMgrError as error:
                errors[name] = error
                continue
            if found is None:
                raise _Overtaken
            stored[name] = found[1].id
    return stored, errors


def _send(control: HostControl, stored: Mapping[str, str], request_id: str, until: datetime, wait: float) -> None:
    deadline = time.monotonic() + _PATIENCE

    def send(name: str) -> None:
        left = deadline - time.monotonic()
        try:
            if left > 0:
                control.send(name, min(left, wait), request_id)
            control.release(name, until)
        except exception.CollectdMgrError as error:
            LOG.warning("%s is left to a conductor: %s", name, error.detail)

    with ThreadPoolExecutor(_SENDERS, "together") as pool:
        list(pool.map(send, stored))


def _refusal(row: Operation) -> exception.CollectdMgrError | None:
    try:
        check_let_in(row)
    except exception.RefusedByAgent as error:
        return error
    return None
