# SPDX-License-Identifier: Apache-2.0
"""Desired state and how it gets to a host: what API and conductor do with hosts.

The way of a change is :meth:`HostControl.change`; that of a status is
:meth:`~collectd_mgr.control.intake.Intake.receive`. Both end in :mod:`collectd_mgr.control.settling`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control import intake
from collectd_mgr.control.delivery import Delivery
from collectd_mgr.control.edits import Desired, Edit, desired_of
from collectd_mgr.control.requester import Requester
from collectd_mgr.control.settling import succeeded
from collectd_mgr.control.storing import Also, Asked, Check, check_expected, stored
from collectd_mgr.db import claims, generations, hosts, operations
from collectd_mgr.db.engine import Database, Session, now, retried, retried_as
from collectd_mgr.db.models import Host, Operation
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.mode import MANAGE, Mode
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.status import Reports

LOG = logging.getLogger(__name__)

#: Seconds for which a change lets somebody else finish. Who takes longer has another daemon made, and those that wait
#: for that had better have one more together than one each.
_TURN = 0.25


@dataclass(frozen=True)
class Outcome:
    """What a change came to: its operation, and the host after it."""

    operation: Operation
    host: Host
    desired: Desired


def _logged(outcome: Outcome) -> Outcome:
    log(outcome.operation)
    return outcome


def log(row: Operation) -> None:
    """One line for each change: who asked for what on which host, and what has come of it so far."""
    about = " ".join(filter(None, (row.action, row.plugin, row.setting)))
    code = f" ({row.error['code']})" if row.error else ""
    LOG.info(
        "[%s] %s of %s by user %s of project %s: operation %s is %s%s",
        *(row.request_id, about, row.host, row.user or "-", row.project or "-", row.id, row.state, code),
    )


class HostControl:
    """The hosts of one deployment. Many processes may have one each, on the same database.

    :param wait: how long a change waits for its host, in seconds
    :param turn: of that for whoever is at work on the host
    """

    def __init__(self, database: Database, agents: AgentAPI, wait: float = 5.0, turn: float = _TURN) -> None:
        self.database = database
        self.agents = agents
        self._wait = wait
        self._turn = min(turn, wait)
        self._intake = intake.Intake(database)
        self._delivery = Delivery(database, agents, self._intake, self._newest)

    # --- records ------------------------------------------------------------------

    def get(self, name: str) -> Host:
        """The record, without labels. :raises HostNotFound:"""
        with self.database.reader() as session:
            return hosts.get(session, name)

    @retried
    def known_as(self, name: str) -> str:
        """The name of a host as its record has it. :raises HostNotFound:"""
        with self.database.glance() as connection:
            return hosts.known_as(connection, name)

    def capabilities(self, name: str) -> dict[str, Any]:
        """As the host said them last; empty before it did. :raises HostNotFound:"""
        with self.database.reader() as session:
            return hosts.get(session, name, status=False, capabilities=True).capabilities or {}

    def listed(self, filters: hosts.Filters, paging: Paging) -> list[Host]:
        with self.database.reader() as session:
            return hosts.listed(session, filters, paging)

    @retried
    def describe(
        self, name: str, description: str | None, labels: dict[str, Any] | None, expected: Generation | None = None
    ) -> None:
        """See :func:`collectd_mgr.db.hosts.describe`. :raises HostNotFound, StaleGeneration, BadRequest:"""
        with self.database.writer() as session:
            host = hosts.get(session, name)
            check_expected(host, expected)
            hosts.describe(session, host.id, description, labels)

    @retried_as(again=True)
    def forget(self, name: str, force: bool = False, again: bool = False) -> None:
        """Delete the record, its generations too; its open operations fail.

        :param force: though the host is up: it comes back as new, and nothing is set there any more
        :param again: the answer to the first time was lost: where there is no such host by now, that has forgotten it
        :raises HostNotFound, HostUp:
        """
        gone = exception.HostNotFound(f"{name} was forgotten before the outcome was known.", host=name)
        with self.database.writer() as session:
            if again and not hosts.known(session, [name]):
                return
            host = hosts.get(session, name)
            if host.state == hosts.UP and not force:
                raise exception.HostUp(
                    f"{name} is up: it would come back with nothing of what is set there. Force it if that is wanted.",
                    host=name,
                )
            hosts.hold(session, host)  # What is stored in this very moment would be left open for ever.
            for row in operations.open_of(session, name):
                operations.move(session, row, "failed", error=gone.to_dict())
            hosts.forget(session, host.id)

    # --- desired state --------------------------------------------------------------

    def spec_of(self, name: str, n: int | None = None) -> HostSpec:
        """The host's spec, the newest or generation ``n``. It holds secrets.

        :raises HostNotFound, GenerationNotFound:
        """
        with self.database.reader() as session:
            return self._spec(session, hosts.get(session, name), n)

    def desired(self, name: str, labels: bool = False) -> tuple[Host, Desired]:
        """The record, with its labels if they are wanted, and what is desired. :raises HostNotFound:"""
        with self.database.reader() as session:
            return self._desired(session, name, labels)

    def change(
        self,
        requester: Requester,
        name: str,
        edit: Edit,
        action: str,
        plugin: str = "",
        expected: Generation | None = None,
        check: Check | None = None,
        setting: str = "",
        also: Also | None = None,
        parts: Iterable[str] = (),
    ) -> Outcome:
        """Edit the host's layer: a new generation and an operation, in one transaction; then send it, and wait.

        An edit that changes nothing makes a generation as well: it says who asked, and the answer says
        what the host really does. The operation is final if the host answered in time.

        :param expected: the generation that the user saw; None takes whatever there is
        :param check: raises what forbids the change; by default :func:`check_managed`
        :param setting: the name of what is changed in a section, for the record
        :param also: what is stored with it, or, where the change is refused, is not
        :param parts: the names of what is set of the plugin, where that is not the whole
        :raises HostNotFound, HostNotManaged, StaleGeneration: before anything is stored
        :raises RefusedByAgent: the host's own allow-list refuses it; the operation failed, what was desired is back
        """
        asked = Asked(edit, requester.origin(action, plugin, setting, parts), check or check_managed, expected, also)
        until = now() + timedelta(seconds=self._wait)
        host, operation, spec = stored(self.database, name, asked, until, self._turn)
        done = self._delivery.deliver(name, spec, self._wait, requester.request_id, host)
        if done is not None and plugin:
            return _logged(Outcome(succeeded(operation, done), done, desired_of(spec)))
        self.release(name, until)
        with self.database.reader() as session:
            row, host = operations.get(session, operation.id), hosts.get(session, name, labels=not plugin)
            newest = spec if spec.generation == Generation(host.epoch, host.n) else self._spec(session, host, None)
            outcome = _logged(Outcome(row, host, desired_of(newest)))
            check_let_in(row)
            return outcome

    def _desired(self, session: Session, name: str, labels: bool) -> tuple[Host, Desired]:
        host = hosts.get(session, name, labels)
        return host, desired_of(self._spec(session, host, None))

    def _newest(self, name: str) -> tuple[HostSpec, str]:
        """What is desired now, and the request that asked for it."""
        with self.database.reader() as session:
            host = hosts.get(session, name)
            row = generations.get(session, host, host.n)
            return generations.opened(self.database.seal, row), row.request_id

    def _spec(self, session: Session, host: Host, n: int | None) -> HostSpec:
        row = generations.get(session, host, host.n if n is None else n)
        return generations.opened(self.database.seal, row)

    # --- the way to the host and back -------------------------------------------------

    def send(self, name: str, wait: float, request_id: str = "") -> None:
        """Send the newest generation and settle what the agent says, within ``wait`` seconds. Safe to repeat.

        A host that does not answer is left as it is: the conductor sends again when it is back.
        """
        self._delivery.deliver(name, self.spec_of(name), wait, request_id)

    def release(self, name: str, until: datetime) -> None:
        """See :meth:`~collectd_mgr.control.delivery.Delivery.release`."""
        self._delivery.release(name, until)

    def settle(self, name: str, status: HostStatus) -> None:
        """Store a status if it is news, and settle what it is about. Safe to repeat, in any order."""
        self._intake.take(name, status)

    def receive(self, reports: Reports) -> tuple[str, ...]:
        """See :meth:`~collectd_mgr.control.intake.Intake.receive`."""
        return self._intake.receive(reports)

    # --- for the conductor ---------------------------------------------------------------

    def unsettled(self, limit: int = 100) -> list[str]:
        """The names of hosts that are up and whose newest generation has no outcome, and that nobody is at work on."""
        with self.database.reader() as session:
            return claims.unsettled(session, now(), limit)

    def resend(self, name: str, wait: float) -> bool:
        """See :meth:`~collectd_mgr.control.delivery.Delivery.resend`."""
        return self._delivery.resend(name, wait)

    @retried
    def lose(self, since: datetime) -> list[str]:
        """Hosts not heard since then are down; their names. Each is in the answer of one caller only."""
        with self.database.writer() as session:
            return [name for name in hosts.silent(session, since) if hosts.lose(session, name, since)]

    @staticmethod
    def now() -> datetime:
        """The clock of the records: UTC without a zone."""
        return now()


def check_let_in(operation: Operation) -> None:
    """:raises RefusedByAgent: where the host refused what was asked; anything else is for the operation to tell"""
    error = operation.error or {}
    if error.get("code") == exception.RefusedByAgent.code:
        raise exception.RefusedByAgent(error["detail"], **{**error["facts"], "operation": operation.id})


def unchecked(host: Host, desired: Desired) -> None:
    """A :data:`Check` for what is allowed in every mode."""


def status_of(host: Host) -> HostStatus | None:
    """The last whole status, masked; None for a host that has not sent one."""
    return None if host.status is None else HostStatus.from_dict(host.status)


def mode_of(host: Host, desired: Desired) -> Mode:
    """The mode that the next spec will meet: the local file's, else the desired, else what the host reports."""
    status = status_of(host)
    current = status.mode if status else Mode()
    if current.set_by == "file" or desired.mode is None:
        return current
    return replace(desired.mode, mode=desired.mode.mode or current.mode)


def check_managed(host: Host, desired: Desired) -> None:
    """:raises HostNotManaged: when the mode of the host is known to allow no changes; else the host itself will say"""
    if host.status is None and desired.mode is None:
        return
    mode = mode_of(host, desired)
    if mode.mode != MANAGE:
        because = f" ({mode.reason})" if mode.reason else ""
        raise exception.HostNotManaged(f"{host.name} is in mode {mode.mode}{because}.", **mode.to_dict())
