# SPDX-License-Identifier: Apache-2.0
"""A flood collapses into counts, and the last word on a metric stays the last."""

from __future__ import annotations

from dataclasses import replace

from collectd_mgr.domain.notifications import Notification, collapsed

FAILURE = Notification(severity="failure", time=1.0, message="too hot", plugin="sensors", type="temperature")


def test_what_is_said_again_is_counted() -> None:
    (one,) = collapsed([FAILURE, replace(FAILURE, time=2.0), replace(FAILURE, time=3.0)])
    assert (one.count, one.began, one.time) == (3, 1.0, 3.0)


def test_what_came_in_between_is_not_passed_over() -> None:
    okay = replace(FAILURE, severity="okay", message="cool", time=2.0)
    said = collapsed([FAILURE, okay, replace(FAILURE, time=3.0)])
    assert [(each.severity, each.count, each.time) for each in said] == [
        ("failure", 1, 1.0),
        ("okay", 1, 2.0),
        ("failure", 1, 3.0),
    ]


def test_another_metric_in_between_is_no_matter() -> None:
    said = collapsed([FAILURE, replace(FAILURE, plugin="ipmi"), replace(FAILURE, time=3.0)])
    assert [(each.plugin, each.count) for each in said] == [("sensors", 2), ("ipmi", 1)]
