# SPDX-License-Identifier: Apache-2.0
"""An outage of a real collectd by the operator's own file, and its end when that is mended."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from collectd_mgr.domain.status import HostStatus
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ


def is_down(status: HostStatus) -> bool:
    """Between two tries to start it, each of which is a process for a moment."""
    return bool(status.warnings) and status.daemon["pid"] is None


def test_nothing_that_was_said_of_it_stays(rabbitmq: RabbitMQ) -> None:
    with AgentHost(rabbitmq.url, probation=0.5) as host:
        host.start()
        host.apply(spec(1, "memory"))
        host.until(host.outlived)
        conf, pid = Path(host.settings.config_file), host.pid
        good = conf.read_text()
        conf.write_text(f"{good}\n<Plugin memory>\n")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        host.until(lambda: is_down(host.status()))
        # What runs is what is asked for again, as after a failure; but it cannot run.
        failed = host.apply(spec(2, "memory"))
        assert (failed.outcome, failed.error and failed.error["code"]) == ("failed", "daemon_not_started")
        conf.write_text(good)
        host.until(lambda: host.status().outcome == "applied")
        status = host.status()
        assert (status.error, status.warnings, enabled(status)) == (None, (), {"memory"})
