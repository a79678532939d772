# SPDX-License-Identifier: Apache-2.0
"""When a process has ended, and when it only looks as if it had."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from collectd_mgr.drivers.process import end_of, look, with_config
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


def test_who_sees_it_gone_is_told_how_it_ended() -> None:
    """Whichever of the threads that look it was that reaped it."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(300):
            assert set(watched(os.posix_spawn("/bin/true", ["true"], {}))) == {0}
    finally:
        sys.setswitchinterval(interval)


# Says that it is there with its child, and ends with its input.
_FORKING = """
import os, sys, time
child = os.fork()
if child == 0:
    time.sleep(600)
print("ready", flush=True)
sys.stdin.read()
os.kill(child, 9)
"""


def test_those_with_a_configuration_are_found_and_not_their_children(tmp_path: Path) -> None:
    """A child of collectd's that has not begun to run its own program yet looks like another collectd."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "conf")
    file = str(tmp_path / "conf")
    told = (("-C", file), ("-C", str(link)), ("-C", "/other"), ("-t", "-C", file))
    commands = [[sys.executable, "-c", _FORKING, *options] for options in told]
    with ExitStack() as stack:
        begun = [stack.enter_context(subprocess.Popen(command, text=True, stdin=-1, stdout=-1)) for command in commands]
        for each in begun:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        found = {each.pid for each in with_config(sys.executable, file)}
        for each in begun:
            assert each.stdin is not None
            each.stdin.close()
    assert found == {each.pid for each in begun[:2]}


def watched(pid: int) -> list[int | None]:
    """How it ended, as each of some threads is told at once after it was gone."""
    found: list[int | None] = []

    def watch() -> None:
        while look(pid) is not None:
            pass
        found.append(end_of(pid))

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
