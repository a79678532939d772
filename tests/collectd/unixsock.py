# SPDX-License-Identifier: Apache-2.0
"""collectd's own socket, that of its unixsock plugin, which comes some time after the daemon reads."""

from __future__ import annotations

import socket
from pathlib import Path

from collectd_mgr.testing.collectd import ScratchCollectd
from tests.waiting import eventually

#: Makes the socket in collectd's own directory.
CONFIG = '<Plugin unixsock>\n  SocketFile "unixsock"\n  DeleteSocket true\n</Plugin>\n'


def own_socket(directory: Path) -> str:
    """Configuration of an operator's that makes the socket ``s`` there."""
    return f'LoadPlugin unixsock\n<Plugin unixsock>\n  SocketFile "{directory}/s"\n  DeleteSocket false\n</Plugin>\n'


def put(path: Path, metric: str, value: object = 1) -> None:
    """Have whoever listens there take a value."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(f'PUTVAL "{metric}" interval=10 N:{value}\n'.encode())
        assert connection.recv(100).startswith(b"0 ")


def asks(path: Path) -> bool:
    """Whether somebody answers at collectd's own socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
        connection.sendall(b"LISTVAL\n")
        return b"found" in connection.recv(100).lower()


def wait(collectd: ScratchCollectd) -> None:
    """Wait until it takes connections."""

    def takes() -> bool:
        try:
            _connection(collectd).close()
        except (FileNotFoundError, ConnectionRefusedError):  # Not made yet; made, but nobody listens yet.
            return False
        return True

    eventually(takes)


def putval(collectd: ScratchCollectd, identifier: str, value: object, *, interval: float, moment: object = "N") -> None:
    """Have collectd take a value of a moment, in seconds since the epoch; ``N`` is now."""
    answer = ask(collectd, f'PUTVAL "{identifier}" interval={interval} {moment}:{value}')
    assert answer[0].startswith("0 "), answer


def ask(collectd: ScratchCollectd, line: str) -> list[str]:
    """The lines of collectd's answer: the first begins with the number of the others, or is negative."""
    wait(collectd)
    # What is no UTF-8 goes as the byte that it stands for: collectd takes any.
    with (
        _connection(collectd) as connection,
        connection.makefile("rw", encoding="utf-8", errors="surrogateescape") as stream,
    ):
        stream.write(f"{line}\n")
        stream.flush()
        status = stream.readline()
        return [status, *(stream.readline() for _ in range(max(int(status.split()[0]), 0)))]


def _connection(collectd: ScratchCollectd) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(collectd.directory / "unixsock"))
    except BaseException:
        connection.close()
        raise
    return connection
