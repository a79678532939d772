# SPDX-License-Identifier: Apache-2.0
"""What is told while the bus is away, and where nobody wants to hear it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from collectd_mgr.conductor.events import Events
from collectd_mgr.control.events import Telling
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.domain.events import HOST_UP
from collectd_mgr.rpc.confirmed import NotSent
from collectd_mgr.rpc.status import Reports


class Bus:
    """That is there or not."""

    def __init__(self) -> None:
        self.there = False
        self.heard: list[str] = []

    def send(self, event_type: str, _payload: Mapping[str, Any]) -> None:
        if not self.there:
            raise NotSent("away")
        self.heard.append(event_type)


@pytest.fixture
def telling(control: HostControl) -> Telling:
    """Two hosts came."""
    beats = tuple({"host": name, "boot": 1, "seq": 1, "health": "x"} for name in ("a", "b"))
    control.receive(Reports(heartbeats=beats))
    return Telling(control.database, "infrastructure")


def test_what_the_bus_did_not_take_is_told_later(telling: Telling) -> None:
    bus: Any = Bus()
    events = Events(telling, bus)
    assert [events.round(), events.round(), bus.heard] == [0, 0, []]
    bus.there = True
    assert [events.round(), events.round(), bus.heard] == [2, 0, [HOST_UP, HOST_UP]]


def test_what_nobody_wants_to_hear_is_no_news_when_somebody_does(telling: Telling) -> None:
    assert Events(telling, None).round() == 2
    bus: Any = Bus()
    assert Events(telling, bus).round() == 0
