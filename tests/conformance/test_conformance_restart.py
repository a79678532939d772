# SPDX-License-Identifier: Apache-2.0
"""The restart driver on a real collectd keeps the contract of a driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.changes import *  # noqa: F403
from collectd_mgr.testing.suite.daemon import *  # noqa: F403
from collectd_mgr.testing.suite.failures import *  # noqa: F403
from collectd_mgr.testing.suite.notifications import *  # noqa: F403
from collectd_mgr.testing.suite.reads import *  # noqa: F403
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import real_rig
from collectd_mgr.testing.suite.settings import *  # noqa: F403


@pytest.fixture
def rig() -> Iterator[Rig]:
    with real_rig(RestartDriver) as rig:
        yield rig
