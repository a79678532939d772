# SPDX-License-Identifier: Apache-2.0
"""Whose a path is."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collectd_mgr.wire.listener import CannotListen, Listener
from tests.freezing import frozen, held
from tests.waiting import PATIENCE

LISTENS = """
import sys, threading
from collectd_mgr.wire.listener import Listener
listener = Listener(sys.argv[1], 1)
print(flush=True)
threading.Event().wait()
"""


def test_one_that_was_killed_and_is_held_by_the_kernel_loses_it(tmp_path: Path) -> None:
    """Here its first thread is; one that only hangs keeps it."""
    path = str(tmp_path / "s")
    with subprocess.Popen([sys.executable, "-c", LISTENS, path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        with frozen(other.pid), pytest.raises(CannotListen):
            Listener(path, 1)
        with held(other.pid):
            with pytest.raises(CannotListen):
                Listener(path, 1)
            other.send_signal(signal.SIGKILL)
            Listener(path, 1).close()
            assert other.poll() is None
        other.wait(PATIENCE)
