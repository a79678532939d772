# SPDX-License-Identifier: Apache-2.0
"""A daemon of the tests does not outlive them, not even when they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.services.process import Process
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]

_DIES = """
import os, pathlib, sys
from tests.services.process import Process
daemon = Process(["sleep", "600"], pathlib.Path(sys.argv[1]))
daemon.start()
print(daemon.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def gone(pid: int, within: float = PATIENCE) -> bool:
    """Nobody waits for the orphan but init, which may be slow or absent: a zombie is gone too."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_no_port_is_given_twice() -> None:
    """Three runs at once would meet with hardly any doubt, if each were given any that nobody listens on."""
    code = "from tests.services.place import free_port; print(*(free_port() for _ in range(200)), flush=True); input()"
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                subprocess.Popen([sys.executable, "-c", code], text=True, cwd=ROOT, stdin=-1, stdout=-1)
            )
            for _ in range(3)
        ]
        said = [run.stdout.readline() for run in runs if run.stdout is not None]
        for run in runs:
            run.communicate("\n")
    ports = " ".join(said).split()
    assert len(set(ports)) == len(ports) == 600


def test_it_ends_when_the_tests_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _DIES, str(tmp_path / "log")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))


def test_stop_ends_what_does_not_listen(tmp_path: Path) -> None:
    deaf = Process(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], tmp_path / "log")
    deaf.start()
    deaf.wait_until(lambda: "ready" in deaf.tail())
    deaf.stop(within=0.5)
    assert not deaf.alive
    with pytest.raises(ProcessLookupError):
        os.kill(deaf.pid, 0)


def test_a_daemon_that_ends_early_is_reported_with_its_words(tmp_path: Path) -> None:
    broken = Process(["sh", "-c", "echo no such option; exit 1"], tmp_path / "log")
    broken.start()
    with pytest.raises(RuntimeError, match="no such option"):
        broken.wait_until(lambda: False)
    broken.stop()
