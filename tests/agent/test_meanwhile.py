# SPDX-License-Identifier: Apache-2.0
"""What the operator writes into collectd's own files beside settings that are there already."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.domain.status import HostStatus
from tests.agent.agent_host import PLUGINS, AgentHost
from tests.services.rabbitmq import RabbitMQ

THRESHOLD = "LoadPlugin threshold\n<Plugin threshold>\n  <Type df_complex>\n    WarningMax 100\n  </Type>\n</Plugin>\n"
CHAIN = '<Chain "PreCache">\n  Target "return"\n</Chain>\n'


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    plugins = tuple(PLUGINS / f"{name}.so" for name in ("threshold", "match_regex"))
    with AgentHost(rabbitmq.url, own_plugins=plugins) as host:
        host.start()
        yield host


def apply(host: AgentHost, n: int, inodes: bool = False, **sections: Any) -> HostStatus:
    layer = Layer(HOST, {"df": PluginSetting(True, 1.0, {"ReportInodes": inodes})}, sections=sections)
    return host.apply(HostSpec(Generation("e", n), (layer,)))


def write(host: AgentHost, text: str) -> None:
    file = Path(host.settings.config_file)
    file.write_text(text + file.read_text())


def test_a_threshold_for_the_same_keeps_no_collectd_down(host: AgentHost) -> None:
    ours = {"a": {"type": "df_complex", "warning_max": 50.0}}
    before = apply(host, 1, thresholds=ours).daemon["pid"]
    write(host, THRESHOLD)
    os.kill(before, signal.SIGKILL)
    host.until(lambda: (status := host.status()).daemon["version"] and status.daemon["pid"] != before)
    after = apply(host, 2, True, thresholds=ours)
    assert (after.outcome, after.daemon["restarted"]) == ("applied", True), "it is about something else"
    host.until(lambda: "The threshold a is for what" in str(host.status().warnings))
    apply(host, 3, True)
    assert "threshold" not in str(host.status().warnings)


def test_why_it_does_not_start_is_told_beside_what_it_is_not_brought_to(host: AgentHost) -> None:
    ours = {"a": {"type": "df_complex", "warning_max": 50.0}}
    before = apply(host, 1, thresholds=ours).daemon["pid"]
    missing = "LoadPlugin nowhere\n"
    write(host, THRESHOLD + missing)
    os.kill(before, signal.SIGKILL)
    host.until(lambda: len(warned(host, "nowhere", "The threshold a is for what")) == 2)
    file = Path(host.settings.config_file)
    file.write_text(file.read_text().replace(missing, ""))
    host.until(lambda: host.status().daemon["version"] and not warned(host, "nowhere"))


def warned(host: AgentHost, *parts: str) -> list[str]:
    """Those of ``parts`` that it warns of."""
    warnings = str(host.status().warnings)
    return [part for part in parts if part in warnings]


def test_a_chain_that_collectd_does_not_run_is_told(host: AgentHost) -> None:
    """It was restarted before anybody had seen to the managed file."""
    apply(host, 1, ignorelist={"swap": {"action": "deny", "plugin": "^swap$"}})
    host.kill()
    write(host, CHAIN)
    host.daemon.stop()
    host.daemon.start()
    host.start()
    said = "does not run the chain PreCache"
    host.until(lambda: said in str(host.status().warnings))
    host.daemon.stop()
    host.daemon.start()
    host.until(lambda: (status := host.status()).daemon["version"] and said not in str(status.warnings))
