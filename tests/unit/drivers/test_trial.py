# SPDX-License-Identifier: Apache-2.0
"""How many trials there are at once. What they find is found by a real collectd (see tests/collectd/test_trial.py)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.trial import Result, Trial, Trials
from collectd_mgr.testing.suite.rigs import settings_in
from tests.waiting import PATIENCE


class Slow(Trials):
    """A trial that lasts as long as it is told to."""

    def __init__(self, place: Path) -> None:
        (place / "cpu.so").touch()
        super().__init__(replace(settings_in(place), plugin_dir=str(place)))
        self.begun, self.go = threading.Event(), threading.Event()

    def _run(self, *asked: Any) -> Result:
        self.begun.set()
        assert self.go.wait(PATIENCE)
        return Result()

    def cpu(self) -> Result:
        return self.run(Trial("cpu", PluginGoal(True), "cn1.example.org"), PATIENCE)


def test_of_many_at_once_one_waits_and_the_others_are_told_at_once(tmp_path: Path) -> None:
    """Each holds a thread of the agent: a change is not to wait behind them."""
    trials = Slow(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(trials.cpu)
        assert trials.begun.wait(PATIENCE)
        # Somebody waits, in the only other place there is.
        assert trials._asked.acquire(blocking=False)
        for _ in range(20):
            with pytest.raises(exception.Busy):
                trials.cpu()
        trials._asked.release()
        second = pool.submit(trials.cpu)
        trials.go.set()
        assert (first.result(), second.result()) == (Result(), Result())
