# SPDX-License-Identifier: Apache-2.0
"""The churn under valgrind: no access to memory that is not there, or no longer.

``CM_LONG=1`` makes it 5,000 rounds; the short form runs every time. There is no crowd of processes in it, and no slow
plugin, as in ``test_soak.py``: valgrind has enough to do.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.testing.collectd import ScratchCollectd
from tests.collectd import soak
from tests.waiting import Eventually

LONG = bool(os.environ.get("CM_LONG"))
ROUNDS = 5_000 if LONG else 20
#: Each is read at once when it is enabled; to read all of them ten times a second is all that valgrind comes to.
INTERVAL = soak.INTERVAL if LONG else 2.0

SUPPRESSED = Path(__file__).parent / "valgrind.supp"

#: What CPython does with uninitialised values is its own affair, and hides the rest; an error makes the exit status 99.
VALGRIND = (
    "env",
    "PYTHONMALLOC=malloc",
    "valgrind",
    "--undef-value-errors=no",
    "--leak-check=no",
    "--error-exitcode=99",
    f"--suppressions={SUPPRESSED}",
)


@pytest.mark.timeout(4 * 3600)
def test_churn_under_valgrind(tmp_path: Path, eventually: Eventually) -> None:
    """Every live-safe plugin is loaded, then they are enabled and disabled in random order."""
    report = tmp_path / "valgrind"
    wrapper = (*VALGRIND, "--num-callers=25", f"--log-file={report}")
    chosen = random.Random(7)
    with soak.live_safe() as plugins, ScratchCollectd(interval=1, wrapper=wrapper, patience=280) as collectd:
        for plugin in plugins:
            soak.enable(collectd, plugin, INTERVAL)
        for number in range(ROUNDS):
            plugin = chosen.choice(plugins)
            if chosen.random() < 0.5:
                change = partial(collectd.call, "plugin_disable", plugin=plugin.name)
            else:
                change = partial(soak.enable, collectd, plugin, INTERVAL)
            eventually(partial(soak.is_done, change))
            if number % 10 == 0:
                collectd.call("values_get")
                collectd.call("metrics_list")
        time.sleep(1.0)
        assert collectd.stop() == 0, report.read_text()
        assert "ERROR SUMMARY: 0 errors" in report.read_text()


def test_sigterm_in_the_middle_of_an_init(compiled: dict[str, Path], tmp_path: Path, eventually: Eventually) -> None:
    """collectd frees its list of inits first thing; its own plugin_init_all would go on in it."""
    report = tmp_path / "valgrind"
    config = "LoadPlugin probe\n<Plugin probe>\n  InitTime 2000\n</Plugin>\n"
    wrapper = (*VALGRIND, f"--log-file={report}")
    own = [compiled["probe"]]
    with ScratchCollectd(("load",), config, own_plugins=own, wrapper=wrapper, patience=120) as collectd:
        restart = threading.Thread(target=restart_probe, args=(collectd,))
        restart.start()
        eventually(lambda: "init 2 begins" in collectd.log_text)
        assert collectd.stop() == 0, report.read_text()
        restart.join()


def restart_probe(collectd: ScratchCollectd) -> None:
    with contextlib.suppress(exception.DaemonUnreachable):  # The answer may come too late for the socket.
        collectd.call("plugin_restart", plugin="probe")


def test_an_access_to_freed_memory_would_be_found(
    compiled: dict[str, Path], tmp_path: Path, eventually: Eventually
) -> None:
    report = tmp_path / "valgrind"
    wrapper = (*VALGRIND, f"--log-file={report}")
    own = [compiled["freed"]]
    with ScratchCollectd(
        ("freed",), interval=0.5, entry="", own_plugins=own, wrapper=wrapper, patience=120
    ) as collectd:
        eventually(lambda: "Invalid read of size 1" in report.read_text())
        assert collectd.stop() == 99
