# SPDX-License-Identifier: Apache-2.0
"""A service that is asked to end hears it, whatever its threads do at that moment."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.waiting import PATIENCE

_SERVICE = """
import signal, sys, threading, time
from collectd_mgr.cmd import stopping

def hit():
    time.sleep(0.3)
    signal.pthread_kill({thread}.ident, {number})
    time.sleep(600)

stop = stopping.Asked()
threading.Thread(target=hit, daemon=True).start()
stop.wait()
print("ended")
"""


@pytest.mark.parametrize("number", ["signal.SIGTERM", "signal.SIGINT"])
@pytest.mark.parametrize("thread", ["threading.main_thread()", "threading.current_thread()"])
def test_whichever_thread_the_signal_comes_to(thread: str, number: str) -> None:
    """With an event that a handler sets, one that came to another thread than the main one was heard never."""
    program = _SERVICE.format(thread=thread, number=number)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == "ended\n"
