# SPDX-License-Identifier: Apache-2.0
"""The moments that part the samples of two instances: none is missing and none is there twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.domain import grammar, output
from collectd_mgr.domain.grammar import Item

INTERVALS = st.sampled_from([0.01, 0.1, 1.0, 10.0, 300.0])
PARTS = st.floats(0, 1, exclude_max=True)


def written(phase: float, interval: float, until: float = float("inf"), since: float = 0.0) -> list[float]:
    """The samples of an instance, of some rounds around the moment."""
    times = (phase + number * interval for number in range(-3, 8))
    return [time for time in times if since <= time < until]


@given(INTERVALS, PARTS, st.floats(-0.4, 0.4), st.floats(0, 3))
def test_a_sample_may_be_late_by_a_good_part_of_the_pause_or_a_second(
    interval: float, phase: float, shift: float, after: float
) -> None:
    last, theirs = 1000 + phase * interval, 1000 + (phase + shift) * interval
    moment = output.moments({"m": (last, interval)}, {"m": (theirs, interval)}, last + after * interval)["m"]
    guard = min((1 - abs(shift)) * interval * 0.4, 0.98)
    for time in (last, theirs):
        distance = (moment - time) % interval
        assert guard <= distance <= interval - guard


@given(st.lists(st.tuples(INTERVALS, PARTS), min_size=1, max_size=20), st.floats(0, 100))
def test_the_moments_of_all_are_close_together_where_their_phases_allow(
    found: list[tuple[float, float]], after: float
) -> None:
    old = {str(number): (1000 + phase * step, step) for number, (step, phase) in enumerate(found)}
    moments = output.moments(old, old, 1000 + after)
    spread = max(moments.values()) - min(moments.values())
    assert spread <= max(step for step, _ in found) / 2 + 0.01
    if len({phase for _, phase in found}) == 1 and len({step for step, _ in found}) == 1:
        assert spread == 0


def test_no_more_is_tried_where_there_are_many_rhythms() -> None:
    rhythms = {output._Rhythm(number / 1000, 10.0, 0.0) for number in range(5000)}
    few = set(list(rhythms)[:20])
    assert len(output._beginnings(rhythms, 7.0, 10.0)) == 10
    assert sorted(output._beginnings(few, 7.0, 10.0)) == sorted(rhythm.moment(7.0, 0.5) for rhythm in few)


def test_metrics_of_one_instance_alone_have_no_moment() -> None:
    assert set(output.moments({"a": (0.0, 1.0), "b": (0.0, 1.0)}, {"b": (0.0, 1.0), "c": (0.0, 1.0)}, 5.0)) == {"b"}


def test_an_interval_that_is_not_known_leaves_the_moment_where_it_is() -> None:
    assert output.moments({"m": (3.0, 0.0)}, {"m": (3.5, 0.0)}, 7.0) == {"m": 7.0}


def test_lost_is_what_the_old_one_still_samples_and_the_new_one_does_not() -> None:
    old = {"stays": (99.0, 10.0), "gone": (99.0, 10.0), "stale": (70.0, 10.0)}
    assert list(output.lost(old, {"stays", "other"}, 100.0)) == ["gone"]


@pytest.mark.parametrize(
    ("text", "chain"),
    [("", "PostCache"), ('PostCacheChain "mine"\n', "mine"), ('PostCacheChain "a"\npostcachechain "b"\n', "b")],
)
def test_the_operators_chain(text: str, chain: str) -> None:
    assert output.operators_chain(grammar.parse(text)) == chain


def test_what_holds_a_new_instance_has_the_last_word() -> None:
    items = output.held((Item("Socket", ("/s",)), output.succeeds(7, "/seat", "PostCache", {"cpu": (10.0, 1.5)})))
    assert grammar.parse(grammar.render(items)) == items
    assert output.operators_chain((Item("PostCacheChain", ("mine",)), *items)) == output.HELD


def test_what_waits_is_what_is_sampled_meanwhile() -> None:
    assert output.waiting({}, 3.0) == 0
    assert output.waiting({"a": (0.0, 1.0), "b": (0.0, 10.0), "c": (0.0, 0.0)}, 3.0) == 4 + 2
