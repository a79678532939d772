# SPDX-License-Identifier: Apache-2.0
"""The churn under valgrind: no access to memory that is not there, or no longer.

``CM_LONG=1`` makes it 5,000 rounds; the short form runs every time.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from collectd_mgr.testing.collectd import ScratchCollectd

ROUNDS = 5_000 if os.environ.get("CM_LONG") else 40

#: In the configuration, and loaded live.
PRESENT = ("cpu", "df", "disk", "interface", "processes", "tcpconns")
LOADED = ("contextswitch", "load", "memory", "swap", "uptime", "users", "vmem")

#: What CPython does with uninitialised values is its own affair, and hides the rest; an error makes the exit status 99.
VALGRIND = ("env", "PYTHONMALLOC=malloc", "valgrind", "--undef-value-errors=no", "--error-exitcode=99")


@pytest.mark.timeout(3600)
def test_churn_under_valgrind(compiled: dict[str, Path], tmp_path: Path) -> None:
    report = tmp_path / "valgrind"
    wrapper = (*VALGRIND, f"--log-file={report}")
    with ScratchCollectd(PRESENT, interval=0.5, own_plugins=[compiled["probe"]], wrapper=wrapper) as collectd:
        chosen = random.Random(7)
        for number in range(ROUNDS):
            plugin = chosen.choice((*PRESENT, *LOADED, "probe"))
            method = chosen.choice(("plugin_enable", "plugin_disable", "plugin_enable"))
            collectd.client.call(method, {"plugin": plugin}, timeout=60)
            if number % 10 == 0:
                collectd.client.call("values_get", timeout=60)
                collectd.client.call("metrics_list", timeout=60)
        time.sleep(1.0)
        assert collectd.stop(120) == 0, report.read_text()
        assert "ERROR SUMMARY: 0 errors" in report.read_text()


def test_an_access_to_freed_memory_would_be_found(compiled: dict[str, Path], tmp_path: Path) -> None:
    wrapper = (*VALGRIND, f"--log-file={tmp_path / 'valgrind'}")
    with ScratchCollectd(("load",), interval=0.5, own_plugins=[compiled["freed"]], wrapper=wrapper) as collectd:
        collectd.client.call("plugin_enable", {"plugin": "freed"}, timeout=60)
        time.sleep(1.0)
        assert collectd.stop(120) == 99
        assert "Invalid read of size 1" in (tmp_path / "valgrind").read_text()
