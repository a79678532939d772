# SPDX-License-Identifier: Apache-2.0
"""A collectd that somebody else runs and configures: shown, kept, and changed only when that is wanted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.process import look
from tests.agent.agent_host import AgentHost
from tests.agent.test_explain import broken_at
from tests.services.rabbitmq import RabbitMQ

OPERATORS = """\
LoadPlugin df
<Plugin df>
  ValuesPercentage true
</Plugin>
<LoadPlugin swap>
  Interval 1
</LoadPlugin>
"""


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    """As the installation has it: the agent first, then the one restart of collectd with the snippet."""
    with AgentHost(rabbitmq.url, config=OPERATORS, daemon="attached", mode="observe") as host:
        host.start()
        host.daemon.start()
        host.until(lambda: host.status().plugins["df"].enabled)
        yield host


def spec(n: int, **plugins: PluginSetting) -> HostSpec:
    return HostSpec(Generation("e", n), (Layer(HOST, plugins),))


def manage(host: AgentHost) -> None:
    Path(host.directory / "mode").write_text("mode = manage\nreason = we have looked at it")


def test_it_is_shown_and_left_alone(host: AgentHost) -> None:
    before = Path(host.settings.config_file).read_text()
    status = host.status()
    df, swap = status.plugins["df"], status.plugins["swap"]
    assert (df.origin, df.enabled, df.config) == ("host", True, {"ValuesPercentage": True})
    assert (swap.origin, swap.interval) == ("host", 1.0)
    assert (status.mode.mode, status.mode.set_by) == ("observe", "default")
    with pytest.raises(exception.HostNotManaged):
        host.apply(spec(1, memory=PluginSetting(True)))
    assert host.status().daemon["pid"] == host.pid
    assert Path(host.settings.config_file).read_text() == before
    host.daemon.stop()
    host.until(lambda: broken_at(host, "swap/swap-used", "daemon"))


def test_its_configuration_is_the_operators(host: AgentHost) -> None:
    manage(host)
    status = host.apply(spec(1, df=PluginSetting(True, config={"MountPoint": "/"})))
    assert status.error is not None
    assert (status.outcome, status.error["code"]) == ("failed", "owned_by_host_config")


def test_a_disable_outlives_a_restart_by_the_operator(host: AgentHost) -> None:
    manage(host)
    pid = host.pid
    status = host.apply(spec(1, swap=PluginSetting(False), memory=PluginSetting(True, 1.0)))
    assert (status.outcome, status.driver, status.plugins["swap"].enabled) == ("applied", "live", False)
    assert host.pid == pid
    host.kill()
    host.daemon.stop()
    host.daemon.start()
    host.start()
    host.until(lambda: host.values("memory").rows)
    status = host.status()
    assert (status.plugins["swap"].enabled, status.plugins["swap"].origin) == (False, "host")
    assert host.values("swap").rows == ()
    assert status.daemon["pid"] != pid


def test_what_needs_a_new_daemon_is_refused_with_the_reason(host: AgentHost) -> None:
    manage(host)
    host.apply(spec(1, memory=PluginSetting(True)))
    status = host.apply(spec(2, memory=PluginSetting(True, config={"ValuesAbsolute": True})))
    assert status.error is not None
    assert (status.outcome, status.error["code"]) == ("failed", "no_driver")
    assert set(status.error["facts"]["refusals"]) == {"live", "restart"}
    assert status.plugins["memory"].enabled


def test_one_that_was_to_be_the_agents_own_is_told_and_changed_live_until_it_ends(rabbitmq: RabbitMQ) -> None:
    """The unit of the package was not disabled."""
    with AgentHost(rabbitmq.url, config=OPERATORS, daemon="child") as host:
        collectd = Collectd(host.settings)
        collectd.prepare()
        command = [host.settings.binary, "-f", "-P", str(host.directory / "pid"), "-C", host.settings.config_file]
        with subprocess.Popen(command) as other:
            process = look(other.pid)
            assert process is not None
            collectd.await_ready(process)
            collectd.wire.close()
            host.start()
            host.until(lambda: f"(pid {other.pid}), and the agent has not started it" in str(host.status().warnings))
            applied = host.apply(spec(1, memory=PluginSetting(True)))
            assert (applied.daemon["pid"], applied.driver) == (other.pid, "live")
            assert host.pid is None
            other.terminate()
        host.until(lambda: host.pid and host.status().plugins["memory"].enabled)
        assert host.status().daemon["pid"] == host.pid
