# SPDX-License-Identifier: Apache-2.0
"""collectd's own way to its values: LISTVAL, then one GETVAL for each, through the plugin unixsock."""

from __future__ import annotations

import socket
import threading
from pathlib import Path


class Unixsock:
    """One connection that stays open."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(path))
        self._answers = self._socket.makefile("rb", buffering=1 << 20)

    def values(self) -> dict[str, dict[str, float]]:
        """Every metric with its data sources. All the questions are sent at once, while the answers are read."""
        self._socket.sendall(b"LISTVAL\n")
        names = [line.split(b" ", 1)[1].decode() for line in self._answer()]
        questions = "".join(f'GETVAL "{name}"\n' for name in names).encode()
        asking = threading.Thread(target=self._socket.sendall, args=(questions,))
        asking.start()
        found = {name: _sources(self._answer()) for name in names}
        asking.join()
        return found

    def _answer(self) -> list[bytes]:
        """The lines after the one that counts them; none for an error."""
        count = int(self._answers.readline().split(b" ", 1)[0])
        return [self._answers.readline().rstrip() for _ in range(max(count, 0))]

    def close(self) -> None:
        self._answers.close()
        self._socket.close()


def _sources(lines: list[bytes]) -> dict[str, float]:
    pairs = (line.decode().split("=", 1) for line in lines)
    return {name: float(value) for name, value in pairs}
