# SPDX-License-Identifier: Apache-2.0
"""The end of a lease waits on the disk until the bus has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collectd_mgr.domain.events import About
from collectd_mgr.domain.spec import Layer, PluginSetting
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher.ends import Ends
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.rpc.confirmed import NotSent
from collectd_mgr.rpc.telemetry import Telemetry


class Bus(Telemetry):
    """A bus that may be away."""

    def __init__(self) -> None:
        self.away = True
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    def send(self, event_type: str, payload: Mapping[str, Any]) -> None:
        if self.away:
            raise NotSent("away")
        self.sent.append((event_type, payload))


def ends(directory: Path) -> Ends:
    return Ends(Spool(directory, LEAST), About("h1", "p1"))


def test_over_the_bus_and_the_agent(tmp_path: Path) -> None:
    bus = Bus()
    first = ends(tmp_path)
    courier = first.courier(bus)
    first.tell(Layer("lease:1", {"cpu": PluginSetting(True)}))
    assert courier.round() == 0
    second = ends(tmp_path)
    second.tell(Layer("lease:2", sections={"mutes": {"noise": {}}}))
    courier = second.courier(bus)
    bus.away = False
    while courier.round():
        pass
    told = [
        (type_, *(payload[key] for key in ("lease", "plugin", "section", "setting"))) for type_, payload in bus.sent
    ]
    assert told == [
        ("collectd_mgr.lease.ended", "lease:1", "cpu", "", ""),
        ("collectd_mgr.lease.ended", "lease:2", "", "mutes", "noise"),
    ]
    assert second.facts()["readers"]["telemetry"] == {"waiting": 0, "dropped": 0}


def test_told_twice_it_is_the_same_event(tmp_path: Path) -> None:
    bus = Bus()
    bus.away = False
    told = ends(tmp_path)
    courier = told.courier(bus)
    for lease in ("lease:1", "lease:1", "lease:2"):
        told.tell(Layer(lease, {"cpu": PluginSetting(True)}))
        courier.round()
    first, again, other = (payload["id"] for _, payload in bus.sent)
    assert first == again != other


def test_a_full_disk_does_not_hold_up_the_end(tmp_path: Path) -> None:
    told = ends(tmp_path / "leases")
    (tmp_path / "leases").rmdir()
    told.tell(Layer("lease:1", {"cpu": PluginSetting(True)}))
    assert told.facts()["lost"] == 1
