# SPDX-License-Identifier: Apache-2.0
"""What somebody else does to a real collectd and its files is told, and mended where that is wanted."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr import disk
from collectd_mgr.domain import drift, filesystem
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers import bundle
from collectd_mgr.wire.client import WireClient
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.freezing import frozen
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually

CONFIG = "LoadPlugin df\n<Plugin df>\n  ValuesPercentage true\n</Plugin>\n"


@pytest.fixture
def allowlist(tmp_path: Path) -> Path:
    return tmp_path / "allowlist.toml"


@pytest.fixture(params=[drift.MEND])
def host(rabbitmq: RabbitMQ, request: pytest.FixtureRequest, allowlist: Path) -> Iterator[AgentHost]:
    more = {"on_drift": request.param, "probation": 0.1, "allowlist_file": allowlist}
    with AgentHost(rabbitmq.url, config=CONFIG, **more) as host:
        # Written long before collectd starts: within a second, nobody could tell whether that has read it.
        written = os.stat(host.settings.config_file).st_ctime
        eventually(lambda: time.time() > written + filesystem.SURE)
        host.start()
        host.until(lambda: host.status().daemon["pid"])
        assert enabled(host.apply(spec(1, "memory"))) == {"memory"}
        assert host.status().drift == ()
        yield host


def told(host: AgentHost, kind: str) -> Drift:
    """What the status tells of this kind, as soon as it does."""

    found: list[Drift] = []

    def is_told() -> bool:
        found.extend(each for each in host.status().drift if each.kind == kind)
        return bool(found)

    host.until(is_told)
    return found[0]


def managed_file(host: AgentHost) -> Path:
    (file,) = Path(host.settings.managed_dir).glob("*.conf")
    return file


def test_a_managed_file_that_was_edited_is_written_anew(host: AgentHost) -> None:
    before = host.managed()
    assert "Interval 1" in before
    disk.replace(managed_file(host), before.replace("Interval 1", "Interval 3"))
    host.until(lambda: told(host, drift.MANAGED_FILE).mended)
    found = told(host, drift.MANAGED_FILE)
    assert any(line.startswith("-") and "Interval 3" in line for line in found.diff), found
    assert any(line.startswith("+") and "Interval 1" in line for line in found.diff), found
    assert host.managed() == before
    # It is history after the next change.
    host.apply(spec(2, "memory", "swap"))
    host.until(lambda: host.status().drift == ())


def test_without_what_the_agent_keeps_for_it_collectd_starts_again(host: AgentHost) -> None:
    """Somebody has removed the directory of the state: collectd does not start without the extension that is in it."""
    before = host.pid
    # In one step: the agent, which writes there at any time, would make anew what is being removed.
    removed = Path(f"{host.settings.state_dir}.removed")
    os.rename(host.settings.state_dir, removed)
    shutil.rmtree(removed)
    host.until(lambda: bundle.is_there(host.settings.state_dir))
    host.daemon.stop()
    host.until(lambda: host.status().daemon["version"] and host.status().daemon["pid"] != before)
    assert enabled(host.status()) == {"memory"}


@pytest.mark.parametrize("host", [drift.LEAVE], indirect=True)
def test_where_that_is_wanted_it_is_left_and_told(host: AgentHost, allowlist: Path) -> None:
    edited = host.managed().replace("Interval 1", "Interval 3")
    disk.replace(managed_file(host), edited)
    disable_behind_its_back(host)
    changes = told(host, drift.DAEMON).diff
    assert any("memory" in change for change in changes), changes
    found = told(host, drift.MANAGED_FILE)
    assert (found.mended, host.managed(), enabled(host.status())) == (None, edited, set())
    # Whoever asks for a change gets all of it.
    host.apply(spec(2, "memory", "swap"))
    assert (host.status().plugins["memory"].interval, enabled(host.status())) == (1.0, {"memory", "swap"})
    host.until(lambda: host.status().drift == ())
    # What the host's own operator refuses is no drift, and off now and after the next start.
    disk.replace(allowlist, '[plugins]\ndeny = ["swap"]\n')
    host.until(lambda: enabled(host.status()) == {"memory"} and "swap" not in host.managed())
    assert host.status().drift == ()


def disable_behind_its_back(host: AgentHost) -> None:
    client = WireClient(host.settings.socket)
    client.call("plugin_disable", {"plugin": "memory"})
    client.close()


def test_what_was_done_to_the_running_daemon_is_undone(host: AgentHost) -> None:
    disable_behind_its_back(host)
    host.until(lambda: told(host, drift.DAEMON).mended)
    assert enabled(host.status()) == {"memory"}


def test_other_files_of_the_operator_are_told_and_left(host: AgentHost) -> None:
    conf = Path(host.settings.config_file)
    before = conf.read_text()
    # At once: the agent takes half a file for what it is.
    disk.replace(conf, before.replace("ValuesPercentage true", 'ValuesPercentage false\n  Password "s3cret"'))
    found = told(host, drift.OPERATOR_FILES)
    assert {"- ValuesPercentage true", "+ ValuesPercentage false"} <= {" ".join(line.split()) for line in found.diff}
    assert "s3cret" not in str(found)
    disk.replace(conf, before)
    host.until(lambda: host.status().drift == ())


def test_a_restart_by_somebody_else_is_told(host: AgentHost) -> None:
    # The agent has looked at the daemon since it changed it.
    host.until(host.outlived)
    before = host.pid
    assert host.process is not None
    # It would start a dead collectd itself.
    with frozen(host.process.pid):
        host.daemon.stop()
        host.daemon.start()
    found = told(host, drift.RESTARTED)
    assert host.pid not in (before, None)
    assert str(host.pid) in found.detail
    host.until(lambda: enabled(host.status()) == {"memory"})


@pytest.mark.parametrize("host", [drift.MEND, drift.LEAVE], indirect=True)
def test_a_plugin_that_the_operators_files_have_taken_over_is_no_drift_and_what_it_has_of_both_is_told(
    host: AgentHost,
) -> None:
    swap = PluginSetting(True, config={"ReportByDevice": True})
    ours = Layer(HOST, {"memory": PluginSetting(True, 1.0), "swap": swap})
    assert enabled(host.apply(HostSpec(Generation("e", 2), (ours,)))) == {"memory", "swap"}
    host.until(host.outlived)
    conf = Path(host.settings.config_file)
    disk.replace(conf, conf.read_text() + "\nLoadPlugin swap\n<Plugin swap>\n  ReportBytes true\n</Plugin>\n")
    assert "ReportByDevice" in host.managed()
    assert host.process is not None
    with frozen(host.process.pid):
        host.daemon.stop()
        host.daemon.start()
    host.until(lambda: "swap" not in host.managed())
    host.until(lambda: any(line.startswith("swap has") for line in host.status().warnings))
    assert [each.kind for each in host.status().drift] == [drift.RESTARTED]
    # What the operator's next start gives is what their files say.
    with frozen(host.process.pid):
        host.daemon.stop()
        host.daemon.start()
    host.until(lambda: enabled(host.status()) == {"memory"})
    assert not any(line.startswith("swap has") for line in host.status().warnings)
    assert [each.kind for each in host.status().drift] == [drift.RESTARTED]
    assert host.status().plugins["swap"].config == {"ReportBytes": True}


def test_a_restart_by_the_agent_gives_a_plugin_that_they_have_taken_over_once(host: AgentHost) -> None:
    memory, swap = PluginSetting(True, 1.0), PluginSetting(True, config={"ReportByDevice": True})
    assert enabled(host.apply(HostSpec(Generation("e", 2), (Layer(HOST, {"memory": memory, "swap": swap}),)))) == {
        "memory",
        "swap",
    }
    host.until(host.outlived)
    conf, before = Path(host.settings.config_file), host.pid
    disk.replace(conf, conf.read_text() + "\nLoadPlugin swap\n<Plugin swap>\n  ReportBytes true\n</Plugin>\n")
    memory = replace(memory, config={"ValuesPercentage": True})
    status = host.apply(HostSpec(Generation("e", 3), (Layer(HOST, {"memory": memory, "swap": swap}),)))
    assert (status.outcome, status.driver, host.pid != before) == ("applied", "restart", True)
    assert "swap" not in host.managed()
    assert (enabled(status), status.plugins["swap"].config) == ({"memory"}, {"ReportBytes": True})
    assert not any(line.startswith("swap has") for line in host.status().warnings)
    assert host.status().drift == ()


def test_nor_does_a_restart_set_what_they_have_taken_over(host: AgentHost) -> None:
    swap = PluginSetting(True, config={"ReportByDevice": True})
    host.apply(HostSpec(Generation("e", 2), (Layer(HOST, {"swap": swap}),)))
    conf, before = Path(host.settings.config_file), host.pid
    disk.replace(conf, conf.read_text() + "\nLoadPlugin swap\n")
    swap = replace(swap, config={"ReportByDevice": False})
    status = host.apply(HostSpec(Generation("e", 3), (Layer(HOST, {"swap": swap}),)))
    assert status.error is not None
    assert (status.outcome, status.error["code"], host.pid) == ("failed", "owned_by_host_config", before)


def test_two_instances_are_told(host: AgentHost) -> None:
    conf = Path(host.settings.config_file)
    other = host.directory / "other.conf"
    other.symlink_to(conf)
    command = [host.settings.binary, "-f", "-C", str(other), "-P", str(host.directory / "other.pid")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as second:
        try:
            found = told(host, drift.INSTANCES)
            assert {str(host.pid), str(second.pid)} <= set(found.detail.replace(",", " ").replace(".", " ").split())
        finally:
            second.terminate()
    host.until(lambda: all(each.kind != drift.INSTANCES for each in host.status().drift))
