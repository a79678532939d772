# SPDX-License-Identifier: Apache-2.0
"""What a process that takes the place of another has from that one, rather than from who starts it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.drivers import inheritance
from collectd_mgr.drivers.executable import Executables
from collectd_mgr.drivers.launcher import mark
from collectd_mgr.drivers.process import Process, look, marked
from collectd_mgr.testing.suite.rigs import settings_in
from tests.waiting import PATIENCE, eventually

#: It may not set the clock, raise limits, or write to a file that nobody may write to.
LESS = "-sys_time,-sys_resource,-dac_override"


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program"
    path.write_text("#!/bin/sh\nexec sleep 600\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def old() -> Iterator[Process]:
    """One that may do less than we may, has fewer files than we have, and one CPU."""
    command = ["setpriv", f"--bounding-set={LESS}", "--no-new-privs", "sleep", "600"]
    with subprocess.Popen(command) as child:
        eventually(lambda: comm(child.pid) == "sleep")
        resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (123, 456))
        os.sched_setaffinity(child.pid, {min(os.sched_getaffinity(0))})
        found = look(child.pid)
        assert found is not None
        yield found
        child.kill()


def comm(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def started(tmp_path: Path, program: str, old: Process) -> Process:
    with (tmp_path / "output").open("wb") as output:
        new = Executables(settings_in(tmp_path)).launch(program, "/nowhere", output.fileno(), old)
    assert new is not None
    eventually(lambda: comm(new.pid) == "sleep")
    return new


def facts(process: Process) -> dict[str, object]:
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    given = {name: status[name] for name in ("CapBnd", "CapPrm", "NoNewPrivs", "Cpus_allowed", "Uid", "Groups")}
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    return {**given, "limits": limits, "cgroup": Path(f"/proc/{process.pid}/cgroup").read_text()}


def test_limits_cpus_capabilities_and_cgroup(tmp_path: Path, program: str, old: Process, cgroup: Path) -> None:
    (cgroup / "cgroup.procs").write_text(str(old.pid))
    new = started(tmp_path, program, old)
    try:
        assert facts(new) == facts(old)
        assert "123" in str(facts(new)["limits"])
        assert cgroup.name in str(facts(new)["cgroup"])
    finally:
        assert new.end(PATIENCE)


@pytest.fixture
def cgroup(old: Process) -> Iterator[Path]:
    """A group of its own below ours, in one of the hierarchies; gone before its processes' parent."""
    places = inheritance._hierarchies(Path("/proc"))
    ours = inheritance._cgroups(Path("/proc/self"))
    kind = next(kind for kind in ("pids", "") if kind in places and kind in ours)
    path = places[kind] / ours[kind].lstrip("/") / f"cm-{old.pid}"
    path.mkdir()
    yield path
    old.signal(signal.SIGKILL)
    eventually(lambda: not (path / "cgroup.procs").read_text().strip())
    path.rmdir()


def test_of_one_like_ourselves_nothing_is_said() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        found = look(child.pid)
        assert found is not None
        assert inheritance.command(found, "collectd", "-f") == ["collectd", "-f"]
        child.kill()


@pytest.mark.parametrize(
    ("label", "option"),
    [
        ("system_u:system_r:collectd_t:s0\0", "--selinux-label=system_u:system_r:collectd_t:s0"),
        ("collectd//csv (enforce)\n", "--apparmor-profile=collectd//csv"),
    ],
)
def test_a_label(tmp_path: Path, old: Process, label: str, option: str) -> None:
    """As the kernels tell it that have one."""
    for name, said in (("self", "unconfined"), (str(old.pid), label)):
        (tmp_path / name / "attr").mkdir(parents=True)
        (tmp_path / name / "attr" / "current").write_text(said)
        (tmp_path / name / "status").write_text("CapBnd:\t1\n")
        (tmp_path / name / "limits").touch()
    assert inheritance.command(old, "collectd", proc=tmp_path)[-4:] == ["setpriv", option, "--", "collectd"]


#: An agent that was started again with less than the one that started ``old``; its answer is how it fails, and what of
#: that it knew before.
LESSER = """
import sys
from pathlib import Path
from collectd_mgr import exception
from collectd_mgr.drivers.executable import Executables
from collectd_mgr.drivers.process import look
from collectd_mgr.testing.suite.rigs import settings_in
launcher, old = Executables(settings_in(Path(sys.argv[1]))), look(int(sys.argv[3]))
try:
    launcher.launch(sys.argv[2], "/nowhere", 2, old)
except exception.CollectdMgrError as error:
    print(error.code, error.detail)
    print("foreseen:", launcher.obstacle(old) == error.detail)
"""


def test_a_limit_that_cannot_be_given_is_for_the_next_driver(tmp_path: Path, program: str, old: Process) -> None:
    """It is the wrapper that would end then, as if collectd had."""
    lesser = ["prlimit", "--nofile=200:200", "setpriv", f"--bounding-set={LESS}", "--"]
    assert refusal(lesser, tmp_path, program, old).startswith("prlimit")


def refusal(lesser: list[str], tmp_path: Path, program: str, old: Process) -> str:
    """Why an agent with ``lesser`` rights starts none in the place of the other one."""
    command = [*lesser, sys.executable, "-c", LESSER, str(tmp_path), program, str(old.pid)]
    said = subprocess.check_output(command, text=True)
    return said.removeprefix("not_capable A new collectd cannot be given what the one that runs has: ")


def test_neither_are_rights_that_the_agent_has_not(tmp_path: Path, program: str, old: Process) -> None:
    """The new collectd would have less, and nobody would be told."""
    lesser = ["setpriv", f"--bounding-set={LESS},-chown", "--"]
    said = refusal(lesser, tmp_path, program, old)
    assert "are more than this agent has" in said
    assert said.endswith("foreseen: True\n")
    with subprocess.Popen(["sleep", "600"]) as child:
        other = look(child.pid)
        assert other is not None
        assert "may gain privileges" in refusal(["setpriv", "--no-new-privs", "--"], tmp_path, program, other)
        child.kill()


def test_nor_a_cgroup_that_it_may_not_be_in(tmp_path: Path, program: str, old: Process, cgroup: Path) -> None:
    """The new one is ended again."""
    (cgroup / "cgroup.procs").write_text(str(old.pid))
    (cgroup / "cgroup.procs").chmod(0o444)
    said = refusal(["setpriv", f"--bounding-set={LESS}", "--"], tmp_path, program, old)
    assert said.startswith("it cannot be in its cgroup")
    assert not marked((), mark(settings_in(tmp_path)))
