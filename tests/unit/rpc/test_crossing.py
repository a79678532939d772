# SPDX-License-Identifier: Apache-2.0
"""Every message and every error survives oslo.messaging's own serializer, which the in-memory bus leaves out."""

from __future__ import annotations

import json
import sys

import oslo_messaging
import pytest
from oslo_messaging._drivers import common

from collectd_mgr import exception
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.domain.spec import Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.domain.status import HostStatus, PluginStatus
from collectd_mgr.rpc import agent, status, transport

KINDS = [kind for kind in vars(exception).values() if isinstance(kind, type) and issubclass(kind, Exception)]
SPEC = HostSpec(Generation("e", 3), (Layer("host", {"cpu": PluginSetting(True, 1.0, {"A": "ä\0"})}),), Mode("manage"))
STATUS = HostStatus("h.example.org", 5, 6, Generation("e", 3), plugins={"cpu": PluginStatus(True, "observed")})


def crossed(message: object) -> object:
    """What the other side reads of a message."""
    envelope = common.serialize_msg({"args": message})
    return common.deserialize_msg(json.loads(json.dumps(envelope)))["args"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_typed(kind: type[exception.CollectdMgrError]) -> None:
    try:
        raise kind("what happened", plugin="cpu", messages=["a", "b"])
    except exception.CollectdMgrError:
        data = common.serialize_remote_exception(sys.exc_info())
    remote = common.deserialize_remote_exception(data, transport.EXMODS)
    assert isinstance(remote, kind)
    back = exception.from_dict(remote.to_dict())
    assert (type(back), back.detail, back.kwargs) == (kind, "what happened", {"plugin": "cpu", "messages": ["a", "b"]})
    assert "Traceback" not in str(back)


def test_that_an_agent_is_too_old_is_known_after_the_crossing() -> None:
    try:
        raise oslo_messaging.UnsupportedVersion("1.1", method="buffer")
    except oslo_messaging.UnsupportedVersion:
        data = common.serialize_remote_exception(sys.exc_info())
    remote = common.deserialize_remote_exception(data, transport.EXMODS)
    assert isinstance(agent._failed("h.example.org", remote.exc_type, remote.value), exception.AgentOutdated)


def test_what_goes_down() -> None:
    assert HostSpec.from_dict(crossed(SPEC.to_dict())) == SPEC  # type: ignore[arg-type]
    assert Query.from_dict(crossed(Query("cpu", match="x").to_dict())) == Query("cpu", match="x")  # type: ignore[arg-type]
    assert Flush.from_dict(crossed(Flush("csv").to_dict())) == Flush("csv")  # type: ignore[arg-type]


def test_what_comes_up() -> None:
    assert HostStatus.from_dict(crossed(STATUS.to_dict())) == STATUS  # type: ignore[arg-type]
    page = Page(({"id": "h/cpu-0/cpu-user", "interval": 10.0, "last_update": 1.5},), "next")
    assert Page.from_dict(crossed(page.to_dict())) == page  # type: ignore[arg-type]


def test_a_batch_is_sorted_into_heartbeats_and_statuses() -> None:
    messages = [
        {"event_type": status.HEARTBEAT, "payload": STATUS.heartbeat()},
        {"event_type": status.STATUS, "payload": STATUS.to_dict()},
    ]
    assert status._reports([*messages]) == status.Reports((STATUS.heartbeat(),), (STATUS,))
