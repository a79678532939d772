# SPDX-License-Identifier: Apache-2.0
"""Run by test_time_sources in namespaces of its own (user and network): a real ntpd, and what it says.

ntpd listens on port 123 and nowhere else, follows no server at an address of its own, and adjusts the clock without
being asked. In here the port is free, the server is behind a cable, and root is nobody who could set a clock.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from collectd_mgr.agent.time_sources.base import TimeSettings
from collectd_mgr.agent.time_sources.ntpd import Ntpd
from tests.services.timekeepers import UNPACKED, NtpServer, near, report
from tests.waiting import eventually

SERVER, CLIENT = "10.99.0.2", "10.99.0.1"

#: The restrictions of Debian's ntp.conf: only loopback may ask.
CONF = f"""\
server {SERVER} iburst minpoll 3 maxpoll 3
restrict default kod nomodify nopeer noquery limited
restrict 127.0.0.1
restrict {SERVER}
"""


def main(directory: Path, ahead: str) -> None:
    """Print the first report, and the first in which ntpd is synchronised, as JSON."""
    (directory / "conf").write_text(CONF)
    _run("ip", "link", "set", "lo", "up")
    serve = [sys.executable, "-m", "tests.agent.ntpd_inside", "serve", ahead]
    server = subprocess.Popen(["unshare", "--net", "--kill-child", "--", *serve], stdin=subprocess.PIPE)
    program = [str(UNPACKED / "usr/sbin/ntpd"), "-n", "-c", str(directory / "conf"), "-l", str(directory / "log")]
    eventually(lambda: _other_network(server.pid))
    _run("ip", "link", "add", "client", "type", "veth", "peer", "name", "server", "netns", str(server.pid))
    _up("client", CLIENT)
    ntpd = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        source = Ntpd(TimeSettings())
        reports = {"first": report(source, lambda _: True), "synchronised": report(source, near(-float(ahead), 0.02))}
    finally:
        ntpd.terminate()
        ntpd.wait()
        # It waits for the end of its input; unshare itself does not listen to signals.
        server.communicate()
    print(json.dumps({name: found.to_dict() for name, found in reports.items()}))


def serve(ahead: float) -> None:
    """In a network of its own, at the other end of the cable; until the standard input ends."""
    eventually(
        lambda: subprocess.run(["ip", "link", "show", "server"], capture_output=True, check=False).returncode == 0
    )
    _up("server", SERVER)
    NtpServer((SERVER, 123), ahead)
    sys.stdin.read()


def _other_network(pid: int) -> bool:
    ours, theirs = Path("/proc/self/ns/net"), Path(f"/proc/{pid}/ns/net")
    return ours.readlink() != theirs.readlink()


def _up(interface: str, address: str) -> None:
    _run("ip", "address", "add", f"{address}/24", "dev", interface)
    _run("ip", "link", "set", interface, "up")


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(float(sys.argv[2]))
    else:
        main(Path(sys.argv[1]), sys.argv[2])
