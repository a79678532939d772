# SPDX-License-Identifier: Apache-2.0
"""The parts of a conductor, each alone."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.conductor.errands import Errands
from collectd_mgr.conductor.lost import Lost
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.rpc.ping import Ping
from tests.unit.rpc.buses import rpc_bus
from tests.waiting import PATIENCE


class TestErrands:
    def test_one_of_a_kind_for_a_host(self) -> None:
        errands, gate = Errands(2), threading.Event()
        done: list[str] = []

        def slow(host: str) -> None:
            gate.wait(PATIENCE)
            done.append(host)

        assert errands.run("send", "a", slow)
        assert not errands.run("send", "a", done.append)
        assert errands.run("ask", "a", done.append)
        assert errands.run("send", "b", done.append)
        gate.set()
        errands.stop()
        assert sorted(done) == ["a", "a", "b"]

    def test_one_that_fails_spoils_nothing(self) -> None:
        def fail(host: str) -> None:
            raise exception.AgentUnreachable(host) if host == "a" else ZeroDivisionError

        errands, done = Errands(1), threading.Event()
        errands.run("send", "a", fail)
        errands.run("send", "b", fail)
        errands.run("send", "c", lambda _: done.set())
        assert done.wait(PATIENCE)
        errands.stop()

    def test_the_end_does_not_wait_for_a_host_that_does_not_answer(self) -> None:
        errands, never = Errands(1), threading.Event()
        errands.run("send", "a", lambda _: never.wait(PATIENCE))
        began = time.monotonic()
        errands.stop()
        assert time.monotonic() - began < PATIENCE / 2
        never.set()


class Silence:
    """A control that knows one silent host, and a bus that is there or not."""

    def __init__(self) -> None:
        self.time, self.on_the_bus, self.stores = 0.0, True, True
        self.set_by = 0.0
        self.asked: list[datetime] = []

    def comes_back(self, timeout: float) -> bool:
        return self.on_the_bus

    def lose(self, since: datetime) -> list[str]:
        self.asked.append(since)
        if not self.stores:
            raise exception.DatabaseUnreachable
        return ["a"]

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time + self.set_by)


class TestLost:
    def looks(self, silence: Any, *times: float) -> list[list[str]]:
        lost = Lost(silence, silence, 30.0, lambda: silence.time)
        found = []
        for silence.time in times:
            found.append(lost.look())
        return found

    def test_only_after_having_listened_as_long(self) -> None:
        assert self.looks(Silence(), 0, 15, 29, 30) == [[], [], [], ["a"]]

    def test_an_absence_of_its_own_begins_the_time_anew(self) -> None:
        silence: Any = Silence()
        lost = Lost(silence, silence, 30.0, lambda: silence.time)
        lost.look()
        silence.time, silence.on_the_bus = 20.0, False
        lost.look()
        silence.time, silence.on_the_bus = 40.0, True
        assert lost.look() == []
        silence.time = 70.0
        assert lost.look() == ["a"]

    def test_while_nothing_can_be_stored_nobody_is_heard(self) -> None:
        silence: Any = Silence()
        lost = Lost(silence, silence, 30.0, lambda: silence.time)
        lost.look()
        silence.time, silence.stores = 40.0, False
        with pytest.raises(exception.DatabaseUnreachable):
            lost.look()
        silence.time, silence.stores = 45.0, True
        assert lost.look() == []
        silence.time = 75.0
        assert lost.look() == ["a"]

    @pytest.mark.parametrize("by", [60.0, -60.0])
    def test_a_wall_clock_that_is_set_calls_nobody_down(self, by: float) -> None:
        """Who was heard by the time of before seems silent for as long as that is."""
        silence: Any = Silence()
        lost = Lost(silence, silence, 30.0, lambda: silence.time)
        lost.look()
        silence.time, silence.set_by = 40.0, by
        assert lost.look() == []
        for silence.time in (45.0, 74.0):
            assert lost.look() == []
        assert silence.asked == []
        silence.time = 75.0
        assert lost.look() == ["a"]

    def test_three_heartbeats_missed(self) -> None:
        assert 30 < ConductorSettings(heartbeat_interval=10).window < 40


def test_a_call_to_oneself_comes_back_and_not_after_the_end() -> None:
    ping = Ping(rpc_bus())
    assert not ping.comes_back(0.1)
    ping.start()
    assert ping.comes_back(PATIENCE)
    ping.stop()
    assert not ping.comes_back(0.1)
