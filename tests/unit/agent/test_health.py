# SPDX-License-Identifier: Apache-2.0
"""What is said of a plugin."""

from __future__ import annotations

import pytest

from collectd_mgr.agent.health import Freshness, health
from collectd_mgr.domain.plan import RunningPlugin

ON = RunningPlugin(True, True)
OFF = RunningPlugin(True, False)


@pytest.mark.parametrize(
    ("running", "last_value", "metrics", "now", "said"),
    [
        (None, None, 0, 101.0, "off"),
        (RunningPlugin(False, False), None, 0, 101.0, "off"),
        (ON, None, 0, 101.0, "registered"),
        (ON, 99.0, 1, 101.0, "registered"),  # a value from before it was brought to this
        (ON, 100.5, 1, 101.0, "observed"),
        (ON, 100.5, 1, 120.0, "observed"),
        (ON, 100.5, 1, 121.0, "silent"),
        (ON, None, 0, 121.0, "silent"),
        (OFF, 99.0, 1, 101.0, "stopping"),
        (RunningPlugin(True, False, stopping=True), None, 0, 101.0, "stopping"),
        (OFF, None, 0, 101.0, "off"),
    ],
)
def test_health(running: RunningPlugin | None, last_value: float | None, metrics: int, now: float, said: str) -> None:
    assert health(running, Freshness(last_value, metrics, now), interval=10.0, since=100.0, now=now) == said


@pytest.mark.parametrize(
    ("last_value", "now", "said"),
    [
        (200.0, 191.0, "observed"),  # by less than an interval: the next value comes late
        (200.0, 150.0, "silent"),
        (200.0, 50.0, "silent"),
        (49.0, 50.0, "observed"),  # of another daemon, which was started since
        (None, 50.0, "silent"),
    ],
)
def test_a_value_from_before_the_clock_was_set_back_is_none_of_now(
    last_value: float | None, now: float, said: str
) -> None:
    assert health(ON, Freshness(last_value, 1, now), interval=10.0, since=100.0, now=now) == said


@pytest.mark.parametrize(("looked", "said"), [(120.0, "observed"), (121.0, "silent")])
def test_nobody_is_silent_for_the_time_since_the_cache_was_looked_at(looked: float, said: str) -> None:
    """Ten looks may be between two of the cache; what it has had meanwhile is not known."""
    assert health(ON, Freshness(100.5, 1, looked), interval=10.0, since=100.0, now=500.0) == said


def test_who_collects_nothing_is_not_silent() -> None:
    for now in (200.0, 50.0):
        assert health(ON, Freshness(looked=now), interval=10.0, since=100.0, now=now, collects=False) == "registered"
