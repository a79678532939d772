# SPDX-License-Identifier: Apache-2.0
"""The driver of tinyd keeps the contract: ``pytest test_conformance.py``, where both packages are installed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from collectd_mgr_tinyd import daemon

from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers import ladder
from collectd_mgr.drivers.base import Driver, DriverSettings
from collectd_mgr.testing.suite.changes import *  # noqa: F403
from collectd_mgr.testing.suite.daemon import *  # noqa: F403
from collectd_mgr.testing.suite.failures import *  # noqa: F403
from collectd_mgr.testing.suite.notifications import *  # noqa: F403
from collectd_mgr.testing.suite.reads import *  # noqa: F403
from collectd_mgr.testing.suite.rig import Rig, await_
from collectd_mgr.testing.suite.rigs import settings_in
from collectd_mgr.testing.suite.settings import *  # noqa: F403

#: What the operator of the host has tinyd collect.
ORIGIN = {"load": PluginGoal(True, origin="host")}


class Host:
    """A tinyd, handled behind the driver's back."""

    def __init__(self, settings: DriverSettings) -> None:
        self.settings = settings
        self.managed = Path(settings.managed_dir) / "tinyd.json"
        self.managed.parent.mkdir()
        own = {name: goal.to_dict() for name, goal in ORIGIN.items()}
        Path(settings.config_file).write_text(json.dumps(own))

    def driver(self) -> Driver:
        """By its entry point, as the agent has it."""
        (driver,) = ladder.load(["tinyd"], self.settings)
        return driver

    def start(self) -> None:
        files = [self.settings.config_file, str(self.managed), self.settings.socket]
        # It needs the standard library alone.
        self.process = subprocess.Popen([sys.executable, "-IS", daemon.__file__, self.settings.host, *files])
        await_(lambda: self.driver().observe().pid == self.process.pid)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def again(self) -> None:
        self.kill()
        self.start()

    def disk(self) -> str:
        return self.managed.read_text() if self.managed.exists() else ""


@pytest.fixture
def rig() -> Iterator[Rig]:
    with tempfile.TemporaryDirectory(prefix="tinyd-", dir="/tmp") as directory:
        host = Host(settings_in(Path(directory), daemon="attached"))
        host.start()
        yield Rig(host.driver(), ORIGIN, {"NoSuchOption": True}, host.driver, host.kill, host.again, host.disk)
        host.kill()
