# SPDX-License-Identifier: Apache-2.0
"""The limits of the write queue in a real collectd: set and lifted live, and after a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import sections
from collectd_mgr.domain.queue import LIMITS
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rigs import real_rig
from tests.waiting import Eventually

#: More value lists in a second than one slow thread writes.
BUSY = {"WriteThreads": 1, "CollectInternalStats": "true", "Timeout": 1000}

LIMIT = {LIMITS: {"high": 20, "low": 10}}


def statistics(collectd: ScratchCollectd) -> Callable[[], dict[str, float]]:
    def read() -> dict[str, float]:
        found = collectd.call("values_get", plugin="collectd")
        rows = zip(found["names"], found["values"], strict=True)
        return {name.rpartition("/")[2]: values[0] or 0.0 for name, values in rows}

    return read


def digest(collectd: ScratchCollectd) -> Any:
    return collectd.call("status")["sections"]["queue"]["digest"]


@pytest.fixture
def slow(compiled: dict[str, Path]) -> Callable[[str], ScratchCollectd]:
    def make(config: str) -> ScratchCollectd:
        config = f'LoadPlugin "slow_write"\n{config}'
        own = [compiled["slow_write"]]
        return ScratchCollectd(["memory"], config, interval=0.05, csv=False, own_plugins=own, options=BUSY)

    return make


def test_values_are_dropped_above_the_limit_and_kept_again_without(
    slow: Callable[[str], ScratchCollectd], eventually: Eventually
) -> None:
    with slow("") as collectd:
        read, pid = statistics(collectd), collectd.pid
        eventually(lambda: read().get("queue_length", 0) > 100)
        assert read().get("derive-dropped", 0) == 0
        assert collectd.call("queue_set", settings=LIMIT) == {"before": {}}
        assert digest(collectd) == sections.digest(LIMIT)
        eventually(lambda: read()["derive-dropped"] > 100)
        eventually(lambda: read()["queue_length"] <= 25)
        assert collectd.call("queue_set", settings={}) == {"before": LIMIT}
        eventually(lambda: read()["queue_length"] > 100)
        assert digest(collectd) == sections.NOTHING
        assert (collectd.pid, collectd.running) == (pid, True)


def test_the_operators_own_limits_are_back(slow: Callable[[str], ScratchCollectd], eventually: Eventually) -> None:
    with slow("WriteQueueLimitHigh 50\nWriteQueueLimitLow 50") as collectd:
        read = statistics(collectd)
        eventually(lambda: read().get("derive-dropped", 0) > 10)
        collectd.call("queue_set", settings={LIMITS: {"high": 100_000, "low": 100_000}})
        eventually(lambda: read()["queue_length"] > 100)
        collectd.call("queue_set", settings={})
        eventually(lambda: read()["queue_length"] <= 60)


TOLD = """
WriteQueueLimitHigh 20
WriteQueueLimitLow 10
<Plugin python>
  <Module collectd_mgr>
    Queue "{\\"limits\\":{\\"high\\":20,\\"low\\":10}}"
  </Module>
</Plugin>
"""


def test_one_that_was_started_with_ours_does_not_know_the_operators(slow: Callable[[str], ScratchCollectd]) -> None:
    with slow(TOLD) as collectd:
        assert digest(collectd) == sections.digest(LIMIT)
        with pytest.raises(exception.LiveRefused):
            collectd.call("queue_set", settings={})
        assert digest(collectd) == sections.digest(LIMIT)
        collectd.call("queue_set", settings={LIMITS: {"high": 30, "low": 10}})


def test_an_operator_who_had_the_last_word_is_seen(slow: Callable[[str], ScratchCollectd]) -> None:
    with slow(f"{TOLD}\nWriteQueueLimitHigh 40") as collectd:
        assert digest(collectd) == sections.NOTHING


@pytest.mark.parametrize("kind", [LiveDriver, RestartDriver])
def test_both_drivers_set_limits(kind: Any) -> None:
    with real_rig(kind) as rig:
        before = rig.driver.observe().pid
        rig.reach(rig.goal(sections=sections.read({sections.QUEUE: LIMIT})))
        rig.again()
        assert rig.driver.observe().sections[sections.QUEUE] == sections.digest(LIMIT)
        assert before is not None
