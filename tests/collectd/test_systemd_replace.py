# SPDX-License-Identifier: Apache-2.0
"""A new collectd in the place of one that is a unit of a real systemd: systemd knows of one, and there is one."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Applied, Order
from collectd_mgr.drivers.inheritance import join
from collectd_mgr.drivers.instance import directory
from collectd_mgr.drivers.launcher import arguments
from collectd_mgr.drivers.parting import Parting
from collectd_mgr.drivers.process import Process, running
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.succession import Succession
from collectd_mgr.drivers.systemd import SystemdDaemon
from collectd_mgr.testing.suite.rig import FAST
from collectd_mgr.testing.suite.rigs import Host
from tests.collectd.beside import beside
from tests.collectd.replacing import replacing
from tests.collectd.samples import series, twice
from tests.collectd.units import have_unit, unit_host
from tests.systemd import Systemd
from tests.waiting import PATIENCE, eventually

MEMORY = PluginGoal(True, interval=FAST)


@pytest.fixture(scope="module")
def systemd() -> Iterator[Systemd]:
    with Systemd() as systemd:
        yield systemd


@pytest.fixture
def host(systemd: Systemd) -> Iterator[Host]:
    with unit_host(systemd, replacing) as host:
        yield host


def goal(replacements: int, **plugins: PluginGoal) -> Goal:
    own = {name: PluginGoal(True, origin="host") for name in ("csv", "load", "python")}
    return Goal({**own, **plugins}, daemon_replacements=replacements)


def reach(host: Host, wanted: Goal) -> Applied:
    used = host.drivers[-1] if host.drivers else host.driver()
    return used.apply(Order(wanted, plan.plan(used.observe(), wanted), "req-1"))


def processes(host: Host) -> list[Process]:
    """Every collectd of this host."""
    first = running(host.settings.binary, ("-C", host.settings.config_file))
    return [*first, *host.collectd.daemon.launched().values()]


def main(host: Host, systemd: Systemd) -> int:
    return int(systemd.ctl("show", "--property=MainPID", "--value", host.settings.unit))


def the_only(host: Host, systemd: Systemd) -> Process:
    """There is one, it is the main process, and it answers."""

    def there_is_one() -> bool:
        found = processes(host)
        pids = {main(host, systemd), host.collectd.wire.listener()}
        return len(found) == 1 and {found[0].pid} == pids

    eventually(there_is_one)
    host.collectd.await_ready(processes(host)[0])
    return processes(host)[0]


def of(process: Process, *names: str) -> list[bytes]:
    return [Path(f"/proc/{process.pid}", name).read_bytes() for name in names]


def parent(process: Process) -> int:
    return int(of(process, "stat")[0].rpartition(b")")[2].split()[1])


def test_systemd_goes_on_with_the_new_one(host: Host, systemd: Systemd) -> None:
    old = the_only(host, systemd)
    resource.prlimit(old.pid, resource.RLIMIT_NOFILE, (900, 1000))
    os.sched_setaffinity(old.pid, {min(os.sched_getaffinity(0))})
    had = (parent(old), of(old, "limits", "cgroup", "environ"), os.sched_getaffinity(old.pid))
    for number in (1, 2):
        applied = reach(host, goal(number, memory=MEMORY))
        assert applied.replaced
        new = the_only(host, systemd)
        assert new.pid == applied.running.pid != old.pid
        assert (parent(new), of(new, "limits", "cgroup", "environ"), os.sched_getaffinity(new.pid)) == had
        assert systemd.ctl("show", "--property=NRestarts", "--value", host.settings.unit) == "0\n"
        assert host.driver().instances() == (new.pid,)
        old = new
    files = series(Path(host.settings.config_file).parent / "csv")
    assert [name for name in files if "/memory/" in name]
    assert not twice(files, FAST)


def test_what_happens_to_the_new_one_is_systemds_affair(host: Host, systemd: Systemd) -> None:
    new = reach(host, goal(1, memory=MEMORY)).running
    assert new.pid == the_only(host, systemd).pid
    the_only(host, systemd).signal(signal.SIGSEGV)
    eventually(lambda: main(host, systemd) not in (0, new.pid))
    the_only(host, systemd)
    assert host.collectd.observe().plugins["memory"].enabled
    assert new.pid not in host.collectd.observe().ended_by_somebody
    newest = reach(host, goal(2, memory=MEMORY)).running
    systemd.ctl("restart", host.settings.unit)
    assert the_only(host, systemd).pid != newest.pid
    assert newest.pid in host.collectd.observe().ended_by_somebody
    reach(host, goal(3, memory=MEMORY))
    assert host.collectd.daemon.stop()
    assert (processes(host), main(host, systemd)) == ([], 0)


@pytest.fixture
def two(host: Host, systemd: Systemd) -> tuple[Process, Succession]:
    old = the_only(host, systemd)
    return old, beside(host, goal(0, memory=MEMORY))


def test_a_killed_agents_new_one_is_ended(host: Host, systemd: Systemd, two: tuple[Process, Succession]) -> None:
    old, _ = two
    host.driver().recover()
    assert the_only(host, systemd) == old
    assert host.collectd.observe().plugins.keys() == {"csv", "load", "python"}


@pytest.mark.parametrize("announced", [False, True])
def test_a_killed_agents_new_one_that_was_told_when_goes_on(
    host: Host, systemd: Systemd, two: tuple[Process, Succession], announced: bool
) -> None:
    """From before systemd knows of it, or from before the old one has ended."""
    old, succession = two
    parting = Parting(host.collectd.wire, old.pid, succession.wire, succession.new.pid)
    parting.finish(parting.part())
    if announced:
        host.collectd.daemon.entrust(succession.new)
    (note,) = host.driver().recover().notes
    assert str(old.pid) in note
    assert the_only(host, systemd) == succession.new
    assert not old.alive()
    assert host.collectd.observe().plugins["memory"].enabled


def test_the_unit_goes_on_with_what_was_upgraded_on_the_disk(host: Host, systemd: Systemd, tmp_path: Path) -> None:
    there = tmp_path / "collectd"
    shutil.copy2("/usr/sbin/collectd", there)
    have_unit(systemd, host.settings, f"ExecStart=\nExecStart={there} -C {host.settings.config_file}\n")
    host.again()
    shutil.copy2("/usr/sbin/collectd", tmp_path / "new")
    (tmp_path / "new").rename(there)
    assert not host.collectd.status()["live"]["on"]
    applied = reach(host, goal(1, memory=MEMORY))
    assert (applied.replaced, applied.running.pid) == (True, main(host, systemd))
    assert Path(f"/proc/{applied.running.pid}/exe").readlink() == there


#: Who is root in files and a process of nobody else: it reads what root does.
_NOBODY = ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


@pytest.mark.parametrize(("wrapped", "inside"), [([], False), (_NOBODY, True)])
def test_who_is_elsewhere_or_another_user_is_not_the_new_one(
    host: Host, systemd: Systemd, wrapped: list[str], inside: bool
) -> None:
    old, asked = the_only(host, systemd), host.collectd.daemon
    file = directory(host.settings) / "00.conf"
    file.parent.mkdir(exist_ok=True)
    file.write_text('Hostname "new"\nBaseDir "/tmp"\nLoadPlugin load\n')
    with subprocess.Popen([*wrapped, host.settings.binary, *arguments(str(file))]) as other:
        try:
            eventually(lambda: other.pid in {each.pid for each in running(host.settings.binary, arguments(str(file)))})
            if inside:
                join(Process(other.pid, 0), old)
            assert not asked.launched()
            new = asked.launch(str(file))
            assert asked.launched() == {str(file): new}
            assert new.pid != other.pid
            new.end(PATIENCE)
        finally:
            other.kill()


class Killed(SystemdDaemon):
    """Whose first process is killed as soon as there are two."""

    def launch(self, config_file: str) -> Process:
        old, new = self.find(), super().launch(config_file)
        assert old is not None
        old.signal(signal.SIGKILL)
        return new


def test_of_a_killed_old_one_nothing_is_left_but_the_unit(host: Host, systemd: Systemd) -> None:
    """systemd ends the new one as well, and would start a third: the unit, as it was before."""
    old, used = the_only(host, systemd), host.driver()
    assert isinstance(used, ReplaceDriver)
    used._collectd.daemon = Killed(host.settings, used._collectd.wire, systemd.systemctl, systemd.journalctl)
    with pytest.raises(exception.CollectdMgrError):
        reach(host, goal(0, memory=MEMORY))
    assert the_only(host, systemd) != old
    assert "memory" not in host.collectd.observe().plugins
    assert not host.collectd.daemon.launched()


def test_where_systemd_would_leave_two_it_is_refused_and_why(host: Host, systemd: Systemd) -> None:
    """Whoever starts the unit says which program that is, in any case."""
    used = host.driver()
    assert used.offer().missing.keys() == {plan.PROGRAM}
    have_unit(systemd, host.settings, "KillMode=process\n")
    assert "has KillMode=process" in used.offer().missing[plan.REPLACE_DAEMON]
    with pytest.raises(exception.NotCapable, match="has KillMode=process"):
        reach(host, goal(1))
