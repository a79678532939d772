# SPDX-License-Identifier: Apache-2.0
"""The operator's files, read again: what is new in them is done live where that can be, else by a restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.suite.rigs import Host, real_host
from tests.collectd.parts import Parts

Edit = Callable[[str], str]


@pytest.fixture
def host() -> Iterator[Host]:
    """Files that are known to be older than the daemon."""
    with real_host(LiveDriver, "<LoadPlugin swap>\n  Interval 5\n</LoadPlugin>") as host:
        time.sleep(1.2)
        host.again()
        yield host


@pytest.fixture
def parts(host: Host) -> Parts:
    parts = Parts(host)
    parts.applier.apply(spec(1))
    return parts


def spec(n: int, reloads: int = 0) -> HostSpec:
    layer = Layer(HOST, {"memory": PluginSetting(True, 1.0)}, Counters(reloads=reloads))
    return HostSpec(Generation("e", n), (layer,))


def edit(host: Host, change: Edit) -> None:
    conf = Path(host.settings.config_file)
    conf.write_text(change(conf.read_text()))


def without(text: str) -> Edit:
    return lambda conf: conf.replace(text, "")


def test_what_came_and_went_and_has_another_interval_is_done_live(host: Host, parts: Parts) -> None:
    before = host.collectd.observe()
    edit(host, without("LoadPlugin load"))
    edit(host, lambda conf: conf.replace("Interval 5", "Interval 2") + "LoadPlugin cpu\n")
    edit(host, lambda conf: conf + "<Plugin cpu>\n  ReportByCpu false\n</Plugin>\n")
    parts.applier.apply(spec(2, reloads=1))
    after = host.collectd.observe()
    assert (parts.state.memory.outcome, parts.state.memory.driver, after.pid) == ("applied", "live", before.pid)
    assert (after.plugins["load"].enabled, after.plugins["cpu"].enabled) == (False, True)
    # What a killed agent left is held against that: see observation.runs.
    assert after.plugins["cpu"].config_digest is None
    assert (after.plugins["swap"].interval, after.plugins["memory"].interval) == (2.0, 1.0)
    assert {"cpu", "swap"} <= set(parts.state.origin.layer.plugins)
    parts.keeper.look()
    assert host.collectd.observe().plugins == after.plugins
    host.again()
    again = host.collectd.observe()
    assert ("load" in again.plugins, again.plugins["cpu"].enabled, again.reloads) == (False, True, 1)


def test_one_that_reads_nothing_without_a_configuration_is_loaded_as_collectd_would(host: Host, parts: Parts) -> None:
    before = host.collectd.observe()
    edit(host, lambda conf: conf + "LoadPlugin apache\n")
    parts.applier.apply(spec(2, reloads=1))
    after = host.collectd.observe()
    assert (parts.state.memory.outcome, parts.state.memory.driver, after.pid) == ("applied", "live", before.pid)
    host.again()
    assert (after.plugins["apache"].enabled, host.collectd.observe().plugins["apache"].enabled) == (True, True)


def test_where_nothing_is_new_nothing_is_done(host: Host, parts: Parts) -> None:
    before = host.collectd.observe()
    for n in (1, 2):
        parts.applier.apply(spec(n + 1, reloads=n))
        assert parts.state.memory.outcome == "applied"
    after = host.collectd.observe()
    assert (after.pid, after.plugins, after.reloads) == (before.pid, before.plugins, 2)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda conf: conf.replace("Interval 10", "Interval 7"), id="a global option"),
        pytest.param(lambda conf: conf + "LoadPlugin write_log\n", id="no plugin that is safe live"),
        pytest.param(lambda conf: conf + "<Plugin swap>\n  ReportBytes true\n</Plugin>\n", id="another configuration"),
    ],
)
def test_what_a_running_daemon_cannot_take_up_is_a_restart(host: Host, parts: Parts, change: Edit) -> None:
    before = host.collectd.observe()
    edit(host, change)
    parts.applier.apply(spec(2, reloads=1))
    assert (parts.state.memory.outcome, parts.state.memory.driver) == ("applied", "restart")
    assert host.collectd.observe().pid != before.pid


def test_what_the_daemon_was_started_with_must_be_known(host: Host) -> None:
    edit(host, lambda conf: conf + "LoadPlugin cpu\n")
    before = host.collectd.observe()
    parts = Parts(host)
    parts.applier.apply(spec(1, reloads=1))
    assert (parts.state.memory.outcome, parts.state.memory.driver) == ("applied", "restart")
    assert host.collectd.observe().pid != before.pid


def test_files_that_cannot_be_understood_are_refused_and_nothing_is_restarted(host: Host, parts: Parts) -> None:
    before = host.collectd.observe()
    edit(host, lambda conf: conf + "<Plugin never_closed>\n")
    parts.applier.apply(spec(2, reloads=1))
    assert parts.state.memory.error is not None
    assert (parts.state.memory.outcome, parts.state.memory.error["code"]) == ("failed", "config_rejected")
    assert host.collectd.observe().pid == before.pid
