# SPDX-License-Identifier: Apache-2.0
"""Who waits wants what he asked for to be in effect."""

from __future__ import annotations

import pytest

from collectd_mgr.cli.changes import ended_badly
from collectd_mgr.domain.operations import FAILED, STATES, SUCCEEDED


@pytest.mark.parametrize("state", STATES)
def test_only_a_success_is_one_for_who_waited(state: str) -> None:
    assert ended_badly({"state": state}, waited=True) == (state != SUCCEEDED)
    assert ended_badly({"state": state}, waited=False) == (state == FAILED)
