# SPDX-License-Identifier: Apache-2.0
"""Notifications: what is put in comes out, in order, until it is said to be safe."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import capabilities
from collectd_mgr.domain.notifications import FAILURE, OKAY, Notification, Position
from collectd_mgr.testing.suite.rig import Rig

__all__ = ["test_notifications_come_out_in_order_until_they_are_safe"]

#: A type that every types.db has.
_SAID = Notification(FAILURE, "one", plugin="suite", type="gauge")


def test_notifications_come_out_in_order_until_they_are_safe(rig: Rig) -> None:
    rig.reach(rig.goal())
    if not rig.declares(capabilities.NOTIFICATIONS):
        with pytest.raises(exception.NotCapable):
            rig.driver.notifications(Position(), 10, 0)
        return
    for said in (_SAID, Notification(OKAY, "two", plugin="suite", type="gauge")):
        rig.driver.notify(said, "req-suite")
    batch = rig.driver.notifications(Position(), 100, 5)
    ours = [row for row in batch.rows if row.plugin == "suite"]
    assert [(row.severity, row.message) for row in ours] == [(FAILURE, "one"), (OKAY, "two")]
    assert all(row.time > 0 for row in ours)
    again = rig.driver.notifications(Position(), 100, 0)
    assert (again.stream, again.first, again.rows[: len(batch.rows)]) == (batch.stream, batch.first, batch.rows)
    assert rig.driver.notifications(batch.position, 100, 0).first == batch.position.after + 1
