# SPDX-License-Identifier: Apache-2.0
"""A collectd whose output hung when there were to be two of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import output
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.suite.rigs import real_host
from tests.collectd.hanging import Silent
from tests.collectd.parts import Parts
from tests.collectd.unixsock import asks, own_socket
from tests.waiting import eventually


def looked_at(agent: Parts) -> tuple[str, ...]:
    agent.keeper.look()
    return agent.keeper.sentences()


def test_it_writes_without_a_look_at_each_value_as_soon_as_it_can(tmp_path: Path) -> None:
    """And until then the host says that it does not; an agent that only observes leaves it so."""
    server = Silent()
    with real_host(LiveDriver, "WriteThreads 1\n" + own_socket(tmp_path) + server.config) as host, server:
        agent, wire = Parts(host), host.collectd.wire
        eventually(lambda: asks(tmp_path / "s"))
        server.hang(tmp_path / "s")
        wire.call("output_set", {"mode": output.PASS, "other": 0, "moments": {}, "otherwise": 0.0})
        with pytest.raises(exception.Busy):
            wire.call("output_drain", timeout=20.0)
        (said,) = looked_at(agent)
        assert "looked at yet" in said
        assert host.collectd.observe().gate
        agent.mode.write_text("observe\n")
        server.close()
        agent.keeper.look()
        assert host.collectd.observe().gate
        agent.mode.write_text("manage\n")
        eventually(lambda: looked_at(agent) == ())
        assert not host.collectd.observe().gate
