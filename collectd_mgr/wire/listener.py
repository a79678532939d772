# SPDX-License-Identifier: Apache-2.0
"""The listening socket: owned by one process at a time, open to its own user and root only."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import stat
import struct

_CREDENTIALS = struct.Struct("3i")


class CannotListen(Exception):
    """The socket cannot be had, or not safely; the message says why."""


class Listener:
    """A UNIX socket at ``path``, mode 0600.

    A lock file beside it says whose the path is: a socket that a dead process left is replaced, be it that the kernel
    does not let that end; one of a living process never is. It is bound under another name and moved, so that nobody
    can connect before its mode is right.
    """

    def __init__(self, path: str, backlog: int) -> None:
        _check_directory(os.path.dirname(path) or ".")
        self._path = path
        self._lock = _lock(_lock_file(path))
        try:
            self.socket = self._bind(backlog)
        except OSError as error:
            os.close(self._lock)
            raise CannotListen(f"{path}: {error}") from error
        self._inode = os.stat(path).st_ino

    def _bind(self, backlog: int) -> socket.socket:
        if os.path.lexists(self._path) and not stat.S_ISSOCK(os.lstat(self._path).st_mode):
            raise OSError("something that is not a socket is in the way")
        staging = f"{self._path}.{os.getpid()}"
        if os.path.lexists(staging):
            os.unlink(staging)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(staging)
            os.chmod(staging, 0o600)
            listening.listen(backlog)
            os.rename(staging, self._path)
        except OSError:
            listening.close()
            raise
        return listening

    def close(self) -> None:
        """Stop listening and take the socket away, unless somebody else's is there by now."""
        self.socket.close()
        try:
            if os.lstat(self._path).st_ino == self._inode:
                os.unlink(self._path)
        except FileNotFoundError:
            pass
        os.close(self._lock)


def may_connect(connection: socket.socket) -> bool:
    """Whether the peer is root or this process's own user, as the kernel says."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(credentials)
    return uid in (0, os.geteuid())


def _check_directory(directory: str) -> None:
    facts = os.stat(directory)
    if facts.st_uid not in (0, os.geteuid()) or (facts.st_mode & 0o022 and not facts.st_mode & stat.S_ISVTX):
        raise CannotListen(f"{directory} can be written by others: no socket is made there")


def _lock_file(path: str) -> str:
    return f"{path}.lock"


def _lock(path: str) -> int:
    descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    assert descriptor is not None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        left = _is_left(path, os.fstat(descriptor))
        os.close(descriptor)
        if left:
            os.unlink(path)
            return _lock(path)
        raise CannotListen(f"another process listens here: {path} is locked") from error
    return descriptor


def _is_left(path: str, locked: os.stat_result) -> bool:
    """Whether it is the lock of a process of which nothing runs any more: it was killed, and is held by the kernel."""
    file = f"{os.major(locked.st_dev):02x}:{os.minor(locked.st_dev):02x}:{locked.st_ino}"
    try:
        with open("/proc/locks", encoding="ascii") as locks:
            # The kind, the mode, the pid, the file; of one that waits for it there is an arrow before.
            found = [words[4] for words in map(str.split, locks) if words[1] == "FLOCK" and words[5] == file]
        return _was_killed(found[0]) and os.stat(path).st_ino == locked.st_ino
    except (OSError, IndexError):
        return False


def _was_killed(pid: str) -> bool:
    """Its first thread is a zombie, or is itself the one that is held, with a SIGKILL that it has yet to die of."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
        facts = dict(line.split(":", 1) for line in status)
    return facts["State"].split()[0] == "Z" or bool(int(facts["SigPnd"], 16) >> signal.SIGKILL - 1 & 1)
