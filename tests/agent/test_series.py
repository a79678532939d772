# SPDX-License-Identifier: Apache-2.0
"""A real collectd that gives less after a change than before it is taken back to what it ran."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.wire.client import WireClient
from tests.agent.agent_host import PLUGINS, AgentHost, enabled, spec
from tests.agent.test_replacement_killed import daemons
from tests.services.rabbitmq import RabbitMQ

TABLE = """
<Plugin table>
  <Table "{file}">
    Plugin "mine"
    Separator " "
    <Result>
      Type gauge
      ValuesFrom 0
    </Result>
  </Table>
</Plugin>
"""

CONFIG = "Interval 1\n<LoadPlugin table>\n  Interval 4\n</LoadPlugin>\n" + TABLE

#: A cache that forgets nothing.
OF_A_PROCESS = "Interval 1\nTimeout 1000\nLoadPlugin uptime\nLoadPlugin table\n" + TABLE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "numbers"
    file.write_text("1\n")
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


def test_of_a_process_that_has_ended_nothing_is_told_to_be_missing(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """What it had read and written is given by a collectd that saw it, for as long as that runs."""
    once = Path(shutil.copy(shutil.which("sleep") or "", tmp_path / "cm-once"))
    config = f'Interval 1\nLoadPlugin processes\n<Plugin processes>\n  Process "{once.name}"\n</Plugin>\n'
    own = (PLUGINS / "processes.so",)
    with AgentHost(rabbitmq.url, own_plugins=own, config=config, drivers="restart", probation=0.1) as host:
        host.start()
        with subprocess.Popen([once, "inf"]) as process:
            host.until(lambda: gives(host, f"processes-{once.name}/io_octets"))
            process.kill()
        host.apply(spec(1, "memory"))
        host.until(host.outlived)
        assert not gives(host, f"processes-{once.name}/io_octets")
        assert gives(host, f"processes-{once.name}/ps_count")
        assert not [each for each in host.status().warnings if "gives no values" in each]


def gives(host: AgentHost, metric: str) -> bool:
    return any(row["id"].endswith(metric) for row in host.values("processes").rows)


@pytest.fixture
def seamless(rabbitmq: RabbitMQ, file: Path) -> Iterator[AgentHost]:
    """Its changes are made by another collectd that takes over."""
    own, config = (PLUGINS / "table.so",), OF_A_PROCESS.format(file=file)
    with AgentHost(rabbitmq.url, own_plugins=own, config=config, drivers="replace,restart") as host:
        host.start()
        host.until(lambda: host.values("mine").rows)
        yield host


def taken_over(host: AgentHost, good: HostSpec, *plugins: str, first: Callable[[], None] = lambda: None) -> HostSpec:
    """One with these plugins, by another collectd; ``good`` is before it, and was outlived.

    This machine may be too slow for that now and then: the same once more.
    """
    for _ in range(10):
        first()
        wanted = spec(upcoming(host), *plugins)
        if host.apply(wanted).daemon["replaced"]:
            return wanted
        host.apply(replace(good, generation=Generation("e", upcoming(host))))
    raise AssertionError(host.status().warnings)


def upcoming(host: AgentHost) -> int:
    taken = host.memory().taken
    assert taken is not None
    return taken.generation.n + 1


def there_is_one(host: AgentHost) -> bool:
    """And it listens where the agent asks for it."""
    return [each.pid for each in daemons(host)] == [WireClient(host.settings.socket).listener()]


def taken_back(host: AgentHost, tried: HostSpec, good: HostSpec) -> dict[str, Any]:
    """Why that was: what was good runs whole, and there is one collectd."""
    host.until(lambda: host.status().outcome == "failed")
    host.until(lambda: enabled(host.status()) == set(good.layers[0].plugins) and there_is_one(host))
    status, current = host.status(), host.memory().current
    assert (status.generation, status.quarantine) == (tried.generation, None)
    assert current is not None
    assert current.layers == good.layers
    assert "memory" not in host.managed()
    assert status.error is not None
    return dict(status.error)


def test_one_that_dies_once_it_has_taken_over_is_taken_back(seamless: AgentHost) -> None:
    seamless.apply(good := spec(1, "swap"))
    seamless.until(seamless.outlived)
    seamless.kill()
    seamless.file.write_text(seamless.file.read_text().replace("[agent]", "[agent]\nprobation = 1000"))
    seamless.start()
    tried = taken_over(seamless, good, "swap", "memory")
    os.kill(seamless.pid or 0, signal.SIGSEGV)
    error = taken_back(seamless, tried, good)
    assert (error["code"], error["facts"]["good"]) == ("daemon_died", good.generation.to_dict())

    # What somebody kills has not died of the change, and comes again with it.
    tried = taken_over(seamless, good, "swap", "memory")
    pid = seamless.pid
    os.kill(pid or 0, signal.SIGKILL)
    seamless.until(lambda: seamless.pid not in (None, pid) and there_is_one(seamless))
    seamless.until(lambda: enabled(seamless.status()) == {"swap", "memory"})
    assert (seamless.status().generation, seamless.status().outcome) == (tried.generation, "applied")


def test_what_the_operator_took_out_or_slowed_down_is_waited_for_by_nobody(seamless: AgentHost) -> None:
    """A new collectd reads his files, whoever asked for it and why."""
    seamless.apply(good := spec(1))
    conf = Path(seamless.settings.config_file)
    seamless.until(lambda: {row["id"].split("/")[1] for row in seamless.values("uptime").rows} == {"uptime"})
    slower = conf.read_text().replace("LoadPlugin uptime", "<LoadPlugin uptime>\nInterval 600\n</LoadPlugin>")
    conf.write_text(slower.replace("LoadPlugin table", ""))
    taken_over(seamless, good, "memory")
    memory = seamless.memory()
    assert memory.outcome == "applied"
    assert memory.probation is None or not memory.probation.expects.keys() & {"mine", "uptime"}


def test_one_that_gives_less_once_it_has_taken_over_is_taken_back(seamless: AgentHost, file: Path) -> None:
    def is_of_this_process() -> None:
        """It can be read for as long as that is there."""
        link = file.with_name("link")
        link.symlink_to(f"/proc/{seamless.pid}/oom_score_adj")
        link.rename(file)

    seamless.apply(good := spec(1))
    error = taken_back(seamless, taken_over(seamless, good, "memory", first=is_of_this_process), good)
    assert (error["code"], error["facts"]["plugins"]) == ("series_lost", ["mine"])
