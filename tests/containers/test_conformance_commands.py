# SPDX-License-Identifier: Apache-2.0
"""A collectd in a container that its manager starts, by commands, comes and goes as the contract of a driver has it.

What a driver does to it while it runs is what it does to any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.changes import test_many_changes_in_one_order
from collectd_mgr.testing.suite.daemon import *  # noqa: F403
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import real_rig
from tests.services.container import Container

__all__ = ["test_many_changes_in_one_order"]


@pytest.fixture(params=[LiveDriver, RestartDriver])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
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
        with real_rig(request.param, commanded) as rig:
            yield rig
    finally:
        for container in made:
            container.remove()
