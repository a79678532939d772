# SPDX-License-Identifier: Apache-2.0
"""The managed file, compared with what it is to be."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain import managed
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.process import look
from collectd_mgr.testing.suite.rigs import settings_in
from tests.unit.drivers.standin import Extension
from tests.waiting import eventually

GOAL = Goal({"oracle": PluginGoal(True, config={"Database": {"args": ["d"], "ConnectID": "orcl/s3cret"}})})


@pytest.fixture
def collectd(tmp_path: Path) -> Collectd:
    state, conf, directory, socket = (str(tmp_path / name) for name in ("state", "conf", "managed", "socket"))
    return Collectd(DriverSettings("c1", state, conf, directory, socket))


def test_a_difference_tells_no_secret(collectd: Collectd) -> None:
    collectd.at_next_start(Goal(), "e/1")
    found = collectd.difference(GOAL, "e/2")
    assert any("ConnectID" in line for line in found.lines)
    assert {(each.plugin, each.change) for each in found.plugins} == {("oracle", "loaded")}
    assert "s3cret" not in str(found)
    collectd.at_next_start(GOAL, "e/2")
    assert not collectd.difference(GOAL, "e/2")


def test_what_is_the_same_is_so_until_the_file_or_the_goal_is_another(collectd: Collectd) -> None:
    collectd.at_next_start(GOAL, "e/1")
    # As the allow-list gives a new one every time.
    assert not any(collectd.difference(Goal(dict(GOAL.plugins)), "e/1") for _ in range(2))
    assert collectd.difference(Goal(), "e/1")
    collectd.files.restore(managed.render(Goal()))
    assert collectd.difference(GOAL, "e/1")


@pytest.fixture
def contained() -> Iterator[DriverSettings]:
    """Of a collectd in a container, which this process is: it listens, and has read what is not on this disk."""
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        settings = dataclasses.replace(settings_in(Path(name)), binary=sys.executable, daemon="attached")
        extension = Extension(settings.socket, [])
        yield settings
        extension.server.stop(1.0)


def test_one_of_the_hosts_own_beside_one_in_a_container_is_a_second_one(contained: DriverSettings) -> None:
    collectd = Collectd(contained)
    assert collectd.instances() == (os.getpid(),)
    command = [sys.executable, "-c", "import time; time.sleep(600)", "-C", contained.config_file]
    with subprocess.Popen(command) as other:
        eventually(lambda: set(collectd.instances()) == {os.getpid(), other.pid})
        other.kill()
    assert look(other.pid) is None
    assert collectd.instances() == (os.getpid(),)
    collectd.wire.close()
