# SPDX-License-Identifier: Apache-2.0
"""The state table and the only way through it."""

from __future__ import annotations

import itertools

import pytest

from collectd_mgr.domain import operations
from collectd_mgr.domain.operations import (
    APPLIED,
    APPLYING,
    FAILED,
    PENDING,
    QUEUED,
    STATES,
    SUCCEEDED,
    SUPERSEDED,
    settle,
)
from collectd_mgr.domain.spec import Generation

WANTED = Generation("e", 5)


@pytest.mark.parametrize(
    ("reported", "outcome", "expected"),
    [
        (None, None, PENDING),
        (Generation("other", 9), APPLIED, PENDING),
        (Generation("e", 4), APPLIED, PENDING),
        (Generation("e", 5), APPLYING, APPLYING),
        (Generation("e", 5), APPLIED, SUCCEEDED),
        (Generation("e", 5), FAILED, FAILED),
        (Generation("e", 6), APPLIED, SUPERSEDED),
        (Generation("e", 6), FAILED, PENDING),
        (Generation("e", 6), APPLYING, PENDING),
    ],
)
def test_settle_from_pending(reported: Generation | None, outcome: str | None, expected: str) -> None:
    assert settle(PENDING, WANTED, reported, outcome) == expected


def test_a_final_state_stays_whatever_comes() -> None:
    finals = [state.name for state in STATES.values() if state.final]
    for state, n, outcome in itertools.product(finals, (4, 5, 6), operations.OUTCOMES):
        if (state, n, outcome) == (SUCCEEDED, 5, FAILED):
            continue
        assert settle(state, WANTED, Generation("e", n), outcome) == state


def test_what_others_asked_for_besides_is_no_reason_to_fail() -> None:
    later = Generation("e", 6)
    assert settle(PENDING, WANTED, WANTED, FAILED, alone=False) == PENDING
    assert settle(PENDING, WANTED, later, APPLIED, held=True) == SUCCEEDED
    assert settle(APPLYING, WANTED, later, FAILED, held=True) == APPLYING


def test_what_is_to_be_tried_alone_is_settled_by_no_report_of_what_it_wanted_before() -> None:
    for n, outcome in itertools.product((4, 5, 6), operations.OUTCOMES):
        assert settle(QUEUED, WANTED, Generation("e", n), outcome, held=True) == QUEUED


def test_a_death_soon_after_takes_a_success_back() -> None:
    assert settle(SUCCEEDED, WANTED, WANTED, FAILED) == FAILED


def test_an_old_applying_report_does_not_go_back() -> None:
    assert settle(APPLYING, WANTED, WANTED, APPLYING) == APPLYING
    assert settle(SUCCEEDED, WANTED, WANTED, APPLYING) == SUCCEEDED


def test_the_table_leads_only_to_its_own_states() -> None:
    for state in STATES.values():
        assert state.meaning.endswith(".")
        assert set(state.leads_to) <= set(STATES)
