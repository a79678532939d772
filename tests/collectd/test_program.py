# SPDX-License-Identifier: Apache-2.0
"""Another collectd binary in the place of the one that runs, kept for later starts; and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.executable import Executables
from collectd_mgr.drivers.launcher import arguments, mark
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.drivers.trial import Trial, Trials
from collectd_mgr.testing.collectd import PLUGINS
from collectd_mgr.testing.suite.changes import CPU, MEMORY
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import Host, Kind, real_host, settings_in
from tests.collectd.beside import beside
from tests.collectd.replacing import replacing
from tests.waiting import PATIENCE

#: Says of itself what collectd does, takes what collectd takes, and is none.
_SAYS = """#!/bin/sh
[ "$1" = -T ] && exec /usr/sbin/collectd "$@"
echo "  Plugin directory  /usr/lib/collectd"
echo "collectd {version}, http://collectd.org/"
exit 1
"""


@pytest.fixture(params=[replacing, RestartDriver], ids=["replace", "restart"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    kind: Kind = request.param
    with real_host(kind) as host:
        yield host


@pytest.fixture
def rig(host: Host) -> Rig:
    return host.rig()


@pytest.fixture
def other(host: Host) -> Path:
    """Another collectd of the same build."""
    return Path(shutil.copy2(host.settings.binary, Path(host.settings.config_file).with_name("other")))


def script(host: Host, version: str) -> Path:
    path = Path(host.settings.config_file).with_name("script")
    path.write_text(_SAYS.format(version=version))
    path.chmod(0o755)
    return path


def goal(rig: Rig, binary: Path | None) -> Goal:
    sections = {} if binary is None else {"program": {"collectd": {"binary": str(binary)}}}
    return rig.goal({"memory": MEMORY}, sections=sections)


def runs(rig: Rig) -> str:
    return os.readlink(f"/proc/{rig.driver.observe().pid}/exe")


def test_it_is_another_one_from_now_on(host: Host, rig: Rig, other: Path) -> None:
    order = rig.order(goal(rig, other))
    assert plan.PROGRAM in {change.kind for change in order.plan}
    rig.reach(goal(rig, other))
    assert runs(rig) == str(other)
    host.again()
    assert runs(rig) == str(other)
    assert not plan.plan(rig.driver.observe(), goal(rig, other))
    rig.reach(rig.goal({"memory": MEMORY, "cpu": CPU}, sections=goal(rig, other).sections))
    assert runs(rig) == str(other)
    rig.reach(goal(rig, None))
    assert runs(rig) == os.path.realpath(host.settings.binary)


def test_plugins_are_those_that_it_was_built_for(host: Host, rig: Rig, other: Path) -> None:
    """What is said of them, what is loaded live and what is tried, whatever the host is configured for."""
    there = ["cpu", "csv", "load", "logfile", "memory", "python"]
    with tempfile.TemporaryDirectory(prefix="cmp-", dir="/tmp") as plugins:
        has_plugins_in(other, plugins, *there)
        rig.reach(goal(rig, other))
        live, trials = LiveDriver(host.settings), Trials(host.settings)
        for driver in (rig.driver, live):
            assert [each.plugin for each in driver.installed()] == there
        assert trials.run(Trial("cpu", PluginGoal(True), "h"), PATIENCE).rows
        with pytest.raises(exception.PluginNotLoadable):
            trials.run(Trial("swap", PluginGoal(True), "h"), PATIENCE)
        swap = rig.goal({"memory": MEMORY, "swap": PluginGoal(True)}, sections=goal(rig, other).sections)
        for driver in (rig.driver, live):
            with pytest.raises(exception.PluginNotLoadable):
                driver.apply(rig.order(swap))
        # Its binary is taken away: what is known of it is enough to go on.
        other.unlink()
        assert len(live.installed()) == len(there)
        live.close()
        host.collectd.daemon.stop()


def has_plugins_in(binary: Path, directory: str, *plugins: str) -> None:
    """Have a collectd that was built with another directory: names of as many letters."""
    text = binary.read_bytes()
    assert len(directory) == len(PLUGINS)
    for end in (b"\0", b"\n"):
        assert PLUGINS.encode() + end in text
        text = text.replace(PLUGINS.encode() + end, directory.encode() + end)
    binary.write_bytes(text)
    for plugin in plugins:
        shutil.copy2(Path(PLUGINS, f"{plugin}.so"), directory)


def test_it_is_found_without_its_record(host: Host, rig: Rig, other: Path) -> None:
    """Though a script has started it, and is not the program that runs."""
    path = other.with_name("script")
    path.write_text(f'#!/bin/sh\nexec {other} "$@"\n')
    path.chmod(0o755)
    pid = rig.reach(goal(rig, path)).running.pid
    assert runs(rig) == str(other)
    Path(host.settings.state_dir, "collectd.pid").unlink()
    found = host.collectd.daemon.find()
    assert found is not None
    assert found.pid == pid
    assert rig.another().recover().running.pid == pid


def test_so_is_the_one_before_it(host: Host, rig: Rig, other: Path) -> None:
    """An agent may be killed between the file and the restart."""
    pid = rig.reach(goal(rig, other)).running.pid
    host.collectd.files.restore(host.collectd.render(goal(rig, None), "epoch/9"))
    Path(host.settings.state_dir, "collectd.pid").unlink()
    assert rig.another().recover().running.pid == pid


@pytest.mark.parametrize(("version", "why"), [("5.8.1", "older than 5.9"), ("", "no collectd")])
def test_one_that_cannot_be_managed_is_refused(host: Host, rig: Rig, version: str, why: str) -> None:
    rig.reach(goal(rig, None))
    pid, path = rig.driver.observe().pid, script(host, version)
    error = rig.refuses(rig.order(goal(rig, path)), exception.ProgramUnfit)
    assert why in error.detail
    assert error.kwargs == {"program": str(path), "version": version or None}
    assert rig.driver.observe().pid == pid


def test_one_that_others_can_write_is_not_even_asked(host: Host, rig: Rig, other: Path) -> None:
    other.chmod(0o777)
    error = rig.refuses(rig.order(goal(rig, other)), exception.ProgramUnfit)
    assert "writable by nobody else" in error.detail


def test_one_that_is_named_by_what_is_not_run_here_is_refused(rig: Rig) -> None:
    wanted = rig.goal({}, sections={"program": {"collectd": {"image": "collectd:5.13"}}})
    assert "named by its binary" in rig.refuses(rig.order(wanted), exception.ProgramUnfit).detail


def test_one_that_does_not_come_up_is_taken_back(host: Host, rig: Rig) -> None:
    rig.reach(goal(rig, None))
    rig.refuses(rig.order(goal(rig, script(host, "5.12.0"))), exception.DaemonNotStarted)
    assert runs(rig) == os.path.realpath(host.settings.binary)
    host.again()
    assert runs(rig) == os.path.realpath(host.settings.binary)


def test_one_beside_the_daemon_is_known_to_the_next_agent() -> None:
    with real_host(replacing) as host:
        rig, other = host.rig(), Path(host.settings.config_file).with_name("other")
        shutil.copy2(host.settings.binary, other)
        before = rig.reach(goal(rig, None)).running.pid
        succession = beside(host, goal(rig, other))
        assert os.readlink(f"/proc/{succession.new.pid}/exe") == str(other)
        recovered = rig.another().recover()
        assert recovered.running.pid == before
        assert f"{succession.new.pid} was ended" in " ".join(recovered.notes)
        assert not succession.new.alive()


def test_one_that_bears_our_mark_and_sees_other_files_is_somebody_elses(tmp_path: Path) -> None:
    """That of an agent in a container, where everything has the names that it has here."""
    settings = settings_in(tmp_path)
    variable, _, value = mark(settings).partition("=")
    told = arguments(settings.config_file)
    for root, known in (("/", True), (str(tmp_path), False)):
        code = "import os, sys; os.chroot(sys.argv[1]); print(flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", code, root, *told]
        environment = {**os.environ, variable: value}
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            found = [each.pid for each in Executables(settings).running([settings.binary], settings.config_file)]
            assert found == ([process.pid] if known else [])
            process.communicate()
