# SPDX-License-Identifier: Apache-2.0
"""Requests that had met in one generation are told apart: each is tried alone when that generation has failed.

Each function works within the caller's transaction, and may be repeated.
"""

from __future__ import annotations

from dataclasses import replace

from collectd_mgr import exception
from collectd_mgr.control import buffer
from collectd_mgr.control.edits import Desired, desired_of
from collectd_mgr.control.request import Request
from collectd_mgr.db import generations, hosts, operations
from collectd_mgr.db.engine import Again, Session
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.models import Host, Operation
from collectd_mgr.db.operations import Brief
from collectd_mgr.db.sealing import Seal
from collectd_mgr.domain.operations import FAILED, QUEUED, SUPERSEDED
from collectd_mgr.domain.sections import NAMES, PROGRAM, REPLACE
from collectd_mgr.domain.spec import Generation

#: The actions that set what they name, or parts of it, whatever it was before.
_SETS = ("set", "update", "unset")


def is_alone(session: Session, seal: Seal, host: Host, row: Brief) -> bool:
    """Whether nothing was new in the generation that an operation wants but what this one asked for.

    The mode counts for nothing: it cannot be what failed. What is forgotten has the content of any.
    """
    good = generations.last_good_before(session, host.id, row.wanted.n) or 0
    before, known = (_desired(session, seal, host, n) for n in (row.from_n, good))
    return before is None or known is None or _settings(before) == _settings(known)


def _settings(desired: Desired) -> str:
    """A digest of all but the mode."""
    return replace(desired, mode=None).spec(Generation("", 0)).digest()


def is_held(session: Session, seal: Seal, host: Host, row: Brief, n: int) -> bool:
    """Whether all that an operation asked for is in generation ``n`` too."""
    desired = _desired(session, seal, host, n)
    return desired is not None and _request(session, seal, host, operations.get(session, row.id)).is_held_by(desired)


def waiting(session: Session, host: Host, n: int) -> list[Brief]:
    """The host's open operations up to generation ``n``, in the order in which they are to be tried."""
    return [row for row in operations.open_of(session, host.name) if row.wanted.n <= n]


def queue(session: Session, rows: list[Brief]) -> None:
    for row in rows:
        if row.state != QUEUED:
            operations.move(session, row, QUEUED)


def take_next(session: Session, seal: Seal, host: Host) -> None:
    """Make a generation of what the first of the queued operations asked for, on top of the newest; if there is one.

    Not when somebody else moves the host meanwhile: then that is settled first.

    :raises Again: somebody has moved it since this transaction began, and it does not see to what (MariaDB)
    """
    rows = [row for row in operations.open_of(session, host.name) if row.state == QUEUED]
    if not rows:
        return
    session.refresh(host, ("n", "claimed_until"))
    newest = generations.found(session, host.id, host.n)
    if newest is None:
        raise Again
    now = desired_of(generations.opened(seal, newest))
    for row in rows:
        operation = operations.get(session, row.id)
        if generations.found(session, host.id, operation.to_n) is None:
            # It asked for what is forgotten, which is not the same as nothing.
            gone = exception.GenerationNotFound(
                f"Generation {operation.to_n} was forgotten before it had its turn.", host=host.name, n=operation.to_n
            )
            operations.move(session, row, FAILED, error=gone.to_dict())
            continue
        request = _request(session, seal, host, operation)
        if not request.is_action() and operations.asked_later(session, operation):
            operations.move(session, row, SUPERSEDED)
            continue
        new = Generation(host.epoch, host.n + 1)
        if hosts.advance(session, host, new.n, claimed_until=host.claimed_until):
            generations.add(session, seal, host.id, request.on(now).spec(new), _origin(operation))
            operations.again(session, row, new, host.n)
            session.refresh(host, ("n",))
        return


def _request(session: Session, seal: Seal, host: Host, operation: Operation) -> Request:
    """Where what it was made on is forgotten, all that it holds counts as asked for."""
    after = _desired(session, seal, host, operation.to_n) or Desired()
    before = _desired(session, seal, host, operation.from_n) or Desired()
    whole = operation.expires_in is None
    section, _, verb = operation.action.rpartition(".")
    if whole and operation.plugin and verb in _SETS:
        parts = tuple(filter(None, operation.parts.split(",")))
        return Request(before, after, plugin=operation.plugin, parts=parts)
    if whole and operation.setting and (section or PROGRAM) in NAMES:
        return Request(before, after, settings=((section or PROGRAM, operation.setting),))
    if verb == REPLACE and section in NAMES:
        return Request(before, after, section=section)
    if whole and operation.action == buffer.ACTION:
        return Request(before, after, settings=tuple(buffer.SETTINGS.values()))
    return Request(before, after, everything=operation.action == "revert")


def _desired(session: Session, seal: Seal, host: Host, n: int) -> Desired | None:
    row = generations.found(session, host.id, n)
    return None if row is None else desired_of(generations.opened(seal, row))


def _origin(operation: Operation) -> Origin:
    """Of the generation in which it is tried again."""
    names = ("action", "plugin", "user", "project", "request_id", "reason", "setting", "expires_in")
    return Origin(**{name: getattr(operation, name) for name in names})
