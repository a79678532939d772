# SPDX-License-Identifier: Apache-2.0
"""A collectd that somebody else starts comes and goes as the contract of a driver has it.

What the live driver does to it while it runs is what it does to any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import capabilities
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.real import RealDriver
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.changes import CPU
from collectd_mgr.testing.suite.daemon import *  # noqa: F403
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import real_rig


def attached(settings: DriverSettings) -> LiveDriver:
    """The driver does not know that it is a child of the test's."""
    return LiveDriver(dataclasses.replace(settings, daemon="attached"))


@pytest.fixture
def rig() -> Iterator[Rig]:
    with real_rig(attached) as rig:
        yield rig


@pytest.mark.parametrize(
    ("kind", "daemon"), [(ReplaceDriver, "attached"), (ReplaceDriver, "commands"), (RestartDriver, "attached")]
)
def test_a_new_process_is_its_owners_business(kind: type[RealDriver], daemon: str) -> None:
    """So these can bring it to nothing, and cannot have the suite."""
    with real_rig(lambda settings: kind(dataclasses.replace(settings, daemon=daemon))) as rig:
        offer = rig.driver.offer()
        assert offer.capabilities == set(capabilities.READS)
        order = rig.order(rig.goal({"cpu": CPU}))
        error = rig.refuses(order, exception.NotCapable)
        assert error.kwargs["capability"] in offer.missing
