# SPDX-License-Identifier: Apache-2.0
"""Real collectds, each of its own test."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_mgr.testing.collectd import ScratchCollectd, compile_plugin

HERE = Path(__file__).parent

#: Modules for the Python inside collectd that only tests need.
ENTRIES = HERE / "entries"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The test plugins, by name."""
    directory = tmp_path_factory.mktemp("plugins")
    return {source.stem: compile_plugin(source, directory) for source in sorted((HERE / "plugins").glob("*.c"))}


@pytest.fixture
def eventually() -> Callable[[Callable[[], object], float], float]:
    """Wait until something is true: gives the seconds it took, fails when it took longer than the limit."""

    def wait(condition: Callable[[], object], limit: float) -> float:
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < limit, f"not within {limit} s"
            time.sleep(0.005)
        return time.monotonic() - began

    return wait


@pytest.fixture
def probe_counters() -> Callable[[ScratchCollectd], dict[str, float]]:
    """The counters of the plugin ``probe``, by name; those that it has dispatched so far."""

    def read(collectd: ScratchCollectd) -> dict[str, float]:
        found = collectd.call("values_get", plugin="probe")
        return {
            name.rpartition("-")[2]: values[0] for name, values in zip(found["names"], found["values"], strict=True)
        }

    return read
