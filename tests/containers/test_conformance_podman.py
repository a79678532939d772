# SPDX-License-Identifier: Apache-2.0
"""The replace driver keeps the contract of a driver where each instance is a container of podman's.

The live driver does so in test_conformance_live.py, the restart driver in test_conformance_restart.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collectd_mgr.testing.suite.changes import *  # noqa: F403
from collectd_mgr.testing.suite.daemon import *  # noqa: F403
from collectd_mgr.testing.suite.failures import *  # noqa: F403
from collectd_mgr.testing.suite.notifications import *  # noqa: F403
from collectd_mgr.testing.suite.reads import *  # noqa: F403
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import real_rig
from collectd_mgr.testing.suite.settings import *  # noqa: F403
from tests.collectd.containers import contained
from tests.collectd.replacing import replacing


@pytest.fixture
def rig() -> Iterator[Rig]:
    with real_rig(replacing, contained) as rig:
        yield rig
