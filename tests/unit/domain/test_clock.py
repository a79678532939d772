# SPDX-License-Identifier: Apache-2.0
"""Offsets, their bounds, and what collectd makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.domain import clock
from collectd_mgr.domain.clock import Exchange, Reading, TimeReport

NOW = 1_800_000_000.0
READING = Reading(NOW, NOW, 5.0, 6.0, "b", 10.0)

_way = st.floats(0, 30)
_offset = st.floats(-1e5, 1e5)


@given(offset=_offset, there=_way, work=_way, back=_way)
def test_the_offset_is_right_to_within_its_error(offset: float, there: float, work: float, back: float) -> None:
    sent, received = 0.0, there + offset
    exchange = Exchange(sent, received, received + work, there + work + back)
    assert abs(exchange.offset - offset) <= exchange.error + 1e-6
    assert exchange.delay == pytest.approx(there + back, abs=1e-6)


def test_even_ways_give_the_offset_itself() -> None:
    assert Exchange(100.0, 105.5, 106.0, 101.5).offset == 5.0


def test_a_delay_is_never_negative() -> None:
    assert Exchange(0.0, 0.0, 2.0, 1.0).delay == 0.0


@given(interval=st.floats(0.01, 1000), age=st.floats(0, 1e5))
def test_the_next_read_is_within_one_interval(interval: float, age: float) -> None:
    line = clock.grid_line("cpu", interval, NOW - age, NOW)
    assert line.next is not None
    assert -1e-3 <= line.next - NOW <= interval + 1e-3


@pytest.mark.parametrize("last", [None, 0.0, NOW + 1])
def test_what_was_not_seen_or_is_of_the_future_says_nothing_of_the_next_read(last: float | None) -> None:
    assert clock.grid_line("cpu", 10.0, last, NOW).next is None


class TestState:
    def of(self, offset: float, error: float = 0.0, **changes: object) -> str:
        way = 2 * error
        exchange = Exchange(0.0, offset + error, offset + error, way)
        return clock.state(exchange, replace(READING, **changes))  # type: ignore[arg-type]

    def test_less_than_an_interval_loses_nothing(self) -> None:
        assert self.of(9.9) == self.of(-9.9) == self.of(0.0) == clock.GOOD

    def test_an_interval_or_more(self) -> None:
        assert (self.of(10.0), self.of(-10.0)) == (clock.AHEAD, clock.BEHIND)
        assert self.of(1.5, interval=1.0) == clock.AHEAD

    def test_what_may_be_good_within_the_error_is(self) -> None:
        assert self.of(12.0, error=2.5) == clock.GOOD
        assert self.of(13.0, error=2.5) == clock.AHEAD

    def test_a_daemon_with_values_of_the_future_refuses_now(self) -> None:
        assert self.of(0.0, future=1, until=NOW + 60) == clock.REFUSING


@pytest.mark.parametrize(
    ("ahead", "found"),
    [
        ({"cpu": 9, "load": 1}, True),
        # A disk that was taken away just before has an old time.
        ({"cpu": 9, "load": 1, "df": 4, "memory": 0}, True),
        ({"cpu": 4, "load": 0}, False),
        ({"cpu": 9, "load": 0}, False),
        ({"load": 1}, True),
        ({}, False),
    ],
)
def test_a_clock_that_was_set_back_is_so_for_more_than_one_plugin(ahead: dict[str, int], found: bool) -> None:
    sizes = {"cpu": 9, "df": 5, "load": 1, "memory": 4}
    times = {
        name: [NOW + 60.0 if n < count else NOW - 3.0 for n in range(sizes[name])] for name, count in ahead.items()
    }
    late = clock.set_back(times, NOW)
    assert (bool(late), set(late) <= {NOW + 60.0}) == (found, True)


def test_doubt() -> None:
    assert clock.suspect(sent=10.1, heard=10.0, held=2.0)
    assert clock.suspect(sent=7.0, heard=10.0, held=2.0)
    assert not clock.suspect(sent=9.0, heard=10.0, held=2.0)


def test_a_reading_crosses() -> None:
    service = TimeReport("chrony", True, "192.0.2.1", 3, -0.5, 0.01, NOW - 3)
    reading = replace(READING, service=service, grid=(clock.grid_line("cpu", 10.0, NOW - 3, NOW).to_dict(),))
    assert Reading.from_dict(reading.to_dict()) == reading
    assert Reading.from_dict(READING.to_dict()) == READING
