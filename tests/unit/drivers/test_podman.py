# SPDX-License-Identifier: Apache-2.0
"""What podman is told, with a program that writes it down in the place of podman."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.drivers.launcher import key, key_file
from collectd_mgr.drivers.podman import Podman
from collectd_mgr.testing.suite.rigs import settings_in
from tests.impostor import impostor

#: Has one container of ours that hangs in its start, one that somebody stopped for a while, and one of a boot before.
_PODMAN = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
ps) echo '[{{"Id": "a", "Names": ["collectd"], "State": "running"}},
     {{"Id": "b", "Names": ["collectd-1"], "State": "paused"}},
     {{"Id": "c", "Names": ["collectd-2"], "State": "exited"}}]' ;;
run) exit 125 ;;
esac
"""


@pytest.fixture
def settings(tmp_path: Path) -> DriverSettings:
    script = tmp_path / "podman"
    script.write_text(_PODMAN.format(log=tmp_path / "log"))
    script.chmod(0o755)
    Path(settings_in(tmp_path).state_dir).mkdir()
    return dataclasses.replace(
        settings_in(tmp_path),
        daemon="podman",
        image="example.org/collectd:5",
        podman=str(script),
        podman_options="--restart always --cap-drop all",
        user="42431:42400",
    )


def told(settings: DriverSettings) -> list[str]:
    log = Path(settings.podman).with_name("log")
    return log.read_text().splitlines() if log.exists() else []


def daemon(settings: DriverSettings) -> ChildDaemon:
    return ChildDaemon(settings, Podman(settings))


def test_the_options_of_the_agent_come_last(settings: DriverSettings) -> None:
    with pytest.raises(exception.DaemonNotStarted):
        daemon(settings).start()
    run = next(line for line in told(settings) if line.startswith("run "))
    assert run.index("--restart always") < run.index("--restart no")
    assert "--cap-drop all" in run
    assert "--user 42431:42400" in run
    assert "--pid host" in run
    collectd = f"--entrypoint {settings.binary} example.org/collectd:5 -f -C {settings.config_file}"
    assert run.endswith(f"--pull never {collectd}")


def test_a_root_file_system_is_named_by_its_path(settings: DriverSettings) -> None:
    with pytest.raises(exception.DaemonNotStarted):
        daemon(dataclasses.replace(settings, image="/srv/collectd:O")).start()
    assert "--rootfs /srv/collectd:O -f" in told(settings)[-1]


def test_a_container_is_known_by_what_nobody_else_knows(settings: DriverSettings) -> None:
    with impostor(settings):
        assert daemon(settings).find() is None
    with pytest.raises(exception.DaemonNotStarted):
        daemon(settings).start()
    run = next(line for line in told(settings) if line.startswith("run "))
    file = key_file(settings.state_dir)
    assert f"--env-file {file} " in run
    assert key(settings.state_dir) not in run
    key.cache_clear()
    assert file.read_text() == f"{key(settings.state_dir)}\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_of_no_use_is_removed_and_nothing_else(settings: DriverSettings) -> None:
    Podman(settings).clear()
    assert told(settings)[-1] == "rm --force --time 0 --ignore c"
    with pytest.raises(exception.DaemonNotStarted):
        daemon(settings).start()
    assert "rm --force --time 0 --ignore a c" in told(settings)


def test_a_start_is_tried_again_where_the_name_is_taken(settings: DriverSettings) -> None:
    """That of an agent that was killed may have taken it after what was of no use was removed."""

    def asked(otherwise: str = "", said: str = "") -> list[str]:
        before, script = len(told(settings)), Path(settings.podman)
        script.write_text(script.read_text().replace(said, otherwise))
        with pytest.raises(exception.DaemonNotStarted):
            daemon(settings).start()
        return [line.split()[0] for line in told(settings)[before:]]

    assert asked() == ["ps", "rm", "run", "container", "ps", "rm", "run"]
    assert told(settings)[3] == "container exists --external collectd"
    assert asked("container|run) exit 125", said="run) exit 125") == ["ps", "rm", "run", "container"]
    assert asked("exit 127", said="exit 125") == ["ps", "rm", "run"]


def test_an_agent_asks_it_only_after_a_start_that_was_cut_off(settings: DriverSettings) -> None:
    """And of its drivers the first one does."""
    instance.settle(settings, daemon(settings))
    assert not told(settings)
    instance.directory(settings).mkdir()
    (instance.directory(settings) / "1.conf").touch()
    for _ in range(3):
        instance.settle(settings, daemon(settings))
    assert [line.split()[0] for line in told(settings)] == ["ps", "rm"]


def test_without_an_image_nothing_is_started(settings: DriverSettings) -> None:
    nothing = daemon(dataclasses.replace(settings, image=""))
    with pytest.raises(exception.DaemonNotStarted, match="image is not set"):
        nothing.start()
    assert nothing.alone == nothing.hands_off == "[collectd] image is not set."
    assert not Path(settings.podman).with_name("log").exists()


def test_without_podman_it_is_said(settings: DriverSettings) -> None:
    with pytest.raises(exception.DaemonNotStarted, match="no-podman"):
        daemon(dataclasses.replace(settings, podman="/no-podman")).start()
    with pytest.raises(exception.ProgramUnfit, match="no-podman"):
        Podman(dataclasses.replace(settings, podman="/no-podman")).build("example.org/collectd:5")
