# SPDX-License-Identifier: Apache-2.0
"""Whom a mute silences."""

from __future__ import annotations

import pytest

from collectd_mgr.domain import mutes
from collectd_mgr.domain.notifications import Notification


@pytest.mark.parametrize(
    ("mute", "covered"),
    [({}, True), ({"severities": ["okay"]}, False), ({"severities": ["failure"]}, True), ({"severities": []}, False)],
    ids=str,
)
def test_a_mute_without_severities_means_all_and_one_with_none_means_none(
    mute: dict[str, object], covered: bool
) -> None:
    assert mutes.covers(mute, Notification(severity="failure", message="full", time=1.0)) == covered
