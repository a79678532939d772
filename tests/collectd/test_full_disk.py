# SPDX-License-Identifier: Apache-2.0
"""A collectd that ends while nothing can be written is started again with the file that is on the disk."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.suite.rigs import real_host
from tests.collectd.parts import Parts, spec
from tests.waiting import PATIENCE


def test_it_runs_what_it_ran_before() -> None:
    with real_host(LiveDriver) as host:
        parts = Parts(host)
        parts.applier.apply(spec(1, "memory"))
        parts.keeper.look()
        for name in ("journal", "memory.lines", ".memory.json.new", ".collectd.pid.new"):
            path = Path(host.settings.state_dir) / name
            path.unlink(missing_ok=True)
            path.mkdir()
        before = host.collectd.daemon.find()
        assert before is not None
        before.signal(signal.SIGTERM)
        assert before.wait(PATIENCE)
        with pytest.raises(IsADirectoryError):
            parts.keeper.look()
        after = host.collectd.observe()
        assert after.pid not in (None, before.pid)
        assert after.plugins["memory"].enabled
        assert host.collectd.daemon.find() is not None
