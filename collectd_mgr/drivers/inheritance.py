# SPDX-License-Identifier: Apache-2.0
"""What a process has that it was not told by its program: limits, CPUs, capabilities, label and cgroup.

A new one has it from who starts it. One that takes the place of another is to have it from that one: who runs the agent
now may have started it otherwise than the agent was that started the other, or somebody may have set it since.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from collectd_mgr.drivers.process import Process

#: As /proc has them -> the option of ``prlimit``.
_LIMITS = {
    "Max cpu time": "cpu",
    "Max file size": "fsize",
    "Max data size": "data",
    "Max stack size": "stack",
    "Max core file size": "core",
    "Max resident set": "rss",
    "Max processes": "nproc",
    "Max open files": "nofile",
    "Max locked memory": "memlock",
    "Max address space": "as",
    "Max file locks": "locks",
    "Max pending signals": "sigpending",
    "Max msgqueue size": "msgqueue",
    "Max nice priority": "nice",
    "Max realtime priority": "rtprio",
    "Max realtime timeout": "rttime",
}

#: Where the names end there.
_NAME = 26

_PROC = Path("/proc")


def command(of: Process, *wanted: str, proc: Path = _PROC) -> list[str]:
    """``wanted`` with what that process has otherwise than this one; the pid and the command line stay the same.

    What is taken here can be given away, and what this one may not have itself cannot: it fails then.

    :raises OSError: it has what can be given to nobody from here
    """
    own, other = proc / "self", proc / str(of.pid)
    return [*_limits(own, other), *_cpus(of), *_rights(own, other), *wanted]


def join(process: Process, of: Process, proc: Path = _PROC) -> None:
    """Have ``process`` be in the cgroups of the other one. Safe to repeat. :raises OSError: it must not be there"""
    own, other = _cgroups(proc / str(process.pid)), _cgroups(proc / str(of.pid))
    places = _hierarchies(proc)
    for controllers, path in other.items():
        if own.get(controllers) != path and controllers in places:
            (places[controllers] / path.lstrip("/") / "cgroup.procs").write_text(str(process.pid))


def _limits(own: Path, other: Path) -> list[str]:
    ours, theirs = _bounds(own), _bounds(other)
    options = [f"--{name}={bounds}" for name, bounds in theirs.items() if bounds != ours.get(name)]
    return ["prlimit", *options] if options else []


def _bounds(entry: Path) -> dict[str, str]:
    """Soft and hard as ``prlimit`` takes them. Of a process of another user's only /proc tells without more rights."""
    lines = (entry / "limits").read_text(encoding="utf-8", errors="replace").splitlines()
    found = ((_LIMITS.get(line[:_NAME].strip()), line[_NAME:].split()[:2]) for line in lines)
    return {name: ":".join(bounds) for name, bounds in found if name}


def _cpus(of: Process) -> list[str]:
    found = os.sched_getaffinity(of.pid)
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(found)))] if found != os.sched_getaffinity(0) else []


def _rights(own: Path, other: Path) -> list[str]:
    """With root the bounding set is all that it may do; any other user has none.

    :raises PermissionError: it may do more than we may
    """
    ours, theirs = _status(own), _status(other)
    options = []
    may, has = (int(each.get("CapBnd", "0"), 16) for each in (ours, theirs))
    if has & ~may:
        raise PermissionError(f"its capabilities (CapBnd {has:016x}) are more than this agent has ({may:016x})")
    if may & ~has:
        options.append(f"--bounding-set={','.join(f'-cap_{bit}' for bit in range(64) if (may & ~has) >> bit & 1)}")
    ourselves, it = (int(each.get("NoNewPrivs", "0")) for each in (ours, theirs))
    if ourselves > it:
        raise PermissionError("it may gain privileges (NoNewPrivs 0), and this agent may not")
    if it > ourselves:
        options.append("--no-new-privs")
    label = _label(other)
    if label and label != _label(own):
        # SELinux has user:role:type, AppArmor the name of a profile, with its mode behind it.
        kind = "--selinux-label" if label.count(":") >= 2 else "--apparmor-profile"
        options.append(f"{kind}={label.partition(' (')[0]}")
    return ["setpriv", *options, "--"] if options else []


def _status(entry: Path) -> Mapping[str, str]:
    lines = (entry / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _label(entry: Path) -> str:
    """Empty where the kernel has no labels."""
    try:
        return (entry / "attr/current").read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""


def _cgroups(entry: Path) -> dict[str, str]:
    """The path by the controllers of a hierarchy; that of version 2 has none of its own."""
    lines = (entry / "cgroup").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}


def _hierarchies(proc: Path) -> dict[str, Path]:
    """Where each of them is mounted with its root, by its controllers as :func:`_cgroups` has them."""
    return dict(_mounted((proc / "self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")))


def _mounted(mounts: str) -> Iterator[tuple[str, Path]]:
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        where = Path(before.split(" ")[4])
        if kind == "cgroup2":
            yield "", where
        elif kind == "cgroup":
            words = options.split(",")
            # A named one has no controllers.
            yield next((word for word in words if word.startswith("name=")), where.name), where
