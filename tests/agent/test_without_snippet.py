# SPDX-License-Identifier: Apache-2.0
"""A collectd that was started without the snippet runs nothing of ours, and says nothing: the status tells why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.operations import APPLIED
from collectd_mgr.drivers.snippet import snippet
from tests.agent.agent_host import AgentHost, spec
from tests.agent.test_explain import broken_at
from tests.services.rabbitmq import RabbitMQ


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    """With a setting; nothing is done to its collectd any more but by its operator."""
    with AgentHost(rabbitmq.url) as host:
        host.start()
        assert host.apply(spec(1, "memory")).outcome == APPLIED
        (host.directory / "mode").write_text("mode = observe")
        host.until(lambda: host.status().mode.mode == "observe")
        yield host


def restart(host: AgentHost, conf: str) -> None:
    Path(host.settings.config_file).write_text(conf)
    assert host.daemon.stop()
    host.daemon.start()


def test_that_is_told_until_it_is_there_again(host: AgentHost) -> None:
    conf = Path(host.settings.config_file).read_text()
    assert host.status().daemon["snippet"] is True
    restart(host, conf.replace(snippet(host.settings), ""))
    host.until(lambda: host.status().daemon["snippet"] is False)
    status = host.status()
    why = f"{host.settings.config_file} does not include {host.settings.managed_dir}."
    said = f"collectd runs (pid {host.pid}) without what is managed: {why}"
    assert (status.outcome, status.daemon["pid"], status.daemon["version"]) == (APPLIED, host.pid, None)
    # Of one that has just been started nobody says so.
    host.until(lambda: said in host.status().warnings)
    assert status.plugins["memory"].health == "unknown"
    with pytest.raises(exception.DaemonUnreachable) as raised:
        host.values("memory")
    assert raised.value.detail == said
    assert broken_at(host, "memory/memory-used", "daemon_silent")
    restart(host, conf)
    host.until(lambda: host.status().daemon["version"])
    host.until(lambda: host.values("memory").rows)
    assert (host.status().daemon["snippet"], said in host.status().warnings) == (True, False)
