# SPDX-License-Identifier: Apache-2.0
"""Time daemons that cannot touch the machine's clock: they run without the right to set it (CAP_SYS_TIME).

chronyd is told besides not to control the clock (``-x``); it compares and reports as ever. The programs are those of
Debian's packages, unpacked by ``tools/unpack-packages``.
"""

from __future__ import annotations

import shutil
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from collectd_mgr.agent.time_sources.base import Silent, TimeSource
from collectd_mgr.domain.clock import TimeReport
from tests.services import place
from tests.services.process import Process
from tests.waiting import eventually

UNPACKED = Path(__file__).parents[2] / ".venvs" / "time-daemons"

#: What keeps a process, root's too, from setting any clock.
HARMLESS = ["setpriv", "--bounding-set=-sys_time", "--inh-caps=-sys_time", "--"]

#: NTP's seconds begin with 1900.
_EPOCH = 2_208_988_800

#: SO_TIMESTAMPNS of Linux, and struct timespec.
_TIMESTAMPNS, _TIMESPEC = 35, struct.Struct("qq")


class Chronyd:
    """A chronyd on a command socket of its own.

    :param source: the address and port of the server that it follows; None for none
    :param serve: an address and port at which it is a server itself, of the machine's own time
    :param more: for its configuration
    """

    def __init__(
        self, source: tuple[str, int] | None = None, serve: tuple[str, int] | None = None, more: str = ""
    ) -> None:
        # Root's alone, or chronyd opens no socket in it.
        self.directory = place.directory()
        self.directory.chmod(0o700)
        self.socket = str(self.directory / "s")
        lines = [f"bindcmdaddress {self.socket}", "cmdport 0", f"pidfile {self.directory}/pid", "user root", more]
        if source is not None:
            lines.append(f"server {source[0]} port {source[1]} iburst minpoll -4 maxpoll -2")
        if serve is None:
            lines.append("port 0")
        else:
            lines += [f"bindaddress {serve[0]}", f"port {serve[1]}", "allow 127.0.0.0/8", "local stratum 3"]
        (self.directory / "conf").write_text("\n".join([*lines, ""]))
        program = str(UNPACKED / "usr/sbin/chronyd")
        self._process = Process(
            [*HARMLESS, program, "-x", "-d", "-f", str(self.directory / "conf")], self.directory / "log"
        )

    def start(self) -> Chronyd:
        self._process.start()
        self._process.wait_until(Path(self.socket).exists)
        return self

    def close(self) -> None:
        self._process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def steps(self) -> int:
        """How often it wanted to set the clock."""
        return (self.directory / "log").read_text().count("Could not step system clock")

    @property
    def may_set_clocks(self) -> bool:
        """By its effective capabilities: CAP_SYS_TIME is bit 25."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
        return bool(int(effective.split()[1], 16) & 1 << 25)


class NtpServer:
    """In the place of a reference whose clock is ``ahead`` seconds before ours: daemons follow it like any other."""

    def __init__(self, address: tuple[str, int], ahead: float) -> None:
        self._ahead = ahead
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        self._socket.bind(address)
        self.address: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        # Wakes the thread, which a close alone does not.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, told, _, client = self._socket.recvmsg(1024, socket.CMSG_SPACE(_TIMESPEC.size))
            if not question:
                return
            # When it came, of the kernel: on a busy machine it was not now.
            seconds, nanoseconds = _TIMESPEC.unpack(told[0][2])
            self._socket.sendto(self._answer(question, seconds + nanoseconds / 1e9), client)

    def _answer(self, question: bytes, received: float) -> bytes:
        """NTP version 4, server, stratum 2; root delay and dispersion of next to nothing."""
        head = struct.pack(">BBcbII4s", 4 << 3 | 4, 2, question[2:3], -20, 10, 20, b"TEST")
        times = self._time(received - 1), question[40:48], self._time(received), self._time(time.time())
        return head + b"".join(times)

    def _time(self, moment: float) -> bytes:
        moment += _EPOCH + self._ahead
        return struct.pack(">II", int(moment), int(moment % 1 * 2**32))


def report(source: TimeSource, wanted: Callable[[TimeReport], bool]) -> TimeReport:
    """The first report of a kind; one that does not answer at this moment is asked again."""
    found: list[TimeReport] = []

    def look() -> bool:
        with suppress(Silent):
            found.append(source.read())
        return bool(found) and wanted(found[-1])

    eventually(look)
    return found[-1]


def near(offset: float, by: float) -> Callable[[TimeReport], bool]:
    """Whether it follows its reference, and measured about this offset: what it finds on a busy machine may be less
    right than what it finds the next time.
    """
    return lambda found: found.synchronised and found.offset is not None and abs(found.offset - offset) < by
