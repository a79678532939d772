# SPDX-License-Identifier: Apache-2.0
"""From the daemon to the disk and on to the bus, step by step."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.notifications import Batch, Notification, Position
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.drivers.fake_notifications import Said
from collectd_mgr.publisher.courier import Courier
from collectd_mgr.publisher.feeder import Feeder
from collectd_mgr.publisher.segment import Entry
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.rpc.confirmed import NotSent
from tests.waiting import PATIENCE


def said(message: str, **parts: Any) -> Notification:
    return Notification("warning", message, time.time(), **{"host": "h", "plugin": "cpu", "type": "cpu", **parts})


class Daemon:
    """Its notifications, and what was asked of it."""

    def __init__(self) -> None:
        self.said = Said()
        self.positions: list[Position] = []

    def read(self, position: Position, limit: int, wait: float) -> Batch:
        self.positions.append(position)
        return self.said.read(position, limit, min(wait, 0.01))


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


def spooled(spool: Spool) -> list[dict[str, Any]]:
    return [dict(entry.data) for entry in spool.reader("test").peek(1000)]


def test_in_order_and_each_once_over_agents(tmp_path: Path, daemon: Daemon) -> None:
    for agent in range(3):
        spool = Spool(tmp_path, LEAST)
        feeder = Feeder(daemon.read, spool, dict)
        for n in range(5):
            daemon.said.add(said(f"{agent}.{n}"))
            if n % 2:
                feeder.round()
        feeder.round()
    assert [row["message"] for row in spooled(spool)] == [f"{agent}.{n}" for agent in range(3) for n in range(5)]


def test_one_that_was_killed_after_it_wrote_takes_nothing_twice(tmp_path: Path, daemon: Daemon) -> None:
    daemon.said.add(said("a"))
    Feeder(daemon.read, Spool(tmp_path, LEAST), dict).round()
    daemon.said.add(said("b"))
    spool = Spool(tmp_path, LEAST)
    Feeder(daemon.read, spool, dict).round()
    assert [row["message"] for row in spooled(spool)] == ["a", "b"]


def test_a_full_disk_leaves_them_where_they_are(tmp_path: Path, daemon: Daemon) -> None:
    spool = Spool(tmp_path, LEAST)
    feeder = Feeder(daemon.read, spool, dict)
    daemon.said.add(said("a"))
    directory = next(iter([tmp_path]))
    directory.chmod(0o700)
    for path in directory.iterdir():
        path.unlink()
    tmp_path.rmdir()
    with pytest.raises(OSError):
        feeder.round()
    tmp_path.mkdir()
    feeder.round()
    assert [row["message"] for row in spooled(spool)] == ["a"]


def test_a_flood_of_the_same_becomes_one_with_a_count(tmp_path: Path, daemon: Daemon) -> None:
    spool = Spool(tmp_path, LEAST)
    for n in range(300):
        daemon.said.add(said("same", plugin=f"p{n % 3}"))
    daemon.said.add(said("other"))
    Feeder(daemon.read, spool, dict).round()
    rows = spooled(spool)
    assert [(row["plugin"], row["count"]) for row in rows] == [("p0", 100), ("p1", 100), ("p2", 100), ("cpu", 1)]
    assert rows[0]["since"] < rows[0]["time"]


def test_muted_ones_are_kept_and_marked(tmp_path: Path, daemon: Daemon) -> None:
    spool = Spool(tmp_path, LEAST)
    mutes = {
        "cpu": {"identifier": "*/cpu*/*"},
        "okay": {"severities": ["okay"]},
    }
    daemon.said.add(said("a"))
    daemon.said.add(said("b", plugin="df"))
    Feeder(daemon.read, spool, lambda: mutes).round()
    assert [row["muted"] for row in spooled(spool)] == ["cpu", None]


def test_what_the_daemon_dropped_is_counted(tmp_path: Path) -> None:
    batches = [Batch("s", 11, (said("a"),), 10), Batch("s", 15, (said("b"),), 13), Batch("t", 3, (said("c"),), 2)]
    feeder = Feeder(lambda *_: batches.pop(0), Spool(tmp_path, LEAST), dict)
    for expected in (10, 13, 15):
        feeder.round()
        assert feeder.dropped == expected


def test_what_an_earlier_agent_has_taken_is_not_lost(tmp_path: Path, daemon: Daemon) -> None:
    """The next one may begin with an empty directory."""
    first = Feeder(daemon.read, Spool(tmp_path / "first", LEAST), dict)
    for message in "ab":
        daemon.said.add(said(message))
        first.round()
    first.round()  # Says that it has them.
    daemon.said.add(said("c"))
    following = Feeder(daemon.read, spool := Spool(tmp_path / "second", LEAST), dict)
    following.round()
    assert [row["message"] for row in spooled(spool)] == ["c"]
    assert (first.dropped, following.dropped) == (0, 0)


def test_secrets_do_not_get_into_a_message(tmp_path: Path, daemon: Daemon) -> None:
    spool = Spool(tmp_path, LEAST)
    meta = {"line": "https://me:hunter2@example.org/", "CurrentValue": 1.5, "whole": True}
    daemon.said.add(said('connect failed: Password "hunter2"', meta=meta))
    Feeder(daemon.read, spool, dict).round()
    (row,) = spooled(spool)
    assert "hunter2" not in str(row)
    assert row["meta"] == {**meta, "line": "https://********@example.org/"}


class Bus:
    """Takes what it is given, unless it is away."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.away = False

    def send(self, entries: Sequence[Entry]) -> None:
        if self.away:
            raise NotSent("away")
        self.taken += [entry.data["n"] for entry in entries]


def test_what_the_bus_does_not_take_is_sent_again_in_order(tmp_path: Path) -> None:
    spool, bus = Spool(tmp_path, LEAST), Bus()
    courier = Courier(spool.reader("a"), bus.send, batch=10)
    spool.append([{"n": n} for n in range(25)])
    assert courier.round() == 10
    bus.away = True
    assert (courier.round(), courier.round()) == (0, 0)
    bus.away = False
    assert [courier.round() for _ in range(3)] == [10, 5, 0]
    assert bus.taken == list(range(25))


def test_a_daemon_that_is_away_does_not_end_it(tmp_path: Path, daemon: Daemon) -> None:
    spool, stop, calls = Spool(tmp_path, LEAST), threading.Event(), iter(range(100))

    def read(position: Position, limit: int, wait: float) -> Batch:
        if next(calls) == 0:
            raise exception.DaemonUnreachable(maybe_executed=False)
        return daemon.read(position, limit, wait)

    daemon.said.add(said("a"))
    thread = threading.Thread(target=Feeder(read, spool, dict).run, args=(stop,))
    thread.start()
    spool.wait(spool.reader("test").number, PATIENCE)
    stop.set()
    thread.join(PATIENCE)
    assert [row["message"] for row in spooled(spool)] == ["a"]


def test_a_daemon_that_ends_without_handing_on_is_counted(tmp_path: Path) -> None:
    batches = [Batch("s", 1, (said("a"),)), Batch("s", 2), Batch("t", 1), Batch("t", 1, (said("b"),)), Batch("u", 1)]
    feeder = Feeder(lambda *_: batches.pop(0), Spool(tmp_path, LEAST), dict)
    counts = []
    while batches:
        feeder.round()
        counts.append(feeder.cut_off)
    assert counts == [0, 0, 1, 1, 2]
    assert feeder.dropped == 0
