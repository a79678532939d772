# SPDX-License-Identifier: Apache-2.0
"""A mount namespace for a trial: no files of the machine can be changed in it, but in the trial's own directory.

A program that becomes the trial (``python namespace.py DIRECTORY COMMAND …``): the agent must not do this to itself,
and has threads, beside which little may be done between a fork and an exec. Where it may not be done, by the rights of
the agent or by the kernel (``mount_setattr``, from Linux 5.12), the trial runs all the same, and its first line says
so. It has no larger stack than a daemon has, in any case, and is the first to go where memory runs short.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress

#: What kept a trial from the files of others: a namespace, or that it was told of none of their paths.
NAMESPACE = "namespace"
PATHS = "paths"

#: Bytes of stack that any daemon has, unless somebody says otherwise: its first thread, and each after that.
_STACK = 8 * 1024 * 1024

_SORRY = "collectd_mgr: no mount namespace: "

# Of <sched.h>, <sys/mount.h> and <fcntl.h>; the number of the call is the same on all architectures.
_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_SLAVE = 0x1000, 0x4000, 0x80000
_MOUNT_SETATTR, _MOUNT_ATTR_RDONLY = 442, 1
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000


def command(directory: os.PathLike[str], wanted: Sequence[str]) -> list[str]:
    """``wanted`` where only ``directory`` can be written to; it has the pid of the process that is started."""
    return [sys.executable, "-I", "-S", __file__, os.fspath(directory), *wanted]


def told(output: Sequence[str]) -> tuple[str, list[str]]:
    """Which of the two kept it apart, and the rest of what the trial wrote to its output."""
    mine = bool(output) and output[0].startswith(_SORRY)
    return (PATHS, list(output[1:])) if mine else (NAMESPACE, list(output))


class _Attributes(ctypes.Structure):
    """``struct mount_attr``."""

    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace")]


def _enter(directory: bytes) -> None:
    """Whatever is mounted elsewhere, or taken away, meanwhile is so here too; nothing of this is so elsewhere."""
    libc = ctypes.CDLL(None, use_errno=True)

    def done(result: int) -> None:
        if result != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def attributes(path: bytes, flags: int, **wanted: int) -> None:
        of = _Attributes(**wanted)
        arguments = ctypes.c_int(_AT_FDCWD), path, ctypes.c_uint(flags), ctypes.byref(of)
        done(libc.syscall(ctypes.c_long(_MOUNT_SETATTR), *arguments, ctypes.c_size_t(ctypes.sizeof(of))))

    done(libc.unshare(_CLONE_NEWNS))
    done(libc.mount(None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_SLAVE), None))
    done(libc.mount(directory, directory, None, ctypes.c_ulong(_MS_BIND), None))
    attributes(b"/", _AT_RECURSIVE, set=_MOUNT_ATTR_RDONLY)
    # A process writes the names of its threads to /proc.
    for path in (directory, b"/proc"):
        attributes(path, 0, clear=_MOUNT_ATTR_RDONLY)


def _hindrance(directory: bytes) -> str | None:
    """Why it cannot be entered; found out by a child, for a filter of system calls (seccomp) may end who tries."""
    child = os.fork()
    if child == 0:
        number = errno.ENOSYS
        try:
            _enter(directory)
            number = 0
        except OSError as error:
            number = error.errno or number
        finally:
            os._exit(number)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None if code == 0 else os.strerror(code) if code > 0 else f"signal {-code}"


def _yield_first() -> None:
    """What takes a daemon its stack is to take it the trial, however much the agent was given."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == resource.RLIM_INFINITY or soft > _STACK:
        resource.setrlimit(resource.RLIMIT_STACK, (_STACK, hard))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def main(directory: str, *wanted: str) -> None:
    _yield_first()
    own = os.fsencode(directory)
    hindrance = _hindrance(own)
    if hindrance is None:
        _enter(own)
    else:
        print(f"{_SORRY}{hindrance}", file=sys.stderr, flush=True)
    try:
        os.execvp(wanted[0], wanted)
    except OSError as error:
        sys.exit(f"{wanted[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
