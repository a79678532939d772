# SPDX-License-Identifier: Apache-2.0
"""Where a service of a test lives: a free port and a short directory."""

from __future__ import annotations

import os
import random
import shutil
import socket
import tempfile
from pathlib import Path

#: Below the range that the kernel hands out for outgoing connections, so that nobody gets the port by chance.
_PORTS = range(20000, 32000)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now, and that no run of the tests is given while this one lasts.

    Whoever is to listen there starts later, and may be stopped and started again.
    """
    for port in random.sample(_PORTS, 200):
        if _claimed(port) and _bound(socket.AF_INET, ("127.0.0.1", port)):
            return port
    raise RuntimeError("no free port on 127.0.0.1")


def _claimed(port: int) -> bool:
    """Whether it is ours now: by a name that goes with this process."""
    return _bound(socket.AF_UNIX, f"\0collectd_mgr/tests/{port}", keep=True)


def _bound(family: socket.AddressFamily, address: str | tuple[str, int], keep: bool = False) -> bool:
    """Whether nobody has the address.

    :param keep: until this process ends
    """
    with socket.socket(family) as probe:
        try:
            probe.bind(address)
        except OSError:
            return False
        if keep:
            probe.detach()
        return True


def directory() -> Path:
    """A new directory; its name is short because a UNIX socket's path may have 107 characters only."""
    path = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
    path.chmod(0o755)
    return path


def owned(path: Path, user: str) -> Path:
    """Make the directory, and give it to ``user`` when we are root: databases refuse to run as root."""
    path.mkdir()
    if os.geteuid() == 0:
        shutil.chown(path, user, user)
    return path


def as_user(user: str) -> list[str]:
    """What to write before a command so that it runs as ``user``; nothing when we are not root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"]
