# SPDX-License-Identifier: Apache-2.0
"""What becomes of generations: a report is compared with them, and nothing else decides.

Each function works within the caller's transaction, may be repeated, and takes reports in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control import apart, edits
from collectd_mgr.db import generations, hosts, operations
from collectd_mgr.db.engine import Executor, Session
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.models import Generation as Stored
from collectd_mgr.db.models import Host, Operation
from collectd_mgr.db.operations import Brief
from collectd_mgr.db.sealing import Seal
from collectd_mgr.domain import secrets
from collectd_mgr.domain.operations import APPLIED, FAILED, STATES, SUCCEEDED, SUPERSEDED, settle
from collectd_mgr.domain.spec import Generation
from collectd_mgr.domain.status import HostStatus

#: The action of a generation that goes on without leases that are over.
_LEASE_END = "lease.end"

#: The action of a request that sets the mode. An agent heeds it before it does anything else, and whatever comes of
#: the rest: that is no setting which could fail, and nothing takes a halt back but another word.
_MODE = "mode"


@dataclass(frozen=True)
class Report:
    """What an agent said of one generation; ``outcome`` is one of the domain's."""

    generation: Generation | None
    outcome: str | None
    error: dict[str, Any] | None = None
    driver: str | None = None
    warnings: tuple[str, ...] = ()


def report_of(status: HostStatus) -> Report:
    return Report(status.generation, status.outcome, status.error, status.driver, status.warnings)


def succeeded(operation: Operation, host: Host) -> Operation:
    """``operation``, bound to no session, as it is stored once ``host`` has applied what it wanted."""
    report = report_of(HostStatus.from_dict(host.status or {}))
    operation.state, operation.updated_at = SUCCEEDED, host.heartbeat_at or operation.updated_at
    for name, value in _facts(report).items():
        setattr(operation, name, value)
    return operation


def refusal(generation: Generation, error: exception.CollectdMgrError) -> Report:
    """The agent did not take the generation up, and said why."""
    return Report(generation, FAILED, error.to_dict())


def conclude(session: Session, seal: Seal, host: Host, report: Report) -> None:
    """Settle the host's operations, and take a failed generation back to the last good one.

    Where that held what several had asked for, each is tried alone then.
    """
    generation = report.generation
    if generation is None or generation.epoch != host.epoch or generation.n > host.n:
        return
    if report.outcome == FAILED and (good := _named_good(report, generation)) is not None:
        # The host has said what it ran before: the word of that may have been lost.
        _conclude(session, seal, host, good, replace(report, generation=good, outcome=APPLIED, error=None))
    _conclude(session, seal, host, generation, report)


def _conclude(session: Session, seal: Seal, host: Host, generation: Generation, report: Report) -> None:
    _settle_operations(session, seal, host, generation, report)
    if report.outcome not in (APPLIED, FAILED):
        return
    is_news = generations.outcome(session, host.id, generation.n) != report.outcome
    generations.report(session, host.id, generation.n, report.outcome)
    hosts.mark(session, host.id, generation.n, good=report.outcome == APPLIED)
    if report.outcome == FAILED:
        generations.withdraw(session, host.id, _last_good(report, generation), generation.n)
        _take_back(session, seal, host, generation.n, is_news, _is_death(report))
    elif generation.n == host.n:
        apart.take_next(session, seal, host)


def settle_only(session: Executor, rows: Iterable[Brief], report: Report) -> None:
    """Settle operations that want the very generation that ``report`` is about, and which was applied."""
    for row in rows:
        _move(session, row, settle(row.state, row.wanted, report.generation, report.outcome), report)


def _settle_operations(session: Session, seal: Seal, host: Host, generation: Generation, report: Report) -> None:
    """Bring the operations of the host to the states that the report calls for."""
    failed = report.outcome == FAILED
    heeded = replace(report, outcome=APPLIED, error=None)
    for row in operations.open_of(session, host.name):
        if failed and row.action == _MODE and row.wanted == generation:
            _move(session, row, settle(row.state, row.wanted, generation, APPLIED), heeded)
            continue
        later = row.wanted.n < generation.n
        alone = not failed or later or apart.is_alone(session, seal, host, row)
        held = later and report.outcome == APPLIED and apart.is_held(session, seal, host, row, generation.n)
        _move(session, row, settle(row.state, row.wanted, generation, report.outcome, alone=alone, held=held), report)
    if failed:
        # What was reached since the last good one is gone with it.
        for row in operations.succeeded(session, host.name, generation, _last_good(report, generation)):
            if row.action != _MODE:
                _move(session, row, settle(row.state, row.wanted, row.wanted, FAILED), _taken_back(row, report))


#: What takes a success back.
_DEATHS = (exception.DaemonDied.code, exception.SeriesLost.code)


def _taken_back(row: Brief, report: Report) -> Report:
    """Who asked for what ``report`` is about met a host that had gone back already; that error is his alone."""
    if row.wanted == report.generation or _is_death(report):
        return report
    detail = (
        "The host is back at an earlier generation: since this was applied collectd died, or gave less than before."
    )
    return replace(report, driver=None, error=exception.DaemonDied(detail).to_dict())


def _is_death(report: Report) -> bool:
    return (report.error or {}).get("code") in _DEATHS


def _move(session: Executor, row: Brief, state: str, report: Report) -> None:
    if state != row.state:
        ended = STATES[state].final and state != SUPERSEDED
        operations.move(session, row, state, **(_facts(report) if ended else {}))


def _named_good(report: Report, failed: Generation) -> Generation | None:
    """The generation before ``failed`` that the host runs now, if it says so, and in the same epoch."""
    n = _named(report, "good", failed)
    return Generation(failed.epoch, n) if n is not None and n < failed.n else None


def _named(report: Report, fact: str, failed: Generation) -> int | None:
    """The number of the generation that the error names so, in the epoch of ``failed``."""
    named = ((report.error or {}).get("facts") or {}).get(fact) or {}
    n = named.get("n") if named.get("epoch") == failed.epoch else None
    return n if isinstance(n, int) and n >= 0 else None


def _last_good(report: Report, failed: Generation) -> int:
    """The number of the generation that the host is back at, as far as it says so: else the one before ``failed``.

    One that died had not outlived those between, though applied. It names their first: none before need be good.
    """
    good, first = _named_good(report, failed), _named(report, "first", failed)
    return good.n if good is not None else max(0, min(first or failed.n, failed.n) - 1)


def _facts(report: Report) -> dict[str, Any]:
    return {
        "driver": report.driver,
        "error": masked_error(report.error) if report.error and report.outcome == FAILED else None,
        "warnings": [secrets.mask_text(line) for line in report.warnings],
    }


def masked_error(error: dict[str, Any]) -> dict[str, Any]:
    """An error's ``to_dict`` without secrets: collectd's own lines are among its facts."""
    masked: dict[str, Any] = _masked(error)
    return masked


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item) for item in value]
    return secrets.mask_text(value) if isinstance(value, str) else value


def _take_back(session: Session, seal: Seal, host: Host, n: int, is_news: bool, death: bool) -> None:
    """After a generation failed, the last good one is desired again, as a generation of its own.

    Not after a rollback that failed itself, which would go on for ever, unless what it went back to was applied and
    not outlived (``death``): what is good is earlier then. What is left open was in it with other things, or made on
    top of it by somebody who has moved on meanwhile, and is tried alone. Once the host has said what became of a later
    generation, that stands.
    """
    if n == 0:
        return
    good = generations.last_good_before(session, host.id, n) or 0
    if good < host.last_good <= n:
        hosts.reset_good(session, host.id, good)
    failed, old = generations.get(session, host, n), generations.get(session, host, good)
    if is_news:
        hosts.hold(session, host)
    if host.n != n and not (is_news and failed.rollback_of is None and host.settled <= n):
        return
    left = apart.waiting(session, host, host.n)
    if (failed.rollback_of is None or death) and failed.digest != old.digest:
        reason = f"Generation {n} failed; back to {good}."
        origin = Origin("rollback", failed.plugin, failed.user, failed.project, failed.request_id, reason, n)
        if not renew(session, seal, host, Generation(host.epoch, host.n + 1), good, origin):
            return
    if left:
        apart.queue(session, left)
        apart.take_next(session, seal, host)


def end_leases(session: Session, seal: Seal, host: Host, ids: Collection[str]) -> bool:
    """The host ended these leases: desired goes on without them, as a generation of its own that says so.

    False when there is nothing of them left, the host failed to do without them, somebody else moved it meanwhile, or
    it is not known yet what becomes of the newest generation: one that fails would take this one with it, and be tried
    again below the next, for ever. Safe to repeat.
    """
    newest = generations.get(session, host, host.n)
    if not hosts.is_settled(session, host.id) or _in_vain(session, host, newest):
        return False
    desired = edits.desired_of(generations.opened(seal, newest))
    over = [layer for layer in desired.leases if layer.id in ids]
    if not over:
        return False
    new = Generation(host.epoch, host.n + 1)
    left = edits.end_leases([layer.id for layer in over])(desired)
    if not hosts.advance(session, host, new.n, new.epoch):
        return False
    plugin, setting = over[0].subject
    origin = Origin(_LEASE_END, plugin, reason="The time was over.", setting=setting)
    generations.add(session, seal, host.id, left.spec(new), origin)
    return True


def _in_vain(session: Session, host: Host, newest: Stored) -> bool:
    """Whether that was tried and failed. What a failure leads back to has the leases again: it would be a loop."""
    taken_back = session.get(Stored, (host.id, newest.rollback_of)) if newest.rollback_of is not None else None
    return newest.outcome == FAILED or (taken_back is not None and taken_back.action == _LEASE_END)


def renew(session: Session, seal: Seal, host: Host, new: Generation, content: int, origin: Origin) -> bool:
    """The settings of generation ``content`` as a new one; the mode stays, as with a revert."""
    spec = generations.opened(seal, generations.get(session, host, content))
    mode = generations.opened(seal, generations.get(session, host, host.n)).mode
    if not hosts.advance(session, host, new.n, new.epoch, host.claimed_until):
        return False
    generations.add(session, seal, host.id, replace(spec, generation=new, mode=mode), origin)
    return True
