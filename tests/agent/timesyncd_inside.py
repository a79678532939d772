# SPDX-License-Identifier: Apache-2.0
"""Run by test_time_sources in namespaces of its own (user, mount and network): a real systemd-timesyncd on a bus of
its own, and what it says.

It has its servers from a file at a fixed place, and corrects the clock without being asked. In here the file is ours,
the server is on loopback, and it runs as nobody who could set a clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from collectd_mgr.agent.time_sources.base import TimeSettings
from collectd_mgr.agent.time_sources.timesyncd import Timesyncd
from tests.services.timekeepers import UNPACKED, NtpServer, near, report
from tests.waiting import eventually

#: Where its configuration is.
PLACE = "/etc/systemd"

BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow user="*"/>
  </policy>
</busconfig>
"""


def main(directory: Path, ahead: float) -> None:
    """Print the first report in which timesyncd is synchronised, as JSON."""
    _run("ip", "link", "set", "lo", "up")
    server = NtpServer(("127.0.0.1", 123), ahead)
    (directory / "systemd").mkdir()
    (directory / "systemd" / "timesyncd.conf").write_text("[Time]\nNTP=127.0.0.1\n")
    _run("mount", "--bind", str(directory / "systemd"), PLACE)
    (directory / "bus.conf").write_text(BUS.format(directory / "bus"))
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={directory}/bus"
    bus = _start(directory, "dbus-daemon", f"--config-file={directory}/bus.conf", "--nofork", "--nopidfile")
    eventually((directory / "bus").exists)
    # As somebody else than root it does not look for a user of its own to become.
    nobody = ("unshare", "--user", "--map-user=65534", "--")
    timesyncd = _start(directory, *nobody, str(UNPACKED / "lib/systemd/systemd-timesyncd"))
    try:
        synchronised = report(Timesyncd(TimeSettings()), near(-ahead, 0.02))
    finally:
        for child in (timesyncd, bus):
            child.terminate()
            child.wait()
        server.close()
    print(json.dumps({"synchronised": synchronised.to_dict()}))


def _start(directory: Path, *command: str) -> subprocess.Popen[bytes]:
    with (directory / "log").open("ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
