# SPDX-License-Identifier: Apache-2.0
"""The RPC interface of the agents: the client, the version, and how an endpoint is served.

Servers and agents are upgraded in any order. A call bears the version in which its method came, not the newest: so an
agent of an older release answers whatever it knew, and says of the rest that it does not know it. A new argument of a
method is one that an older agent may ignore, or the method is a new one.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import oslo_messaging
from oslo_context.context import RequestContext

from collectd_mgr import exception
from collectd_mgr.domain.clock import Reading
from collectd_mgr.domain.explain import Explanation
from collectd_mgr.domain.identity import ASKED
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.signing import CONTEXT
from collectd_mgr.domain.spec import HostSpec, Layer
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc.connected import Connected
from collectd_mgr.rpc.identity import HostKeys, Identity
from collectd_mgr.rpc.signing import Signer, Verifier

LOG = logging.getLogger(__name__)

TOPIC = "collectd_mgr.agent"

#: What came in which version.
HISTORY = {
    "1.0": ("apply", "status", "metrics", "values", "flush", "config"),
    "1.1": ("clock", "clock_sync", "notify", "explain", "plugin_test", "preview", "recent", "publish", "buffer"),
}

VERSION = list(HISTORY)[-1]

#: The version of a call.
SINCE = {method: version for version, methods in HISTORY.items() for method in methods}

#: The ``target`` of an endpoint.
TARGET = oslo_messaging.Target(version=VERSION)

F = TypeVar("F", bound=Callable[..., Any])

#: Errors that travel to the caller as what they are.
_TYPED = (exception.CollectdMgrError,)


def expected(method: F) -> F:
    """Mark a method of an endpoint: our errors cross typed, and are no news for the agent's log."""
    marked: F = oslo_messaging.expected_exceptions(*_TYPED)(method)
    return marked


class _InContext(oslo_messaging.NoOpSerializer):  # type: ignore[misc]
    """Has every line that an endpoint logs say for which request it is."""

    def deserialize_context(self, ctxt: dict[str, Any]) -> dict[str, Any]:
        RequestContext(request_id=ctxt.get("request_id") or None)
        return ctxt


class _Guarded:
    """An endpoint behind a verifier: nothing that is refused reaches it, whatever methods it has. Who asks for it
    gets the answer signed, an error as well."""

    def __init__(self, host: str, endpoint: Any, verifier: Verifier, identity: Identity | None) -> None:
        self.target = endpoint.target
        self._host = host
        self._endpoint = endpoint
        self._verifier = verifier
        self._identity = identity

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._endpoint, name)

        @expected
        def checked(context: Mapping[str, Any], **arguments: Any) -> Any:
            def answer() -> Any:
                self._verifier.check(context, name, arguments)
                return method(context, **arguments)

            asked, identity = context.get(ASKED), self._identity
            if asked is None or identity is None:
                return answer()
            return identity.answer(self._host, name, str(asked), self._content(name, answer))

        return checked

    def _content(self, method: str, answer: Callable[[], Any]) -> dict[str, Any]:
        """What is signed: the answer, or why there is none."""
        try:
            return {"result": answer()}
        except oslo_messaging.ExpectedException as error:
            return {"error": error.exc_info[1].to_dict()}
        except _TYPED as error:
            return {"error": error.to_dict()}
        except Exception as error:
            LOG.exception("%s failed.", method)
            return {"error": _failed(self._host, type(error).__name__, error).to_dict()}


def server(
    transport: Any, host: str, endpoint: Any, verifier: Verifier | None = None, identity: Identity | None = None
) -> Any:
    """An RPC server of ``endpoint`` for ``host``; ``start()`` waits for the bus, ``stop()`` and ``wait()`` end it."""
    if verifier is not None:
        endpoint = _Guarded(host, endpoint, verifier, identity)
    target = oslo_messaging.Target(topic=TOPIC, server=host)
    policy = oslo_messaging.DefaultRPCAccessPolicy
    return oslo_messaging.get_rpc_server(transport, target, [endpoint], serializer=_InContext(), access_policy=policy)


class AgentAPI:
    """Calls to the agents.

    Every method raises the agent's typed error, or ``AgentUnreachable`` when there is no agent on
    the bus (at once), or no bus, or none answered within ``timeout`` seconds (then ``maybe_executed`` is true), or
    ``SignatureRefused`` when the agent does not trust the caller, or ``AgentOutdated`` when it is of a release that had
    no such method, or setting, yet; then nothing was done; or ``AnswerNotTrusted`` when ``keys`` does not believe that
    it was the agent that answered: then nobody knows what was done. All are safe to repeat.
    """

    def __init__(
        self, transport: Any, timeout: float = 10.0, signer: Signer | None = None, keys: HostKeys | None = None
    ) -> None:
        self._signer = signer
        self._keys = keys
        options = oslo_messaging.TransportOptions(at_least_once=True)
        target = oslo_messaging.Target(topic=TOPIC, version=VERSION)
        self._client = oslo_messaging.get_rpc_client(
            transport, target, version_cap=VERSION, retry=0, transport_options=options
        )
        self._connected = Connected(self._client)
        self._timeout = timeout

    def apply(self, host: str, spec: HostSpec, request_id: str = "", timeout: float | None = None) -> HostStatus:
        """Bring the host to ``spec``; the answer is what it does then, a failure of the daemon included.

        :raises StaleGeneration: with the agent's generation
        :raises HostNotManaged: when the mode allows no changes
        """
        return _status(host, self._call(host, "apply", request_id, timeout, spec=spec.to_dict()))

    def status(self, host: str, request_id: str = "", timeout: float | None = None) -> HostStatus:
        """The whole status, observed for this call."""
        return _status(host, self._call(host, "status", request_id, timeout))

    def metrics(self, host: str, query: Query, request_id: str = "", timeout: float | None = None) -> Page:
        """Identifiers in the daemon's cache."""
        return Page.from_dict(self._call(host, "metrics", request_id, timeout, query=query.to_dict()))

    def values(self, host: str, query: Query, request_id: str = "", timeout: float | None = None) -> Page:
        """The same with values and rates."""
        return Page.from_dict(self._call(host, "values", request_id, timeout, query=query.to_dict()))

    def flush(self, host: str, flush: Flush, request_id: str = "", timeout: float | None = None) -> dict[str, Any]:
        """Ask the daemon to flush; what it answered."""
        return dict(self._call(host, "flush", request_id, timeout, flush=flush.to_dict()))

    def notify(self, host: str, notification: Notification, request_id: str = "", timeout: float | None = None) -> None:
        """Put a notification in, where collectd's own come from. Not safe to repeat: it comes out twice.

        :raises BadRequest: collectd does not take it
        """
        self._call(host, "notify", request_id, timeout, notification=notification.to_dict())

    def explain(self, host: str, metric: str, request_id: str = "", timeout: float | None = None) -> Explanation:
        """Why a metric is missing, as far as the host knows. :raises BadIdentifier:"""
        return Explanation.from_dict(self._call(host, "explain", request_id, timeout, metric=metric))

    def recent(self, host: str, query: RingQuery, request_id: str = "", timeout: float | None = None) -> Page:
        """Values that the host kept, in the order in which it kept them."""
        return Page.from_dict(self._call(host, "recent", request_id, timeout, query=query.to_dict()))

    def publish(self, host: str, query: RingQuery, request_id: str = "", timeout: float | None = None) -> int:
        """Have the values that the host kept published as samples; how many such orders it has by now.

        Not safe to repeat: they go twice.

        :raises NotCapable: the agent publishes none
        :raises Busy: too many orders wait
        """
        return int(self._call(host, "publish", request_id, timeout, query=query.to_dict()))

    def buffer(self, host: str, request_id: str = "", timeout: float | None = None) -> dict[str, Any]:
        """How full the agent's spools and ring are, and what it had to drop."""
        return dict(self._call(host, "buffer", request_id, timeout))

    def config(self, host: str, request_id: str = "", timeout: float | None = None) -> dict[str, str]:
        """``{"host", "managed"}``: the operator's files and ours as collectd.conf text, secrets masked."""
        return dict(self._call(host, "config", request_id, timeout))

    def clock(self, host: str, request_id: str = "", timeout: float | None = None) -> Reading:
        """The host's clocks, and what its time service says."""
        return Reading.from_dict(self._call(host, "clock", request_id, timeout))

    def clock_sync(
        self, host: str, step: bool, patience: float, request_id: str = "", timeout: float | None = None
    ) -> dict[str, Any]:
        """Have the time service correct the clock: ``{"source", "request", "step", "measured"}``.

        :param step: the clock may be set
        :param patience: seconds that the agent waits for the service to have measured anew; less than ``timeout``
        :raises ClockStepDenied, ClockSyncFailed, HostNotManaged, NoTimeSource:
        """
        return dict(self._call(host, "clock_sync", request_id, timeout, step=step, patience=patience))

    def plugin_test(
        self, host: str, plugin: str, layer: Layer, patience: float, request_id: str = "", timeout: float | None = None
    ) -> dict[str, Any]:
        """Run ``plugin`` as ``layer`` has it beside the daemon: ``{"rows", "warnings", "isolation"}``.

        Rows are as of ``values``; agents of an earlier release give no ``isolation``.

        :param patience: seconds for the trial; less than ``timeout``
        :raises NotTestable, ConfigRejected, PluginNotLoadable, RefusedByAgent, HostNotManaged, Busy:
        """
        arguments = {"plugin": plugin, "layer": layer.to_dict(), "patience": patience}
        return dict(self._call(host, "plugin_test", request_id, timeout, **arguments))

    def preview(
        self, host: str, spec: HostSpec, patience: float, request_id: str = "", timeout: float | None = None
    ) -> dict[str, Any]:
        """What ``spec`` would come to: see :mod:`collectd_mgr.domain.preview`. :raises HostNotManaged: in mode off"""
        return dict(self._call(host, "preview", request_id, timeout, spec=spec.to_dict(), patience=patience))

    def _call(self, host: str, method: str, request_id: str, timeout: float | None, **arguments: Any) -> Any:
        context: dict[str, Any] = {"request_id": request_id}
        if self._signer is not None:
            context[CONTEXT] = self._signer.sign(host, method, arguments, request_id)
        if self._keys is None:
            return self._answer(host, method, context, timeout, arguments)
        context[ASKED] = asked = uuid.uuid4().hex
        try:
            given = self._answer(host, method, context, timeout, arguments)
        except exception.AgentUnreachable:
            raise
        except exception.CollectdMgrError:
            # An error that crosses as one is signed by nobody.
            self._keys.opened(host, method, asked, None)
            raise
        answer = self._keys.opened(host, method, asked, given)
        if "error" in answer:
            raise exception.from_dict(answer["error"])
        return answer["result"]

    def _answer(
        self, host: str, method: str, context: dict[str, Any], timeout: float | None, arguments: dict[str, Any]
    ) -> Any:
        seconds = self._timeout if timeout is None else timeout
        if not self._connected.wait(seconds):
            raise _unreachable(host, "cannot be reached: there is no bus", maybe_executed=False)
        try:
            prepared = self._client.prepare(server=host, timeout=seconds, version=SINCE[method])
            return prepared.call(context, method, **arguments)
        except exception.CollectdMgrError as error:
            # As it was raised: what crossed bears the traceback of the other side in its text.
            raise exception.from_dict(error.to_dict()) from None
        except oslo_messaging.MessagingTimeout:
            raise _unreachable(host, f"did not answer within {seconds:g} s", maybe_executed=True) from None
        except oslo_messaging.MessageUndeliverable:
            raise _unreachable(host, "is not on the bus", maybe_executed=False) from None
        except oslo_messaging.UnsupportedVersion:
            raise _outdated(host) from None
        except oslo_messaging.RemoteError as error:
            raise _failed(host, str(error.exc_type), error.value) from None
        except oslo_messaging.MessagingException as error:
            raise _unreachable(host, f"cannot be reached: {error}", maybe_executed=False) from None


def _status(host: str, answer: Any) -> HostStatus:
    """A host speaks for itself only, whatever it signs."""
    status = HostStatus.from_dict(answer)
    if status.host != host:
        raise exception.AnswerNotTrusted(f"{host} answered for another host.", reason_code="other_host")
    return status


def _outdated(host: str) -> exception.AgentOutdated:
    return exception.AgentOutdated(f"The agent of {host} is of a release that cannot do this.", host=host)


def _failed(host: str, kind: str, value: object) -> exception.CollectdMgrError:
    if kind == oslo_messaging.UnsupportedVersion.__name__:
        return _outdated(host)
    return exception.CollectdMgrError(f"The agent of {host} failed: {kind}: {value}")


def _unreachable(host: str, how: str, maybe_executed: bool) -> exception.AgentUnreachable:
    return exception.AgentUnreachable(f"The agent of {host} {how}.", host=host, maybe_executed=maybe_executed)
