# SPDX-License-Identifier: Apache-2.0
"""A collectd that the agent starts outlives it, is found again, and is never there twice."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.plan import RESTART_DAEMON, Change, Plan
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers.base import DriverSettings, Order
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.executable import Executables
from collectd_mgr.drivers.process import Process, running, with_config
from collectd_mgr.drivers.process import look as look_for
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rigs import operators_file, settings_in
from collectd_mgr.wire.client import WireClient
from collectd_mgr.wire.look import look
from tests.freezing import freeze
from tests.impostor import impostor
from tests.waiting import eventually

#: An agent: starts collectd, says so, and is there until it is killed.
_AGENT = """
import sys, time
from pathlib import Path
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.drivers.executable import Executables
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rigs import settings_in
print(ChildDaemon(settings_in(Path(sys.argv[1]))).start().pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def settings() -> Iterator[DriverSettings]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        settings = settings_in(Path(name))
        operators_file(Path(name), settings)
        collectd = Collectd(settings)
        collectd.prepare()
        try:
            yield settings
        finally:
            collectd.daemon.stop()
            collectd.wire.close()


def all_of(settings: DriverSettings) -> list[Process]:
    return list(running(settings.binary, ("-C", settings.config_file)))


def started(settings: DriverSettings) -> tuple[ChildDaemon, Process]:
    daemon = ChildDaemon(settings)
    process = daemon.start()
    collectd = Collectd(settings)
    collectd.await_ready(process)
    collectd.wire.close()
    return daemon, process


def test_the_next_agent_finds_it(settings: DriverSettings) -> None:
    _, process = started(settings)
    following = ChildDaemon(settings)
    assert following.find() == process
    assert following.start() == process


def test_it_outlives_an_agent_that_is_killed(settings: DriverSettings) -> None:
    command = [sys.executable, "-c", _AGENT, str(Path(settings.config_file).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        pid = int(agent.stdout.readline())
        agent.kill()
        agent.wait()
    process = look_for(pid)
    assert process is not None
    assert os.getsid(pid) == pid
    assert ChildDaemon(settings).start() == process
    assert ChildDaemon(settings).stop()
    assert not process.alive()


def test_it_is_found_without_its_pid_file(settings: DriverSettings) -> None:
    """An agent may be killed between the start and the file."""
    _, process = started(settings)
    record = Path(settings.state_dir) / "collectd.pid"
    for text in ("", "1 2 3", "no number at all"):
        record.write_text(text)
        assert ChildDaemon(settings).start() == process
    record.unlink()
    assert ChildDaemon(settings).find() == process
    assert all_of(settings) == [process]


def test_a_pid_that_another_process_has_by_now_is_not_it(settings: DriverSettings) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (Path(settings.state_dir) / "collectd.pid").write_text(f"{os.getpid()} 1 {boot}\n")
    daemon = ChildDaemon(settings)
    assert daemon.find() is None
    assert daemon.stop()


def test_one_that_somebody_else_started_is_not_it(settings: DriverSettings) -> None:
    with impostor(settings) as other:
        assert ChildDaemon(settings).find() is None
        daemon, process = started(settings)
        Path(settings.state_dir, "collectd.pid").unlink()
        assert daemon.find() == process
        assert daemon.stop()
        assert other.alive()


def test_beside_one_of_roots_with_the_same_files_none_is_started(settings: DriverSettings, tmp_path: Path) -> None:
    """As the unit of the package runs one, which nobody has disabled."""
    same = tmp_path / "collectd.conf"
    same.symlink_to(settings.config_file)
    driver = RestartDriver(settings)
    with subprocess.Popen([settings.binary, "-f", "-C", str(same), "-P", str(tmp_path / "pid")]) as other:
        rival = look_for(other.pid)
        assert rival is not None
        collectd = Collectd(settings)
        collectd.await_ready(rival)
        collectd.wire.close()
        (said,) = [note for note in driver.recover().notes if "has not started it" in note]
        assert f"pid {other.pid}" in said
        with pytest.raises(exception.DaemonNotStarted, match="has not started it"):
            driver.start()
        with pytest.raises(exception.DaemonNotStarted, match="has not started it"):
            driver.apply(Order(Goal(), Plan((Change(RESTART_DAEMON),))))
        assert "was not started by the agent" in str(ChildDaemon(settings).obstacle({}))
        assert all_of(settings) == []
        other.terminate()
    assert driver.recover().running.pid not in (None, other.pid)
    driver.close()


def test_a_unit_may_run_it_as_the_user_that_collectd_is_to_have(settings: DriverSettings) -> None:
    settings = dataclasses.replace(settings, binary="/bin/sh")
    command = [settings.binary, "-c", "read _", "collectd", "-C", settings.config_file]
    with subprocess.Popen(command, stdin=subprocess.PIPE, user=65534, extra_groups=[]) as other:
        eventually(lambda: [each.pid for each in with_config(settings.binary, settings.config_file)] == [other.pid])
        # Any other user's.
        ChildDaemon(settings).check_alone()
        with pytest.raises(exception.DaemonNotStarted, match=f"pid {other.pid}"):
            ChildDaemon(dataclasses.replace(settings, user="nobody")).check_alone()
        other.kill()


def test_of_one_that_has_ended_nobody_can_tell_whose_it_was(settings: DriverSettings) -> None:
    assert not Executables(settings)._may_be_ours(Process(1 << 23, 0))


def test_agents_that_start_it_at_once_start_one(settings: DriverSettings) -> None:
    found: list[Process] = []
    threads = [threading.Thread(target=lambda: found.append(ChildDaemon(settings).start())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) == set(all_of(settings))
    assert len(all_of(settings)) == 1


def test_one_that_ended_is_no_zombie_and_is_started_anew(settings: DriverSettings) -> None:
    daemon, process = started(settings)
    process.signal(signal.SIGKILL)
    assert process.wait(120.0)
    assert daemon.find() is None
    assert not Path(f"/proc/{process.pid}").exists()
    assert daemon.start() != process


def test_a_stop_ends_it_and_may_be_repeated(settings: DriverSettings) -> None:
    daemon, process = started(settings)
    assert daemon.stop()
    assert daemon.stop()
    assert not process.alive()
    assert all_of(settings) == []


def test_one_that_does_not_end_when_asked_is_killed(settings: DriverSettings) -> None:
    daemon, process = started(dataclasses.replace(settings, stop_timeout=0.3))
    freeze(process.pid)
    assert not daemon.stop()
    assert not process.alive()


def test_what_it_says_is_kept_of_the_last_start_alone(settings: DriverSettings) -> None:
    collectd = Collectd(settings)
    collectd.await_ready(collectd.daemon.start())
    assert any('plugin "load" successfully loaded' in line for line in collectd.daemon.messages())
    collectd.daemon.stop()
    Path(settings.config_file).write_text("<Plugin never_closed>\n")
    with pytest.raises(exception.DaemonNotStarted) as raised:
        collectd.await_ready(collectd.daemon.start())
    messages = raised.value.kwargs["messages"]
    assert any("Parsing the config file failed" in line for line in messages)
    assert not any('plugin "load"' in line for line in messages)
    collectd.wire.close()


def test_a_binary_that_is_not_there_is_said(settings: DriverSettings) -> None:
    with pytest.raises(exception.DaemonNotStarted, match="nosuchcollectd"):
        ChildDaemon(dataclasses.replace(settings, binary="/usr/sbin/nosuchcollectd")).start()


def test_it_does_not_take_itself_for_the_agents_service(settings: DriverSettings) -> None:
    _, process = started(settings)
    environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    assert b"NOTIFY_SOCKET=" not in environment
    descriptors = [os.readlink(entry) for entry in Path(f"/proc/{process.pid}/fd").iterdir()]
    assert not any(target.endswith("collectd.lock") for target in descriptors)


def test_the_extension_that_it_imported_stays_and_others_go(settings: DriverSettings) -> None:
    _, process = started(settings)
    state = Path(settings.state_dir)
    (imported,) = state.glob("extension-*")
    for name in ("extension-newer", "extension-older"):
        (state / name).mkdir()
    (state / "extension").unlink()
    (state / "extension").symlink_to("extension-newer")
    # The link goes back to the present version, which this daemon imported.
    collectd = Collectd(settings)
    collectd.prepare()
    assert list(state.glob("extension-*")) == [imported]
    freeze(process.pid)
    (state / "extension-older").mkdir()
    silent = Collectd(settings)
    silent.wire = WireClient(settings.socket, timeout=0.2)
    silent.prepare()
    assert (state / "extension-older").is_dir()
    process.signal(signal.SIGCONT)
    for one in (collectd, silent):
        one.wire.close()


def test_the_next_agent_does_not_wait_for_one_that_hangs(settings: DriverSettings) -> None:
    _, process = started(settings)
    driver = RestartDriver(dataclasses.replace(settings, start_timeout=0.01))
    freeze(process.pid)
    try:
        with look(0.1):
            recovered = driver.recover()
    finally:
        process.signal(signal.SIGCONT)
        driver.close()
    assert (recovered.running.pid, recovered.notes) == (process.pid, ())


def test_an_attached_daemon_is_seen_and_left_alone(settings: DriverSettings) -> None:
    _, process = started(settings)
    attached = Collectd(dataclasses.replace(settings, daemon="attached"))
    try:
        assert attached.daemon.find() == process
        assert attached.daemon.hands_off
        assert not attached.daemon.stop()
        with pytest.raises(exception.DaemonNotStarted):
            attached.daemon.start()
        assert process.alive()
    finally:
        attached.wire.close()


def test_a_daemon_that_is_attached_can_be_read_and_not_restarted(settings: DriverSettings) -> None:
    _, process = started(settings)
    driver = RestartDriver(dataclasses.replace(settings, daemon="attached"))
    try:
        offer = driver.offer()
        assert "values" in offer.capabilities
        assert "somebody else" in offer.missing["daemon.restart"]
        assert driver.recover().running.pid == process.pid
    finally:
        driver.close()
