# SPDX-License-Identifier: Apache-2.0
"""A host and its record meet again: one of them is not where the other one left it.

Each function works within the caller's transaction, may be repeated, and takes reports in any order.
"""

from __future__ import annotations

import uuid

from collectd_mgr.control import settling
from collectd_mgr.db import generations, hosts, operations
from collectd_mgr.db.engine import Session
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.models import Generation as Stored
from collectd_mgr.db.models import Host
from collectd_mgr.db.sealing import Seal
from collectd_mgr.domain.operations import FAILED
from collectd_mgr.domain.spec import Generation
from collectd_mgr.domain.status import HostStatus

#: The action of a generation that goes on above one of the host that is not known here.
_OVERTAKE = "overtake"


def overtake(session: Session, seal: Seal, host: Host, theirs: Generation) -> bool:
    """The agent has ``theirs``, which this database does not know: desired goes on above it, content unchanged.

    In the same epoch with a larger ``n``, not the very next: to the agent this would be a change that somebody asks for
    now. A past epoch of the agent's needs a new one. False when somebody else moved the host meanwhile.
    """
    same = theirs.epoch == host.epoch
    new = Generation(host.epoch if same else uuid.uuid4().hex, max(host.n, theirs.n) + 2 if same else host.n + 1)
    origin = Origin(_OVERTAKE, reason=f"The host had taken up generation {theirs.n} of epoch {theirs.epoch}.")
    if not settling.renew(session, seal, host, new, host.n, origin):
        return False
    operations.want(session, host.name, Generation(host.epoch, host.n), new)
    return True


def overtake_once(session: Session, seal: Seal, host: Host, theirs: Generation) -> None:
    """The same of a number that was given again here: what is desired may lie above it, and be the very next."""
    if generations.get(session, host, host.n).action != _OVERTAKE:
        overtake(session, seal, host, theirs)


def is_anothers(session: Session, host: Host, status: HostStatus) -> bool:
    """Whether what the host has taken up is not what is stored here under its number: the database was restored.

    An agent of another release may tell the digest otherwise: no more is made of that than to go on above, once.
    """
    theirs = status.generation
    if theirs is None or theirs.epoch != host.epoch:
        return False
    row = generations.found(session, host.id, theirs.n)
    is_open = row is not None and row.outcome is None and row.action != _OVERTAKE
    return row is None or (is_open and status.digest not in (None, row.digest))


def reconcile(session: Session, seal: Seal, host: Host, report: settling.Report) -> None:
    """See to it that a host that is not where its record says gets its newest generation again.

    It may have lost its memory, or the record may be younger than its agent (a host that was forgotten and
    came back, a database that was restored).
    """
    theirs = report.generation
    if theirs == Generation(host.epoch, host.n):
        return
    if theirs is not None and theirs.epoch == host.epoch and theirs.n > host.n:
        overtake(session, seal, host, theirs)
    elif host.settled >= host.n and not _nothing_to_say(session, host, theirs):
        hosts.reopen(session, host)


def _nothing_to_say(session: Session, host: Host, theirs: Generation | None) -> bool:
    """Nobody ever asked anything of the host, or it refused the newest generation for good, and has forgotten none."""
    if host.n == 0 or (theirs is None and host.last_good > 0):
        return host.n == 0 and theirs is None
    newest = generations.get(session, host, host.n)
    return newest.outcome == FAILED and not _has_it(session, host, newest, theirs)


def _has_it(session: Session, host: Host, newest: Stored, theirs: Generation | None) -> bool:
    """Whether the host refused to go on with what it has: its agent was taken back to a release that does not know all
    of that. It takes it up again when that agent is upgraded, which is news.
    """
    if theirs is None or theirs.epoch != host.epoch:
        return False
    held = generations.found(session, host.id, theirs.n)
    return held is not None and (newest.rollback_of is not None or newest.digest == held.digest)
