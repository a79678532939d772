# SPDX-License-Identifier: Apache-2.0
"""A real collectd that gives less after a change than before it is taken back to what it ran."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.agent_host import PLUGINS, AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ

CONFIG = """
Interval 1
<LoadPlugin table>
  Interval 4
</LoadPlugin>
<Plugin table>
  <Table "{file}">
    Plugin "mine"
    Separator " "
    <Result>
      Type gauge
      InstancesFrom 0
      ValuesFrom 1
    </Result>
  </Table>
</Plugin>
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "numbers"
    file.write_text("one 1\n")
    return file


@pytest.fixture
def host(rabbitmq: RabbitMQ, file: Path) -> Iterator[AgentHost]:
    own = (PLUGINS / "table.so",)
    config = CONFIG.format(file=file)
    with AgentHost(rabbitmq.url, own_plugins=own, config=config, drivers="restart", probation=0.1) as host:
        host.start()
        host.until(lambda: host.values("mine").rows)
        host.apply(spec(1, "memory"))
        host.until(host.outlived)
        host.until(lambda: host.values("mine").rows)
        yield host


def test_a_restart_after_which_a_plugin_gives_nothing_is_taken_back(host: AgentHost, file: Path) -> None:
    file.unlink()
    status = host.apply(spec(2, "memory", "swap"))
    assert (status.outcome, enabled(status)) == ("applied", {"memory", "swap"})
    host.until(lambda: host.status().outcome == "failed")
    status = host.status()
    assert status.error is not None
    assert (status.error["code"], status.error["facts"]["plugins"]) == ("series_lost", ["mine"])
    host.until(lambda: enabled(host.status()) == {"memory"})


def test_one_after_which_all_give_values_is_good(host: AgentHost) -> None:
    host.apply(spec(2, "memory", "swap"))
    host.until(host.outlived)
    assert enabled(host.status()) == {"memory", "swap"}
