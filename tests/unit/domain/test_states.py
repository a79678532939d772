# SPDX-License-Identifier: Apache-2.0
"""What is said of states that are lost."""

from __future__ import annotations

from collectd_mgr.domain import states

FOUND = {"h/a/x": [1, 0], "h/b/x": [3, 2], "h/c/x": [2, 0]}


def test_those_that_raised_an_alarm_are_named() -> None:
    (said,) = states.lost(FOUND)
    assert said == (
        "What thresholds had found of 3 metrics begins anew: "
        "1 in state failure (h/b/x) and 1 in state warning (h/c/x); "
        "what is so yet raises its alarm once more."
    )


def test_without_an_alarm_that_is_said() -> None:
    assert states.lost(FOUND, ["h/a/x"]) == (
        "What thresholds had found of one metric begins anew: no alarm was raised.",
    )


def test_nothing_is_said_of_nothing() -> None:
    assert states.lost({}) == states.lost(FOUND, []) == states.lost(FOUND, ["h/z/x"]) == ()


def test_a_name_that_is_no_utf_8_goes_to_every_log() -> None:
    (said,) = states.lost({"h/caf\udce9/x": [3, 2]})
    assert "(h/caf\N{REPLACEMENT CHARACTER}/x)" in said


def test_of_many_some_are_named() -> None:
    (said,) = states.lost({f"h/p/x-{number}": [3, 0] for number in range(9)})
    assert "9 in state failure (h/p/x-0, h/p/x-1, h/p/x-2, h/p/x-3, h/p/x-4 …)" in said
