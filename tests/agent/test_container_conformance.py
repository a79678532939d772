# SPDX-License-Identifier: Apache-2.0
"""The drivers keep the contract of a driver on a collectd in a container, which its manager or the agent starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.changes import *  # noqa: F403
from collectd_mgr.testing.suite.daemon import *  # noqa: F403
from collectd_mgr.testing.suite.failures import *  # noqa: F403
from collectd_mgr.testing.suite.reads import *  # noqa: F403
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import Kind, real_rig
from tests.collectd.containers import contained
from tests.services.container import Container


@pytest.fixture(params=["commands", "podman"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """The live driver on the one, and the one that restarts on the other."""
    kind: Kind = LiveDriver if request.param == "commands" else RestartDriver
    made: list[Container] = []

    def commanded(settings: DriverSettings) -> DriverSettings:
        place = Path(settings.config_file).parent
        container = Container(["/usr/sbin/collectd", "-f", "-C", settings.config_file], [f"{place}:{place}"])
        made.append(container)
        return dataclasses.replace(
            settings,
            daemon="commands",
            start_command=container.start_command,
            stop_command=container.stop_command,
            log_command=container.log_command,
        )

    try:
        with real_rig(kind, commanded if request.param == "commands" else contained) as rig:
            yield rig
    finally:
        for container in made:
            container.remove()
