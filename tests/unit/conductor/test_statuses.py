# SPDX-License-Identifier: Apache-2.0
"""A batch holds what many hosts say: what one of them says wrong costs the others nothing."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr.conductor.clocks import ClockWatch
from collectd_mgr.conductor.errands import Errands
from collectd_mgr.conductor.statuses import Statuses
from collectd_mgr.control.clocks import Clocks
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db.engine import Database
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import status

GOOD = HostStatus("good", 1, 1, mode=Mode("manage"))
BAD = HostStatus("bad", 1, 1).to_dict()


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        (status.HEARTBEAT, {"host": "bad"}),
        (status.HEARTBEAT, {"host": "bad", "boot": 2**70, "seq": 1, "health": "x"}),
        (status.STATUS, {**BAD, "plugins": None}),
        (status.STATUS, {**BAD, "host": None}),
        (status.STATUS, {**BAD, "leases": {"a": 3}}),
        (status.STATUS, {**BAD, "driver": "\ud800"}),
    ],
)
def test_the_others_are_heard(control: HostControl, database: Database, event: str, wrong: dict[str, Any]) -> None:
    errands, heard = Errands(1), []
    clocks = ClockWatch(Clocks(database, control.agents), errands, 1.0)
    statuses = Statuses(control, errands, clocks, 1.0, lambda: heard.append(True))
    messages: list[Any] = [
        {"event_type": event, "payload": wrong},
        {"event_type": status.HEARTBEAT, "payload": GOOD.heartbeat()},
        {"event_type": status.STATUS, "payload": GOOD.to_dict()},
    ]
    statuses.receive(status._reports(messages))
    assert (control.get("good").state, control.get("good").mode, heard) == ("up", "manage", [True])
    errands.stop()
