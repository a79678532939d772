# SPDX-License-Identifier: Apache-2.0
"""A collectd that is a unit of a real systemd comes and goes as the contract of a driver has it.

What the drivers do to it while it runs is what they do to any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.real import RealDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.changes import test_many_changes_in_one_order
from collectd_mgr.testing.suite.daemon import *  # noqa: F403
from collectd_mgr.testing.suite.rig import Rig
from tests.collectd.replacing import replacing
from tests.collectd.units import unit_host
from tests.systemd import Systemd

__all__ = ["test_many_changes_in_one_order"]

#: Seconds: one that is dead stays so while the suite looks at it.
_PAUSE = 3600.0

Kind = Callable[[DriverSettings], RealDriver]


@pytest.fixture(scope="module")
def systemd() -> Iterator[Systemd]:
    with Systemd() as systemd:
        yield systemd


@pytest.fixture(params=[replacing, RestartDriver])
def rig(systemd: Systemd, request: pytest.FixtureRequest) -> Iterator[Rig]:
    kind: Kind = request.param
    with unit_host(systemd, kind, _PAUSE) as host:
        yield host.rig()
