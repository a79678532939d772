# SPDX-License-Identifier: Apache-2.0
"""The capabilities that etc/systemd leaves to an agent are enough, and each is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from tests.agent.agent_host import ROOT, AgentHost, enabled
from tests.services.rabbitmq import RabbitMQ

SHIPPED = ROOT / "etc/systemd/collectd-mgr-agent.service.d/capabilities.conf"


def shipped() -> list[str]:
    """The names of the capabilities, as setpriv has them."""
    lines = [line.partition("=")[2] for line in SHIPPED.read_text().splitlines() if line.startswith("CapabilityB")]
    return [name.removeprefix("CAP_").lower() for line in lines for name in line.split()]


def confined(*without: str) -> tuple[str, ...]:
    """The beginning of a command that has these capabilities at most, and can gain none."""
    left = ",".join(["-all", *(f"+{name}" for name in shipped() if name not in without)])
    return ("setpriv", "--no-new-privs", "--bounding-set", left, "--")


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    """A collectd that somebody else has started, with every capability, as systemd does."""
    with AgentHost(rabbitmq.url, daemon="attached") as host:
        host.start(within=confined())
        host.daemon.start()
        yield host


def test_a_collectd_with_more_is_changed_live(host: AgentHost) -> None:
    host.until(lambda: host.status().daemon["pid"])
    bounds = {pid: capabilities(pid) for pid in (host.pid, host.process.pid if host.process else None)}
    assert len(set(bounds.values())) == 2
    pid, layer = host.pid, Layer(HOST, {"memory": PluginSetting(True, 1.0)})
    assert enabled(host.apply(HostSpec(Generation("e", 1), (layer,)))) == {"memory"}
    assert host.memory().driver == "live"
    host.until(lambda: host.values("memory").rows)
    # This one is tried in a scratch collectd first.
    layer = Layer(HOST, {"df": PluginSetting(True, config={"MountPoint": "/"})})
    assert enabled(host.apply(HostSpec(Generation("e", 2), (layer,)))) == {"df"}
    assert host.pid == pid


def capabilities(pid: int | None) -> str:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line for line in status.splitlines() if line.startswith("CapBnd"))


def test_each_is_needed_where_collectd_is_another_user() -> None:
    """By the tests of that, which start collectd as such a user themselves; podman wants more for a container."""
    tests = str(ROOT / "tests/collectd/test_another_user.py")
    for without in ("", *shipped()):
        # With its end ends what it may not end itself.
        command = ["unshare", "--pid", "--mount-proc", "--fork", "--kill-child", "--", *confined(without)]
        command += [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests]
        # They want none of the services, and few of the plugins, whose import takes as long as a test.
        command += ["-k", "not container", "--noconftest", "-p", "pytest_timeout"]
        env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is (without == ""), f"without {without!r}:\n{done.stdout}"
