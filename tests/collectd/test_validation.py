# SPDX-License-Identifier: Apache-2.0
"""Verdicts of the real collectd on configurations, without a collectd that runs."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.validation import Validation
from collectd_mgr.testing.suite.rigs import settings_in


@pytest.fixture
def validation(tmp_path: Path) -> Validation:
    return Validation(settings_in(tmp_path))


def verdicts(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "state" / "verdicts").glob("*"))


@pytest.mark.parametrize(
    ("plugin", "config"),
    [
        ("cpu", {"ReportByCpu": False}),
        ("df", {"FSType": ["rootfs", "tmpfs"], "IgnoreSelected": True}),
        ("processes", {"Process": "collectd", "ProcessMatch": {"args": ["all", "coll.*"]}}),
        ("tcpconns", {"LocalPort": ["22", "80"]}),
    ],
)
def test_what_collectd_takes_is_accepted_and_remembered(
    validation: Validation, tmp_path: Path, plugin: str, config: Any
) -> None:
    """What a read warns of is the machine's: a process that ended meanwhile, a mount that is gone."""
    warnings = validation.check(plugin, PluginGoal(True, config=config))
    assert len(verdicts(tmp_path)) == 1
    assert validation.check(plugin, PluginGoal(True, config=config)) == warnings


@pytest.mark.parametrize(
    ("plugin", "config", "message"),
    [
        ("cpu", {"NoSuchOption": 1}, "NoSuchOption"),
        ("tcpconns", {"LocalPort": "not a port"}, "Invalid port"),
        ("table", {"Table": {"args": "/proc/loadavg"}}, "separator"),
        ("turbostat", None, "Initialization of plugin `turbostat' failed"),
    ],
)
def test_what_it_does_not_take_is_rejected_in_its_own_words(
    validation: Validation, tmp_path: Path, plugin: str, config: Any, message: str
) -> None:
    with pytest.raises(exception.ConfigRejected, match=message) as raised:
        validation.check(plugin, PluginGoal(True, config=config))
    assert any(message in line for line in raised.value.kwargs["messages"])
    assert verdicts(tmp_path) == []


def test_a_service_that_is_not_there_yet_is_a_warning(validation: Validation) -> None:
    config = {"Database": {"args": "x", "Host": "127.0.0.1", "Port": 1}}
    assert any("Failed to connect" in line for line in validation.check("mysql", PluginGoal(True, config=config)))


def test_one_that_is_safe_live_needs_no_run_without_a_config(validation: Validation, tmp_path: Path) -> None:
    assert validation.check("memory", PluginGoal(True, interval=1.0)) == ()
    assert verdicts(tmp_path) == []


def test_one_that_would_disturb_the_running_daemon_is_checked_by_grammar_alone(
    validation: Validation, tmp_path: Path
) -> None:
    """Where unixsock ran, it would have made this socket, or deleted the one of the daemon that runs."""
    socket = tmp_path / "socket"
    socket.touch()
    config = {"SocketFile": str(socket), "DeleteSocket": True, "NoSuchOption": 1}
    assert validation.check("unixsock", PluginGoal(True, config=config)) == ()
    assert socket.exists()
    with pytest.raises(exception.BadConfig):
        validation.check("unixsock", PluginGoal(True, config={"Two words": 1}))


def test_nothing_of_a_scratch_run_is_left(validation: Validation, tmp_path: Path) -> None:
    scratch = tmp_path / "state" / "scratch"
    validation.check("cpu", PluginGoal(True, config={"ReportByCpu": False}))
    assert list(scratch.iterdir()) == []
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    (scratch / "of a killed agent").mkdir()
    validation.clear()
    assert not scratch.exists()
