# SPDX-License-Identifier: Apache-2.0
"""The agent's unit as it is shipped, under a real systemd: what it may do, and that collectd outlives it.

A drop-in has what differs on the machine of a test: where the program is, and its log.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain.operations import APPLIED
from tests.agent.agent_host import ROOT, AgentHost, enabled, spec
from tests.agent.test_capabilities import shipped
from tests.collectd.units import have_unit
from tests.services.rabbitmq import RabbitMQ
from tests.systemd import Systemd

AGENT = "collectd-mgr-agent.service"
SHIPPED = ROOT / "etc/systemd"
COLLECTD = "cm-collectd.service"

#: What the agent asks of systemd it asks of the test's own.
_HERE = """[Service]
ExecStart=
ExecStart={bin}/collectd-mgr-agent --config-file {host.file}
ExecStartPre=
ExecStartPre=/bin/mkdir -p -m 0750 {host.directory}/log
Environment=PATH={systemd.directory}:/usr/bin:/bin
StandardOutput=append:{host.log}
StandardError=inherit
"""


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    with Systemd() as systemd:
        yield systemd


@pytest.fixture(params=["systemd", "child"])
def host(request: pytest.FixtureRequest, systemd: Systemd, rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    """Its agent runs as the unit, and its collectd as another one, or as the agent's child."""
    # The socket is where the unit's RuntimeDirectory is.
    options = {"unit": COLLECTD, "socket": systemd.directory / "run/collectd-mgr/collectd.sock"}
    with AgentHost(rabbitmq.url, daemon=request.param, collectd=options) as host:
        with host.file.open("a") as file:
            file.write(f"[DEFAULT]\nlog_dir = {host.directory}/log\n")
        systemd.unit(AGENT, (SHIPPED / AGENT).read_text())
        more = systemd.drop_ins(AGENT)
        shutil.copy(SHIPPED / more.name / "capabilities.conf", more)
        (more / "here.conf").write_text(_HERE.format(bin=Path(sys.executable).parent, host=host, systemd=systemd))
        have_unit(systemd, host.settings)
        systemd.ctl("start", AGENT)
        host.until(host.answers)
        if request.param == "systemd":
            # Its extension is there as soon as the agent is.
            systemd.ctl("start", COLLECTD)
        # It answers, and is not only a process.
        host.until(lambda: host.status().daemon["version"])
        yield host
        systemd.ctl("stop", COLLECTD, AGENT)


def test_its_restarts_are_none_of_collectds(host: AgentHost, systemd: Systemd) -> None:
    pid = host.status().daemon["pid"]
    assert enabled(host.apply(spec(1, "memory"))) == {"memory"}
    assert host.memory().driver == "live"
    first = confined(systemd)
    systemd.ctl("restart", AGENT)
    host.until(host.answers)
    assert (host.status().daemon["pid"], confined(systemd) != first) == (pid, True)

    # An upgrade: the unit is another one, and the agent was away for a while.
    systemd.ctl("stop", AGENT)
    systemd.unit(AGENT, (SHIPPED / AGENT).read_text() + "\n# of another release\n")
    systemd.ctl("daemon-reload")
    systemd.ctl("start", AGENT)
    host.until(host.answers)
    status = host.apply(spec(2, "memory", "swap"))
    assert (status.outcome, enabled(status), status.daemon["pid"]) == (APPLIED, {"memory", "swap"}, pid)
    assert list((host.directory / "log").glob("*.log"))


def confined(systemd: Systemd) -> int:
    """The pid of the agent, which has what is shipped and can gain nothing."""
    pid = int(systemd.ctl("show", "--property=MainPID", "--value", AGENT))
    status = Path(f"/proc/{pid}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines())
    bound = int(facts["CapBnd"], 16)
    assert (bound.bit_count(), facts["NoNewPrivs"], facts["Umask"]) == (len(shipped()), "1", "0077")
    return pid
