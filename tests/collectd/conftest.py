# SPDX-License-Identifier: Apache-2.0
"""Real collectds, each of its own test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_mgr.testing.collectd import ScratchCollectd, compile_plugin
from tests import waiting

HERE = Path(__file__).parent

#: Modules for the Python inside collectd that only tests need.
ENTRIES = HERE / "entries"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The test plugins, by name."""
    directory = tmp_path_factory.mktemp("plugins")
    return {source.stem: compile_plugin(source, directory) for source in sorted((HERE / "plugins").glob("*.c"))}


@pytest.fixture
def eventually() -> waiting.Eventually:
    """Wait until something is true; see :func:`tests.waiting.eventually`."""
    return waiting.eventually


@pytest.fixture
def probe_counters() -> Callable[[ScratchCollectd], dict[str, float]]:
    """The counters of the plugin ``probe``, by name; those that it has dispatched so far."""

    def read(collectd: ScratchCollectd) -> dict[str, float]:
        found = collectd.call("values_get", plugin="probe")
        return {
            name.rpartition("-")[2]: values[0] for name, values in zip(found["names"], found["values"], strict=True)
        }

    return read
