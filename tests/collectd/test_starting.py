# SPDX-License-Identifier: Apache-2.0
"""What collectd says of a plugin that may not be tried beside it: only its own start can tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.base import Order
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import Host, real_host, real_rig
from tests.collectd.replacing import replacing
from tests.waiting import eventually

NOWHERE = "/nonexistent/place"

#: The operator's own plugin with a mistake, and a log plugin that keeps collectd's lines from stderr.
OPERATORS = """
LoadPlugin logfile
<Plugin logfile>
  File "{log}"
</Plugin>
LoadPlugin network
<Plugin network>
  OfTheOperator true
</Plugin>
"""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with real_host(RestartDriver) as host:
        yield host


@pytest.fixture
def rig(host: Host) -> Rig:
    return host.rig()


@pytest.mark.parametrize(
    ("plugin", "config", "message"),
    [
        ("write_http", '<Node "a">\n</Node>', "no URL defined"),
        ("write_http", '<Node "a">\nURL "http://127.0.0.1:9/"\nNope 1\n</Node>', "Invalid configuration option: Nope"),
        ("network", 'Nope "x"', "Option `Nope' is not allowed here"),
        ("write_graphite", '<Node "a">\nNope 1\n</Node>', "Invalid configuration option: Nope"),
        ("unixsock", "Nope 1", "did not register for value `Nope'"),
    ],
)
def test_what_collectd_does_not_take_brings_the_old_file_back(rig: Rig, plugin: str, config: str, message: str) -> None:
    order = rig.order(rig.goal({plugin: PluginGoal(True, config=config)}))
    error = rig.refuses(order, exception.ConfigRejected)
    assert error.kwargs["plugin"] == plugin
    assert any(message in line for line in error.kwargs["messages"])


@pytest.mark.parametrize(
    ("plugin", "config", "message"),
    [
        ("write_graphite", '<Node "a">\nPort "abc"\n</Node>', "getaddrinfo (localhost, abc, tcp) failed"),
        ("logfile", f'File "{NOWHERE}/log"', f"fopen ({NOWHERE}/log) failed"),
        ("unixsock", f'SocketFile "{NOWHERE}/socket"', "bind failed"),
    ],
)
def test_what_it_only_complains_of_is_a_warning(rig: Rig, plugin: str, config: str, message: str) -> None:
    """What its threads say is heard for a moment only: a busy machine may be asked again."""

    def warned() -> bool:
        said = rig.reach(rig.goal({plugin: PluginGoal(True, config=config)})).warnings
        assert not rig.reach(rig.goal()).warnings
        return any(plugin in line and message in line for line in said)

    eventually(warned)


def test_the_operators_own_plugins_are_not_blamed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with real_host(RestartDriver, OPERATORS.format(log=log)) as host:
        rig, theirs = host.rig(), {name: PluginGoal(True, origin="host") for name in ("logfile", "network")}
        assert not rig.reach(rig.goal({**theirs, "memory": PluginGoal(True)})).warnings
        assert "Option `OfTheOperator' is not allowed here" in log.read_text()
        bad = {**theirs, "write_http": PluginGoal(True, config='<Node "a">\nNope 1\n</Node>')}
        error = rig.refuses(rig.order(rig.goal(bad)), exception.ConfigRejected)
        assert error.kwargs["messages"] == ["write_http plugin: Invalid configuration option: Nope."]


def test_what_the_old_file_has_too_is_no_reason_to_go_back_to_it(rig: Rig) -> None:
    """An earlier version took it, or somebody else wrote it: collectd is started, whatever it says."""
    goal = rig.goal({"write_http": PluginGoal(True, config='<Node "a">\nNope 1\n</Node>')})
    rig.driver.at_next_start(goal, "e/1")
    rig.kill()
    applied = rig.driver.apply(dataclasses.replace(rig.order(goal), generation="e/1"))
    assert not plan.plan(applied.running, goal)
    assert applied.warnings == ("write_http plugin: Invalid configuration option: Nope.",)
    rig.driver.apply(Order(rig.goal(), plan.plan(applied.running, rig.goal())))


def test_a_new_collectd_that_does_not_take_it_does_not_take_over() -> None:
    with real_rig(replacing) as rig:
        bad = PluginGoal(True, config='<Node "a">\nNope 1\n</Node>')
        error = rig.refuses(rig.order(rig.goal({"write_graphite": bad})), exception.ConfigRejected)
        assert error.kwargs["messages"] == ["write_graphite plugin: Invalid configuration option: Nope."]
        pid = rig.driver.observe().pid
        applied = rig.reach(rig.goal({"logfile": PluginGoal(True, config=f'File "{NOWHERE}/log"')}))
        assert applied.replaced
        assert applied.running.pid != pid
        assert any(f"fopen ({NOWHERE}/log) failed" in line for line in applied.warnings)
