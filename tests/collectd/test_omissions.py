# SPDX-License-Identifier: Apache-2.0
"""A plugin that was there, and cannot be any more, is in the way of nothing else on its host."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.agent.allowlist import Allowlist
from collectd_mgr.agent.backoff import Backoff
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.collectd import compile_plugin
from collectd_mgr.testing.suite.rigs import Host, real_host
from tests.collectd.parts import Parts, spec
from tests.waiting import eventually

HERE = Path(__file__).parent
PLUGINS = Path("/usr/lib/collectd")

#: Its init takes its read out where there are no such ports, as on a machine that starts, or this one.
NO_PORTS = "infiniband"

#: Its init fails, and collectd takes its read out.
NO_INIT = "thermal"


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(LiveDriver, run_by=_plugins_of_its_own) as host:
        yield host


def _plugins_of_its_own(settings: DriverSettings) -> DriverSettings:
    directory = Path(settings.state_dir).parent / "plugins"
    directory.mkdir()
    for name in ("python", "csv", "load", "logfile", "memory", "swap", "table", "uptime", NO_PORTS):
        shutil.copy2(PLUGINS / f"{name}.so", directory)
    # Under the name of one that fails so, where there is no such directory.
    compile_plugin(HERE / "plugins" / "failing.c", directory).rename(directory / f"{NO_INIT}.so")
    file = Path(settings.config_file)
    file.write_text(f'PluginDir "{directory}"\n{file.read_text()}')
    return dataclasses.replace(settings, plugin_dir=str(directory))


def on(running: Running, *names: str) -> list[bool]:
    return [name in running.plugins and running.plugins[name].enabled for name in names]


def remember(parts: Parts, known: HostSpec) -> None:
    """``known`` is what the host was brought to once."""
    memory = dataclasses.replace(parts.state.memory, taken=known, current=known, good=known, probation=None)
    parts.state.memory = memory
    parts.state.write()
    parts.keeper._carrier.at_next_start(known)


@pytest.mark.parametrize("name", [NO_PORTS, NO_INIT])
def test_what_has_nothing_to_read_is_left_out(host: Host, name: str) -> None:
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory"))
    remember(parts, spec(2, "memory", name))
    host.again()

    parts.applier.apply(spec(3, "memory", "uptime", name))

    assert (parts.state.memory.outcome, parts.state.memory.error) == (APPLIED, None)
    running = host.collectd.observe()
    assert on(running, "memory", "uptime", name) == [True, True, False]
    assert list(parts.state.omitted(parts.state.memory.current)) == [name]
    assert any(name in line for line in parts.state.refusals(parts.state.memory.current))
    # It is tried again, and no other process is spent on that.
    began, disk, acted = running.since_boot, host.collectd.files.read(), parts.state.acted
    for agent in (parts, parts, Parts(host)):
        agent.keeper.look()
        assert (agent.keeper.sentences(), agent.state.drift()) == ((), ())
        assert list(agent.state.omitted(agent.state.memory.current)) == [name]
    assert parts.state.acted != acted
    assert (host.collectd.observe().since_boot, host.collectd.files.read()) == (began, disk)


def test_another_process_is_not_spent_on_it(host: Host) -> None:
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory"))
    remember(parts, spec(2, "memory", NO_PORTS))
    host.again()
    parts.applier.apply(spec(3, "memory", "uptime", NO_PORTS))
    parts.mode.write_text("mode = manage\nlive = false\n")
    assert (parts.state.mode().mode, parts.state.mode().live) == ("manage", False)
    began = host.collectd.observe().since_boot
    parts.keeper.look()
    assert (host.collectd.observe().since_boot, parts.keeper.sentences()) == (began, ())
    assert list(parts.state.omitted(parts.state.memory.current)) == [NO_PORTS]


def test_a_read_that_hangs_where_collectd_is_not_restarted(host: Host, tmp_path: Path) -> None:
    """The read of a pipe that somebody has opened, and nobody writes to."""
    parts = Parts(host)
    parts.keeper._carrier.ladder = Ladder(parts.keeper._carrier.ladder.drivers[:1])
    (tmp_path / "allowlist.toml").write_text(f'[files]\nread = ["{tmp_path}"]')
    parts.state._allowlist = Allowlist(str(tmp_path / "allowlist.toml"))
    parts.applier.apply(with_table(1, tmp_path / "numbers", 1.0))
    assert (parts.state.memory.outcome, parts.state.memory.driver) == (APPLIED, "live")
    (tmp_path / "numbers").unlink()
    os.mkfifo(tmp_path / "numbers")
    with _held(tmp_path / "numbers"):
        parts.applier.apply(with_table(2, tmp_path / "numbers", 2.0))
        assert (parts.state.memory.outcome, (parts.state.memory.error or {})["code"]) == (FAILED, "busy")
        parts.keeper.look()
        parts.applier.apply(with_table(3, tmp_path / "numbers", 1.0, "uptime"))
        assert (parts.state.memory.outcome, parts.state.memory.error) == (APPLIED, None)
        assert on(host.collectd.observe(), "memory", "uptime", "table") == [True, True, False]

    def is_back() -> bool:
        parts.keeper.look()
        return on(host.collectd.observe(), "table") == [True]

    eventually(is_back)
    assert not parts.state.omitted(parts.state.memory.current)


@contextlib.contextmanager
def _held(pipe: Path) -> Iterator[None]:
    """Whoever reads it waits for the end of the block."""
    opened: list[int] = []

    def is_read() -> bool:
        with contextlib.suppress(OSError):
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    eventually(is_read)
    try:
        yield
    finally:
        pipe.unlink()
        os.close(opened[0])


def with_table(n: int, numbers: Path, interval: float, *plugins: str) -> HostSpec:
    """A spec with ``memory``, these, and one that reads the file ``numbers``."""
    if not numbers.exists():
        numbers.write_text("1\n")
    columns = {"Type": "gauge", "InstancesFrom": 0, "ValuesFrom": 0}
    config = {"Table": {"args": str(numbers), "Separator": " ", "Result": columns}}
    layer = Layer(HOST, {"table": PluginSetting(True, interval, config)})
    return HostSpec(Generation("e", n), (*spec(n, "memory", *plugins).layers, layer))


def started_without_swap(host: Host) -> Parts:
    """The file of ``swap``, which was asked for, is gone, and collectd was started without."""
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory", "swap"))
    host.collectd.daemon.stop()
    (Path(host.settings.plugin_dir) / "swap.so").unlink()
    parts.keeper.look()
    parts.keeper.look()
    return parts


def test_who_asks_for_it_anew_is_told(host: Host) -> None:
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory"))
    parts.applier.apply(spec(2, "memory", "uptime", NO_PORTS))
    assert parts.state.memory.outcome == FAILED
    assert (parts.state.memory.error or {})["code"] == "config_rejected"
    assert on(host.collectd.observe(), "memory", "uptime") == [True, False]


def test_what_fails_as_it_is_asked_for_anew_stays_left_out(host: Host) -> None:
    parts = started_without_swap(host)
    disk = host.collectd.files.read()

    layer = Layer(HOST, {"swap": PluginSetting(True, 2.0)})
    parts.applier.apply(HostSpec(Generation("e", 2), (*spec(2, "memory").layers, layer)))

    assert (parts.state.memory.outcome, (parts.state.memory.error or {})["code"]) == (FAILED, "plugin_not_loadable")
    for _ in range(3):
        assert list(parts.state.omitted(parts.state.memory.current)) == ["swap"]
        assert host.collectd.files.read() == disk
        assert (parts.state.drift(), parts.keeper.sentences()) == ((), ())
        parts.keeper.look()


def test_collectd_starts_without_what_cannot_be_loaded_and_has_it_when_it_is_back(host: Host) -> None:
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory", "swap"))
    parts.keeper.look()
    gone = Path(host.settings.plugin_dir) / "swap.so"
    host.collectd.daemon.stop()
    gone.unlink()

    parts.keeper.look()

    assert on(host.collectd.observe(), "memory", "swap") == [True, False]
    assert parts.state.omitted(parts.state.memory.current) == {"swap": "swap: it is not installed."}
    parts.applier.apply(spec(2, "memory", "swap", "uptime"))
    assert parts.state.memory.outcome == APPLIED
    assert on(host.collectd.observe(), "uptime", "swap") == [True, False]

    # The process there is now takes no newer file.
    shutil.copy2(PLUGINS / gone.name, gone)
    host.again()

    def is_back() -> bool:
        parts.keeper.look()
        return on(host.collectd.observe(), "memory", "uptime", "swap") == [True] * 3

    eventually(is_back)
    assert not parts.state.omitted(parts.state.memory.current)


def test_what_collectd_dies_of_when_it_is_tried_again_stays_left_out(host: Host) -> None:
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory", "swap"))
    host.collectd.daemon.stop()
    file = Path(host.settings.plugin_dir) / "swap.so"
    file.unlink()
    parts.keeper.look()
    remember(parts, spec(1, "memory", "swap"))
    compile_plugin(HERE.parent / "agent" / "plugins" / "crash_in_init.c", file.parent).rename(file)
    host.again()

    def is_quarantined() -> bool:
        parts.keeper.look()
        return parts.state.memory.quarantine is not None

    eventually(is_quarantined)
    assert on(host.collectd.observe(), "memory", "swap") == [True, False]
    assert "swap" not in (host.collectd.files.read() or "")
    assert list(parts.state.omitted(parts.state.memory.current)) == ["swap"]


def test_nothing_is_tried_nor_told_of_where_no_driver_may(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    parts = started_without_swap(host)
    parts.state.remember(warnings=("It was restarted.",))
    caplog.clear()

    # Tried at once, and in vain.
    parts.state._again = Backoff()
    parts.keeper.look()
    assert parts.state.memory.warnings == ("It was restarted.",)

    parts.keeper._carrier.ladder = Ladder(parts.keeper._carrier.ladder.drivers[:1])
    parts.mode.write_text("mode = manage\nlive = false\n")
    parts.state._again = Backoff()
    parts.keeper.look()
    assert (parts.keeper.sentences(), caplog.messages) == ((), [])
    assert list(parts.state.omitted(parts.state.memory.current)) == ["swap"]
