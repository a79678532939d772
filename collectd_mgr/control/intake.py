# SPDX-License-Identifier: Apache-2.0
"""What comes up the bus: heartbeats and statuses, into the records, in batches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from collectd_mgr.control import reconciling, settling
from collectd_mgr.control.settling import Report
from collectd_mgr.db import generations, hosts, operations, statuses
from collectd_mgr.db.engine import Database, Duplicate, Session, now, retried
from collectd_mgr.db.generations import Origin
from collectd_mgr.db.models import Host
from collectd_mgr.domain import secrets
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc.status import Reports

LOG = logging.getLogger(__name__)

T = TypeVar("T")


class Intake:
    """Writes what hosts say into their records; a host nobody knew gets one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._late = 0

    def receive(self, reports: Reports) -> tuple[str, ...]:
        """Store a batch: one statement for the heartbeats, one for the statuses, and settle what they are about.

        Safe to repeat, in any order, from many processes: what is older than what is known changes nothing.

        :returns: the names of hosts whose whole status is not known here: to be asked for
        """
        latest = _latest(reports.statuses)
        beats = {str(beat["host"]): beat for beat in reports.heartbeats}
        before = self._records({*latest, *beats})
        self._enrol({*latest, *beats} - before.keys())
        latest = self._timely(latest, lambda status: not _is_past(before.get(status.host), status))
        beats = self._timely(beats, lambda beat: not _is_old(before.get(str(beat["host"])), beat))
        self._store(beats.values(), latest.values())
        records = self._records({*latest, *beats})
        for name, status in latest.items():
            if name in records and _is_about_something(records[name], status):
                self._settle_later(name, status)
        return tuple(name for name, beat in beats.items() if name in records and records[name].health != beat["health"])

    def _records(self, names: Collection[str]) -> dict[str, Host]:
        with self._database.reader() as session:
            return {host.name: host for host in hosts.known(session, names)} if names else {}

    def _timely(self, said: dict[str, T], is_timely: Callable[[T], bool]) -> dict[str, T]:
        """What is not older than what is known of its host: nobody can have anything settled by saying it again."""
        timely = {name: each for name, each in said.items() if is_timely(each)}
        for name in said.keys() - timely.keys():
            self._late += 1
            LOG.info("What came from %s is late, or was heard before (%s so far).", name, self._late)
        return timely

    @retried
    def applied(self, host: Host, status: HostStatus) -> Host | None:
        """Store and settle what a host says that did at once what was asked of it, in as few statements as it takes.

        :param host: as it was when that was asked, bound to no session
        :returns: the record then; None when this is another case, for :meth:`take`, and nothing was done
        """
        generation = status.generation
        if generation is None or status.outcome != APPLIED or status.capabilities is not None or _over(status):
            return None
        at, row, report = now(), _row(status, host.status), settling.report_of(status)
        with self._database.transaction() as connection:
            rows = operations.open_of(connection, host.name)
            if any(each.wanted != generation for each in rows):
                return None
            if not statuses.accept(connection, row, generation, at):
                return None
            settling.settle_only(connection, rows, report)
            generations.report(connection, host.id, generation.n, APPLIED)
        return statuses.accepted(host, row, generation, at)

    @retried
    def take(self, name: str, status: HostStatus, sent: Generation | None = None) -> bool:
        """One status, with all that follows from it; whether the host is settled then.

        :param sent: the generation that it answers to: what the host has under that number is what was sent to it
        :raises HostNotFound:
        """
        with self._database.writer() as session:
            statuses.store(session, [_row(status)], now())
            return self._settle(session, name, status, sent)

    @retried
    def refused(self, name: str, report: Report) -> bool:
        """The agent did not take a generation up; whether the host is settled then. :raises HostNotFound:

        One that it had applied before was sent again because it has lost its memory (another disk), and what it
        refuses now (it is to be left alone for a while) is not taken back: it is sent again at its next news.
        """
        with self._database.writer() as session:
            host, generation = hosts.get(session, name), report.generation
            newest = generation is not None and generation == Generation(host.epoch, host.n)
            if newest and generations.outcome(session, host.id, host.n) == APPLIED:
                hosts.mark(session, host.id, host.n, good=False)
                hosts.reset_good(session, host.id, host.n - 1)
            else:
                settling.conclude(session, self._database.seal, host, report)
            return hosts.is_settled(session, host.id)

    def _enrol(self, names: set[str]) -> None:
        for name in sorted(names):
            try:
                self._add(name)
            except Duplicate:
                LOG.debug("%s was enrolled by somebody else.", name)

    @retried
    def _add(self, name: str) -> None:
        with self._database.writer() as session:
            host = hosts.add(session, name)
            spec = HostSpec(Generation(host.epoch, 0), (Layer(HOST),))
            generations.add(session, self._database.seal, host.id, spec, Origin("enrol"))
            generations.report(session, host.id, 0, APPLIED)
        LOG.info("%s is heard for the first time.", name)

    @retried
    def _store(self, beats: Iterable[Any], latest: Iterable[HostStatus]) -> None:
        heard = [(str(beat["host"]), int(beat["boot"]), int(beat["seq"])) for beat in beats]
        reports = [_row(status) for status in latest]
        with self._database.writer() as session:
            if heard:
                statuses.heard(session, heard, now())
            if reports:
                statuses.store(session, reports, now())

    @retried
    def _settle_later(self, name: str, status: HostStatus) -> None:
        with self._database.writer() as session:
            self._settle(session, name, status)

    def _settle(self, session: Session, name: str, status: HostStatus, sent: Generation | None = None) -> bool:
        report, host = settling.report_of(status), hosts.get(session, name, status=False)
        is_latest = (status.boot, status.sequence) >= (host.boot, host.sequence)
        is_ours = status.generation == sent or not reconciling.is_anothers(session, host, status)
        if is_ours:
            settling.conclude(session, self._database.seal, host, report)
        elif is_latest and status.generation is not None:
            reconciling.overtake_once(session, self._database.seal, host, status.generation)
        if is_latest:
            reconciling.reconcile(session, self._database.seal, host, report)
            if over := _over(status):
                settling.end_leases(session, self._database.seal, host, over)
                return hosts.is_settled(session, host.id)
        if is_ours and report.outcome == APPLIED and report.generation == Generation(host.epoch, host.n):
            # Whoever moves the host on meanwhile sends what he wants himself.
            return True
        return hosts.is_settled(session, host.id)


def masked(status: HostStatus, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A status as it is stored and shown: brief, and without secrets.

    :param before: such a status of the same host: a config that is in it has none
    """
    data = status.brief().to_dict()
    clean = (before or {}).get("plugins", {})
    for name, plugin in data["plugins"].items():
        if plugin["config"] != clean.get(name, {}).get("config"):
            plugin["config"] = secrets.mask(plugin["config"])
    data["error"] = data["error"] and settling.masked_error(data["error"])
    data["warnings"] = [secrets.mask_text(line) for line in data["warnings"]]
    return data


def _latest(statuses: Iterable[HostStatus]) -> dict[str, HostStatus]:
    latest: dict[str, HostStatus] = {}
    for status in statuses:
        before = latest.get(status.host)
        if before is None or (status.boot, status.sequence) >= (before.boot, before.sequence):
            latest[status.host] = status
    return latest


def _is_past(host: Host | None, status: HostStatus) -> bool:
    """Whether a later status is known. The same one once more counts: it is stored before it settles."""
    return host is not None and (status.boot, status.sequence) < (host.boot, host.sequence)


def _is_old(host: Host | None, beat: Mapping[str, Any]) -> bool:
    """Whether the host said this, or something later, before."""
    if host is None:
        return False
    boot, sequence = int(beat["boot"]), int(beat["seq"])
    return (boot, sequence) < (host.boot, host.sequence) or statuses.place(boot, sequence) <= host.heard


def _row(status: HostStatus, before: Mapping[str, Any] | None = None) -> statuses.Report:
    return statuses.Report(
        status.host,
        status.boot,
        status.sequence,
        status.health_digest(),
        status.mode.mode,
        status.driver,
        masked(status, before),
        status.capabilities,
        status.capabilities_digest,
        status.daemon.get("pid", 0) is not None and status.daemon.get("snippet") is not False,
    )


def _over(status: HostStatus) -> list[str]:
    """The ids of the leases that the host has ended, and still has in its spec."""
    return [name for name, lease in status.leases.items() if lease["state"] == "ended"]


def _is_about_something(host: Host, status: HostStatus) -> bool:
    """Whether a status can tell this record anything new: most of them cannot, and cost no transaction."""
    if status.generation != Generation(host.epoch, host.n) or host.settled < host.n or _over(status):
        return True
    # What failed may be so by now, when somebody has mended what was in its way.
    return (status.outcome == FAILED) == (host.last_good >= host.n)
