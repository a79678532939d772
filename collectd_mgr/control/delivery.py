# SPDX-License-Identifier: Apache-2.0
"""The way of a spec to its host, and of the answer into the records."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from oslo_context.context import RequestContext

from collectd_mgr import exception
from collectd_mgr.control import intake, reconciling, settling
from collectd_mgr.db import claims, hosts
from collectd_mgr.db.engine import Database, now, retried
from collectd_mgr.db.models import Host
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc.agent import AgentAPI

LOG = logging.getLogger(__name__)

#: How many generations one change may send: its own, one above a stale refusal, a rollback, and each request alone
#: that had met in one with others.
_ROUNDS = 10


class Delivery:
    """``newest`` gives the spec that is desired of a host now, by its name, and the request that asked for it."""

    def __init__(
        self, database: Database, agents: AgentAPI, into: intake.Intake, newest: Callable[[str], tuple[HostSpec, str]]
    ) -> None:
        self._database = database
        self._agents = agents
        self._intake = into
        self._newest = newest

    def deliver(
        self, name: str, spec: HostSpec, wait: float, request_id: str = "", host: Host | None = None
    ) -> Host | None:
        """Send ``spec``, and then what the answer to it made necessary, within ``wait`` seconds. Safe to repeat.

        :param host: the record as it was when ``spec`` was stored, bound to no session
        :returns: the record as it is then, if the host did at once what was asked of it: the operation succeeded;
            None in all other cases
        """
        deadline = time.monotonic() + wait
        for _ in range(_ROUNDS):
            answer = self._send(name, spec, request_id, max(deadline - time.monotonic(), 0.01))
            if isinstance(answer, HostStatus):
                done = self._intake.applied(host, answer) if host and answer.generation == spec.generation else None
                if done is not None:
                    return done
                answer = self._intake.take(name, answer, spec.generation)
            if answer or time.monotonic() > deadline:
                return None
            (spec, request_id), host = self._newest(name), None
        return None

    def resend(self, name: str, wait: float) -> bool:
        """Send the newest spec, if it is unsettled and nobody else is at it; whether that was so."""
        until = now() + timedelta(seconds=wait)
        if not self._claim(name, until):
            return False
        try:
            spec, request_id = self._newest(name)
            RequestContext(request_id=request_id or None)  # for the log
            LOG.info("Generation %s is sent to %s again.", spec.generation.n, name)
            self.deliver(name, spec, wait, request_id)
        finally:
            self.release(name, until)
        return True

    @retried
    def _claim(self, name: str, until: datetime) -> bool:
        with self._database.transaction() as connection:
            return claims.claim(connection, name, now(), until)

    @retried
    def release(self, name: str, until: datetime) -> None:
        """Others may send to the host that was claimed ``until`` then. Safe to repeat."""
        with self._database.transaction() as connection:
            claims.release(connection, name, until)

    def _send(self, name: str, spec: HostSpec, request_id: str, timeout: float) -> HostStatus | bool:
        """What the host says; or whether there is nothing more to send now."""
        try:
            return self._agents.apply(name, spec, request_id=request_id, timeout=timeout)
        except exception.StaleGeneration as error:
            return self._overtake(name, spec.generation, Generation.from_dict(error.kwargs["generation"]))
        except (exception.AgentUnreachable, exception.RequestTimeout, exception.AnswerNotTrusted):
            # Nobody knows what has become of it: what the host reports will tell.
            return True
        except exception.SignatureRefused as error:
            # The keys or the clocks are wrong, not what was asked: it is sent again until somebody has set that right.
            LOG.error("%s does not take generation %s: %s", name, spec.generation.n, error.detail)
            return True
        except exception.CollectdMgrError as error:
            return self._intake.refused(name, settling.refusal(spec.generation, error))

    @retried
    def _overtake(self, name: str, sent: Generation, theirs: Generation) -> bool:
        with self._database.writer() as session:
            host = hosts.get(session, name)
            if Generation(host.epoch, host.n) == sent:
                reconciling.overtake(session, self._database.seal, host, theirs)
            return hosts.is_settled(session, host.id)
