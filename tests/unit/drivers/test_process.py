# SPDX-License-Identifier: Apache-2.0
"""When a process has ended, and when it only looks as if it had."""

from __future__ import annotations

import subprocess
import sys

from collectd_mgr.drivers.process import look
from tests.waiting import PATIENCE, eventually

# The first thread ends by itself (60 is exit, of one thread) and leaves another behind.
_HEADLESS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
print("ready", flush=True)
ctypes.CDLL(None).syscall(60, 0)
"""


def state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def test_it_lives_until_its_last_thread_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", _HEADLESS], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        eventually(lambda: state(child.pid) == "Z")
        found = look(child.pid)
        child.kill()
        assert found is not None
        assert found.wait(PATIENCE)
        assert look(child.pid) is None
