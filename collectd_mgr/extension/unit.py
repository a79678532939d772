# SPDX-License-Identifier: Apache-2.0
"""This collectd as the main process of a unit of systemd, where another one is to be that in its place.

Only what is started from here is where this one is, in its cgroup and namespaces, and has all that it has: user,
limits, CPUs, capabilities, label, environment. And only from this one does systemd take it that another one is the main
process.
"""

from __future__ import annotations

import os
import socket
import subprocess

from collectd_mgr import exception
from collectd_mgr.domain import plan

#: Of the environment: where systemd listens, an abstract name with an @ before it.
_NAME = b"NOTIFY_SOCKET"

#: Starts a program as the child of nobody here, so that whoever has this one for a child has that one as well.
_ORPHAN = ("setsid", "--fork")

#: Seconds for a program to say what it is, and for systemd to have room for what it is told.
_PATIENCE, _ROOM = 20.0, 5.0


def notifies() -> bool:
    """Whether systemd may hear of another main process from this one."""
    return bool(_environment().get(_NAME))


def hide() -> None:
    """What this process starts later is not to speak for it."""
    os.environ.pop(_NAME.decode(), None)


def start(config_file: str) -> None:
    """Begin to start the program that runs here once more, or what took its place on the disk, with that file. It need
    not run yet, and may never.

    :raises NotCapable: this process may start no program, or not this one; nothing has happened
    """
    try:
        program = os.readlink("/proc/self/exe").removesuffix(" (deleted)")
        # This thread may run elsewhere than the first one, for which somebody sets CPUs from outside.
        os.sched_setaffinity(0, os.sched_getaffinity(os.getpid()))
    except OSError as error:
        raise _refused(str(error)) from error
    # A label may forbid it to a collectd: that is found out while there is an answer to it.
    said = _run(program, "-h", out=subprocess.PIPE)
    if b"Usage" not in said:
        raise _refused(said.decode(errors="replace").strip() or "it said nothing")
    _run(program, "-f", "-C", config_file)


def announce(pid: int) -> None:
    """Tell systemd that this is the main process from now on; whether it is taken for that, systemd tells others.

    :raises NotCapable: there is no systemd that would hear it
    """
    name = _environment().get(_NAME, b"")
    address = b"\0" + name[1:] if name.startswith(b"@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
            notify.settimeout(_ROOM)
            notify.connect(address)
            notify.sendall(f"MAINPID={pid}".encode())
    except OSError as error:
        raise _refused(f"systemd cannot be told: {error}") from error


def _run(*command: str, out: int | None = None) -> bytes:
    """Not with what this process has open, which would be open for as long as that one lives."""
    try:
        done = subprocess.run(
            [*_ORPHAN, *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=None if out is None else subprocess.STDOUT,
            close_fds=True,
            env=_environment(),
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _refused(str(error)) from error
    return bytes(done.stdout or b"")


def _environment() -> dict[bytes, bytes]:
    """As this process was started with: collectd forgets NOTIFY_SOCKET when it has used it. Empty where unreadable."""
    try:
        with open("/proc/self/environ", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return {}
    return {name: value for name, found, value in (word.partition(b"=") for word in words) if found}


def _refused(why: str) -> exception.NotCapable:
    detail = f"The collectd that runs cannot have another one in its place: {why}"
    return exception.NotCapable(detail, capability=plan.REPLACE_DAEMON, driver="replace")
