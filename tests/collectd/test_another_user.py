# SPDX-License-Identifier: Apache-2.0
"""A collectd that is not root: it reads what it needs of ours, listens, is changed; nobody else sees more."""

from __future__ import annotations

import dataclasses
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.reads import Flush
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import DriverSettings, Order
from collectd_mgr.drivers.instance import INSTANCES
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.rigs import operators_file, settings_in
from tests.collectd.conftest import ENTRIES
from tests.collectd.containers import options

#: Somebody who is on every Debian, and somebody else who shares that one's group, or could.
USER, OTHER = "daemon", "nobody"

LOAD = {name: PluginGoal(True, origin="host") for name in ("csv", "load", "python")}


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        place = Path(name)
        place.chmod(0o711)
        (place / "base").mkdir()
        os.chown(place / "base", pwd.getpwnam(USER).pw_uid, -1)
        yield place


@pytest.fixture
def settings(place: Path) -> DriverSettings:
    settings = dataclasses.replace(
        settings_in(place), user=USER, socket=f"{place}/run/collectd.sock", managed_dir=f"{place}/state/conf.d"
    )
    operators_file(place, settings)
    text = Path(settings.config_file).read_text().replace(f'"{place}"', f'"{place}/base"')
    Path(settings.config_file).write_text(text.replace(f"{place}/csv", f"{place}/base/csv"))
    return settings


@pytest.fixture
def ladder(settings: DriverSettings) -> Iterator[Ladder]:
    umask = os.umask(0o077)
    live, restart = LiveDriver(settings), RestartDriver(settings)
    try:
        yield Ladder([live, restart])
    finally:
        os.umask(umask)
        restart._collectd.daemon.stop()
        live.close()
        restart.close()


def reach(ladder: Ladder, goal: Goal) -> str:
    """The driver that brought the daemon there."""
    running = ladder.observe()
    steps = plan.plan(running, goal)
    return ladder.pick(steps, running, {}).apply(Order(goal, steps, "req-1", "e/1")).driver


@pytest.fixture
def container(settings: DriverSettings, place: Path) -> Iterator[Ladder]:
    """Of podman's, without capabilities and with limits of its own; ``replace`` comes first."""
    said = options()
    said["podman_options"] += f" --cap-drop all --cpuset-cpus 0 --volume {place}/base:{place}/base"
    said["podman_options"] += f" --volume {settings.config_file}:{settings.config_file}:ro"
    inside = dataclasses.replace(settings, daemon="podman", ready_timeout=4.0, **cast(dict[str, Any], said))
    drivers = ReplaceDriver(inside), RestartDriver(inside)
    try:
        yield Ladder(drivers)
    finally:
        drivers[0]._collectd.daemon.stop()
        for driver in drivers:
            driver.close()


#: What the kernel knows of a process that a second one is to have as well.
_INHERITED = (
    "Uid",
    "Gid",
    "Groups",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "NoNewPrivs",
    "Seccomp",
    "Cpus_allowed_list",
)


def inherited(pid: int | None) -> tuple[dict[str, str], str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    facts = dict(line.split(":", 1) for line in lines)
    label = Path(f"/proc/{pid}/attr/current")
    return {name: facts[name] for name in _INHERITED}, Path(f"/proc/{pid}/limits").read_text(), _read(label)


def _read(path: Path) -> str:
    """Where no security module is, there is nothing to read."""
    try:
        return path.read_text()
    except OSError:
        return ""


def may_read(user: str, path: Path | str) -> bool:
    command = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups", "--", "cat"]
    return subprocess.run([*command, str(path)], capture_output=True, check=False).returncode == 0


def test_it_is_changed_live_and_by_restart(ladder: Ladder, settings: DriverSettings) -> None:
    ladder.recover()
    pid = ladder.observe().pid
    assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam(USER).pw_uid
    assert reach(ladder, Goal({**LOAD, "memory": PluginGoal(True, 1.0)})) == "live"
    assert ladder.observe().pid == pid
    configured = PluginGoal(True, config={"ReportByCpu": False})
    assert reach(ladder, Goal({**LOAD, "cpu": configured, "memory": PluginGoal(False)})) == "live"
    again = PluginGoal(True, config={"ReportByCpu": True})
    assert reach(ladder, Goal({**LOAD, "cpu": again})) == "restart"
    assert ladder.observe().plugins["cpu"].enabled
    assert Path(f"/proc/{ladder.observe().pid}").stat().st_uid == pwd.getpwnam(USER).pw_uid


def test_a_second_container_is_as_the_first(container: Ladder) -> None:
    container.recover()
    first = container.observe().pid
    facts = inherited(first)
    assert facts[0]["Uid"].split()[0] == str(pwd.getpwnam(USER).pw_uid)
    assert int(facts[0]["CapEff"], 16) == 0
    assert facts[0]["Cpus_allowed_list"].split() == ["0"]
    assert "1024" in facts[1]
    assert reach(container, Goal({**LOAD, "cpu": PluginGoal(True, 1.0, {"ReportByCpu": False})})) == "replace"
    second = container.observe().pid
    assert second != first
    assert inherited(second) == facts


def test_a_second_one_takes_its_place(ladder: Ladder, settings: DriverSettings) -> None:
    ladder.recover()
    reach(ladder, Goal({**LOAD, "cpu": PluginGoal(True, 1.0, {"ReportByCpu": False})}))
    replacing = ReplaceDriver(dataclasses.replace(settings, ready_timeout=4.0))
    pid = ladder.observe().pid
    goal = Goal({**LOAD, "cpu": PluginGoal(True, 1.0, {"ReportByCpu": True})})
    assert reach(Ladder([replacing]), goal) == "replace"
    assert ladder.observe().pid not in (None, pid)
    assert Path(f"/proc/{ladder.observe().pid}").stat().st_uid == pwd.getpwnam(USER).pw_uid
    (started_with,) = Path(settings.state_dir, INSTANCES).glob("*.conf")
    assert (may_read(USER, started_with), may_read(OTHER, started_with)) == (True, False)
    replacing.close()


def test_who_may_see_what(ladder: Ladder, settings: DriverSettings) -> None:
    ladder.recover()
    state = Path(settings.state_dir)
    (state / "memory.json").write_text("a secret")
    managed, code = Path(settings.managed_dir) / "collectd_mgr.conf", state / "extension/collectd_mgr/exception.py"
    assert [may_read(USER, path) for path in (managed, code, state / "memory.json")] == [True, True, False]
    assert not any(may_read(OTHER, path) for path in (managed, code, state / "memory.json"))
    assert managed.stat().st_mode & 0o077 == 0
    owners = [path.stat().st_uid for path in (state, managed.parent, code, code.parent)]
    assert owners == [os.geteuid()] * 4
    socket = Path(settings.socket).stat()
    assert (socket.st_uid, stat.S_IMODE(socket.st_mode)) == (pwd.getpwnam(USER).pw_uid, 0o600)
    assert stat.S_IMODE(Path(settings.socket).parent.stat().st_mode) == 0o700


def test_nothing_of_ours_can_be_replaced_by_it(ladder: Ladder, settings: DriverSettings) -> None:
    ladder.recover()
    for directory in (settings.state_dir, settings.managed_dir, f"{settings.state_dir}/extension/collectd_mgr"):
        command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--", "touch", f"{directory}/x"]
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_a_candidate_is_tried_with_no_more_rights_than_it_will_have(ladder: Ladder) -> None:
    """``table`` reads its file when it is tried; that of root is not for this user."""
    ladder.recover()
    config = {"Table": {"args": ["/etc/shadow"], "Instance": "x", "Separator": ":", "Result": {"Type": "gauge"}}}
    goal = Goal({**LOAD, "memory": PluginGoal(True), "table": PluginGoal(True, config=config)})
    try:
        said = ladder.drivers[1].apply(Order(goal, plan.plan(ladder.observe(), goal), "req-1", "e/1")).warnings
    except exception.CollectdMgrError as error:
        said = tuple(error.kwargs.get("messages", ()))
    assert any("ermission denied" in line or "shadow" in line for line in said), said


def test_where_its_memory_cannot_be_looked_at_live_is_off_and_says_why(
    ladder: Ladder, settings: DriverSettings
) -> None:
    conf = Path(settings.config_file)
    first = f'LoadPlugin python\n<Plugin python>\nModulePath "{ENTRIES}"\nImport "undumpable"\n</Plugin>\n'
    conf.write_text(first + conf.read_text())
    ladder.recover()
    offers = {offer.driver: offer for offer in ladder.offers({})}
    assert "cannot be read" in offers["live"].missing[plan.LOAD]
    assert "values" in offers["live"].capabilities
    with pytest.raises(exception.LiveOff, match="cannot be seen"):
        ladder.drivers[0].flush(Flush(), "req-1")
    assert reach(ladder, Goal({**LOAD, "memory": PluginGoal(True, 1.0)})) == "restart"


def test_a_user_that_there_is_not_is_said_before_anything_is_done(settings: DriverSettings) -> None:
    with pytest.raises(exception.NoDriver, match="no user 'nosuchuser'"):
        LiveDriver(dataclasses.replace(settings, user="nosuchuser"))
