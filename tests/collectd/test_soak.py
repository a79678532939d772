# SPDX-License-Identifier: Apache-2.0
"""Thousands of enables and disables over every live-safe plugin.

``CM_LONG=1`` makes it 50,000; the short form runs every time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_mgr.testing.collectd import ScratchCollectd
from tests.collectd import soak
from tests.waiting import Eventually

LONG = bool(os.environ.get("CM_LONG"))
#: In the short form enough for each to be disabled with the one set of bystanders, and enabled again with the other.
ROUNDS = 50_000 if LONG else 140
#: The more there are, the longer a read of all of them is in flight.
PROCESSES = 500 if LONG else 100


@pytest.mark.timeout(4 * 3600)
def test_churn_over_every_live_safe_plugin(
    compiled: dict[str, Path],
    probe_counters: Callable[[ScratchCollectd], dict[str, float]],
    eventually: Eventually,
) -> None:
    own = (compiled["probe"],)
    slow = soak.Plugin("probe", "ReadTime 200")
    with (
        soak.crowd(PROCESSES),
        soak.live_safe() as plugins,
        ScratchCollectd(interval=soak.INTERVAL, own_plugins=own) as subject,
        ScratchCollectd(interval=soak.INTERVAL, own_plugins=own) as twin,
    ):
        pid = subject.pid
        figures = soak.Churn(subject, twin, [*plugins, slow], seed=20, repeats=0 if LONG else 8).run(ROUNDS)
        soak.enable(subject, slow)
        told: dict[str, float] = {}
        eventually(lambda: told.update(probe_counters(subject)) or "overlaps" in told)
        print(figures)

        assert figures.rounds >= ROUNDS
        assert figures.busy <= max(3, figures.rounds // 100)
        assert subject.running
        assert subject.call("status")["pid"] == pid
        assert told["overlaps"] == 0
        assert figures.growth < 10_000_000
        for ours, twins in figures.steps:
            assert ours <= soak.LATE * twins
        assert subject.stop() == 0
