# SPDX-License-Identifier: Apache-2.0
"""A collectd in a container, as Kolla has its own: not root, with pids of its own, its files read-only but few.

And the other way round: the agent in one, with the pids of the host, and collectd outside.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from tests.agent.agent_host import ROOT, AgentHost, enabled
from tests.freezing import frozen
from tests.services.container import Container
from tests.services.rabbitmq import RabbitMQ

#: Nobody of this host's.
UID, GID = 42431, 42400

#: As etc/kolla/config.json has it done by kolla_start: the configuration is copied at each start.
START = (
    "cp /config/collectd.conf /run/collectd/collectd.conf && exec /usr/sbin/collectd -f -C /run/collectd/collectd.conf"
)


def contained(host: AgentHost) -> Container:
    """collectd in a container of its own, with what it needs of the host's files."""
    place = host.directory
    own, config = place / "own", place / "config"
    for each in (own, config):
        each.mkdir()
    os.chown(own, UID, GID)
    (config / "collectd.conf").write_text(Path(host.settings.config_file).read_text())
    volumes = [f"{config}:/config:ro", f"{own}:/run/collectd", f"{place}/run:{place}/run"]
    volumes += [f"{place}/{name}:{place}/{name}:ro" for name in ("plugins", "agent/extension", "managed")]
    options = ("--user", f"{UID}:{GID}", "--cap-drop", "all")
    return Container(["/bin/sh", "-c", START], volumes, options)


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    """The agent of the host outside, which began first: its files are there for the container."""
    with AgentHost(rabbitmq.url, daemon="attached") as host:
        text = host.file.read_text().replace(f"socket = {host.directory}/sock", f"socket = {host.directory}/run/sock")
        host.file.write_text(f"{text}user = {UID}:{GID}\n")
        conf = Path(host.settings.config_file)
        conf.write_text(conf.read_text().replace(f"{host.directory}/sock", f"{host.directory}/run/sock"))
        host.directory.chmod(0o711)
        host.start()
        yield host


@pytest.fixture
def container(host: AgentHost) -> Iterator[Container]:
    container = contained(host)
    try:
        container.start()
        host.until(lambda: host.status().daemon["pid"])
        yield container
    finally:
        print(container.log(), host.log.read_text()[-3000:])
        container.remove()


def spec(n: int, **config: object) -> HostSpec:
    plugins = {"memory": PluginSetting(True, 1.0, config or None)}
    return HostSpec(Generation("e", n), (Layer(HOST, plugins),))


def test_it_is_changed_live_and_runs_that_when_it_is_started_again(host: AgentHost, container: Container) -> None:
    pid = host.status().daemon["pid"]
    assert pid != container.pid
    assert Path(f"/proc/{container.pid}").stat().st_uid == UID
    assert enabled(host.apply(spec(1))) == {"memory"}
    host.until(lambda: host.values("memory").rows)
    assert (host.memory().driver, host.status().daemon["pid"]) == ("live", pid)
    # What needs a new process is for whoever runs the container.
    host.apply(spec(2, ValuesPercentage=True))
    assert (host.memory().error or {})["code"] == "no_driver"
    container.stop()
    host.until(lambda: host.status().daemon["pid"] is None)
    container.start()
    host.until(lambda: enabled(host.status()) == {"memory"})
    assert host.memory().quarantine is None


def test_one_that_is_silent_is_known_by_its_own_pid(host: AgentHost, container: Container) -> None:
    """The kernel tells us another one, which would be that of another process."""
    assert enabled(host.apply(spec(1))) == {"memory"}
    daemon = host.status().daemon
    with frozen(container.pid):
        seen = host.status().daemon
        assert (seen["version"], seen["pid"]) == (None, daemon["pid"])
    host.until(lambda: host.status().daemon == daemon)
    assert (host.memory().quarantine, enabled(host.status())) == (None, {"memory"})


@pytest.fixture
def inside(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    """The agent, in a container that has its files and those of the tests, and nothing else of the host's but pids."""
    with AgentHost(rabbitmq.url, daemon="attached") as host:
        own = {str(host.directory), str(ROOT), sys.prefix, sys.base_prefix}
        volumes = [f"{host.directory}:{host.directory}", *(f"{each}:{each}:ro" for each in own - {str(host.directory)})]
        command = [sys.executable, "-m", "tests.agent.agent_process", "--config-file", str(host.file)]
        container = Container(command, volumes, ("--pid", "host", "--workdir", str(ROOT)))
        try:
            container.start()
            host.until(host.answers)
            yield host
        finally:
            print(container.log())
            container.remove()


def test_an_agent_in_one_manages_a_collectd_outside(inside: AgentHost) -> None:
    daemon = inside.daemon.start()
    inside.until(lambda: inside.status().daemon["pid"] == daemon.pid)
    assert enabled(inside.apply(spec(1))) == {"memory"}
    inside.until(lambda: inside.values("memory").rows)
    assert inside.memory().driver == "live"
    inside.apply(spec(2, ValuesPercentage=True))
    assert (inside.memory().error or {})["code"] == "no_driver"
    assert inside.pid == daemon.pid
    # It comes up with what is managed, whoever starts it, and is known for another one.
    inside.daemon.stop()
    inside.until(lambda: inside.status().daemon["pid"] is None)
    again = inside.daemon.start()
    inside.until(lambda: (inside.status().daemon["pid"], enabled(inside.status())) == (again.pid, {"memory"}))
    assert inside.memory().quarantine is None
