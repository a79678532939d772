# SPDX-License-Identifier: Apache-2.0
"""A setting is judged beside all that it may be in force with."""

from __future__ import annotations

import time
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.control import edits
from collectd_mgr.control.edits import Desired
from collectd_mgr.control.sections import check_beside
from collectd_mgr.db.models import Host
from collectd_mgr.domain import thresholds
from collectd_mgr.domain.leases import granted

LOAD = {"type": "load", "failure_max": 5.0}
OTHER = {**LOAD, "plugin": "load"}


def check(desired: Desired, name: str, setting: Any) -> None:
    check_beside(Host(name="c1"), desired, "thresholds", {name: setting}, thresholds.check)


def test_what_lies_below_a_lease_comes_back_when_it_ends() -> None:
    lease = edits.lease_setting("thresholds", "a", OTHER, granted(60, time.time()))
    desired = lease(edits.set_setting("thresholds", "a", LOAD)(Desired()))
    with pytest.raises(exception.BadSetting):
        check(desired, "b", LOAD)
    with pytest.raises(exception.BadSetting):
        check(desired, "b", OTHER)
    check(desired, "b", {**LOAD, "type": "memory"})
    check(desired, "a", OTHER)


def test_what_is_taken_away_at_the_same_time_is_in_nobodys_way() -> None:
    """As ``host preview`` asks; another name for the same would be refused."""
    desired = edits.set_setting("thresholds", "a", LOAD)(Desired())
    check_beside(Host(name="c1"), desired, "thresholds", {"a": None, "b": LOAD}, thresholds.check)
    with pytest.raises(exception.BadSetting):
        check(desired, "b", LOAD)
