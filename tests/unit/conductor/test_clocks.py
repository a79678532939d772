# SPDX-License-Identifier: Apache-2.0
"""Whose clock is measured."""

from __future__ import annotations

import time
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.conductor.clocks import ClockWatch
from collectd_mgr.domain import clock
from collectd_mgr.rpc.status import Reports


class Measurements:
    """In the place of errands and of clocks: what is asked for is done at once."""

    def __init__(self) -> None:
        self.state, self.measured, self.answers = clock.GOOD, 0, True

    def run(self, _kind: str, host: str, errand: Any) -> None:
        try:
            errand(host)
        except exception.AgentUnreachable:
            return

    def measure(self, _host: str, timeout: float) -> Any:
        self.measured += 1
        if not self.answers:
            raise exception.AgentUnreachable
        return self


@pytest.fixture
def done() -> Measurements:
    return Measurements()


class Watch:
    def __init__(self, done: Any) -> None:
        self.time = 1000.0
        self._watch = ClockWatch(done, done, 1.0, lambda: self.time, lambda: self.time)

    def hear(self, after: float, offset: float = 0.0) -> None:
        self.time += after
        self._watch.look(Reports(sent={"a": self.time + offset}))


def test_a_new_host_is_measured_and_a_good_one_seldom(done: Measurements) -> None:
    watch = Watch(done)
    for _ in range(80):
        watch.hear(after=10)
    assert done.measured == 1
    watch.hear(after=200)
    assert done.measured == 2


@pytest.mark.parametrize("offset", [0.5, 60.0, -60.0])
def test_a_message_of_the_future_or_of_long_ago_gives_reason(done: Measurements, offset: float) -> None:
    watch = Watch(done)
    watch.hear(after=0)
    watch.hear(after=31, offset=offset)
    assert done.measured == 2


def test_one_that_was_off_is_looked_at_until_it_is_good(done: Measurements) -> None:
    watch, done.state = Watch(done), clock.AHEAD
    for _ in range(3):
        watch.hear(after=31)
    assert done.measured == 3
    done.state = clock.GOOD
    for _ in range(3):
        watch.hear(after=31)
    assert done.measured == 4


def test_one_that_does_not_answer_is_not_asked_at_every_heartbeat(done: Measurements) -> None:
    watch, done.answers = Watch(done), False
    for _ in range(10):
        watch.hear(after=5)
    assert done.measured == 2


def test_a_conductor_that_knows_nobody_does_not_ask_everybody_at_once() -> None:
    waiting: list[str] = []

    class Queue:
        def run(self, _kind: str, host: str, _errand: Any) -> None:
            waiting.append(host)

    watch = ClockWatch(Measurements(), Queue(), 1.0)  # type: ignore[arg-type]
    for _ in range(2):
        watch.look(Reports(sent={f"h{n}": time.time() for n in range(1000)}))
    assert len(waiting) == 8
