# SPDX-License-Identifier: Apache-2.0
"""What collectd does with values that its clock says are old, and how the agent sees it coming.

Nobody sets the machine's clock for a test: a value of the future leaves the daemon where a clock set back would.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.agent.clock import Clock
from collectd_mgr.agent.memory import MemoryFile
from collectd_mgr.agent.mode import ModeSwitch
from collectd_mgr.agent.origin import Origin
from collectd_mgr.agent.state import State
from collectd_mgr.agent.time_sources.base import TimeSettings
from collectd_mgr.domain import clock
from collectd_mgr.domain.clock import Reading
from collectd_mgr.domain.plan import Running
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from tests.collectd import unixsock
from tests.waiting import eventually

HOST = "scratch.example.org"
ELSEWHERE = "other.example.org"


@pytest.fixture
def collectd() -> Iterator[ScratchCollectd]:
    with ScratchCollectd(["memory", "unixsock"], unixsock.CONFIG, interval=1) as scratch:
        yield scratch


def put(collectd: ScratchCollectd, host: str, moment: float, plugin: str = "probe") -> None:
    unixsock.putval(collectd, f"{host}/{plugin}/gauge", 1, interval=1, moment=f"{moment:.3f}")


def reading(collectd: ScratchCollectd, directory: Path) -> Reading:
    paths = (str(directory), str(collectd.conf), str(directory / "managed"), collectd.socket)
    driver = LiveDriver(DriverSettings(HOST, *paths))
    state = State(
        MemoryFile(str(directory)),
        ModeSwitch(str(directory / "mode")),
        lambda _: Origin(interval=1.0, hostname="scratch.example.org"),
    )
    state.see_origin(Running())
    found = Clock(state, Ladder([driver]), TimeSettings(), ()).reading()
    driver.close()
    return found


def test_when_a_real_daemon_reads(collectd: ScratchCollectd, tmp_path: Path) -> None:
    eventually(lambda: reading(collectd, tmp_path).grid)
    found = reading(collectd, tmp_path)
    (line,) = found.grid
    assert (line["plugin"], line["interval"], found.interval) == ("memory", 1.0, 1.0)
    assert found.future == 0

    def as_foreseen() -> bool:
        last = reading(collectd, tmp_path).grid[0]["last"]
        late = (last - line["next"]) % 1.0
        return bool(last > line["last"] and min(late, 1.0 - late) < 0.2)

    # A busy machine reads one value late, but not all.
    eventually(as_foreseen)


def test_a_daemon_with_values_of_the_future_refuses_those_of_now(collectd: ScratchCollectd, tmp_path: Path) -> None:
    until = time.time() + 600
    put(collectd, HOST, until - 1, "other")
    put(collectd, HOST, until)
    eventually(lambda: reading(collectd, tmp_path).future == 2)
    put(collectd, HOST, time.time())
    eventually(lambda: f"Value too old: name = {HOST}/probe/gauge" in collectd.log_text)
    found = reading(collectd, tmp_path)
    assert found.until == pytest.approx(until, abs=0.01)
    assert clock.state(found.exchange(found.received, found.answered), found) == clock.REFUSING


def test_what_another_host_sends_says_nothing_of_this_clock(collectd: ScratchCollectd, tmp_path: Path) -> None:
    put(collectd, ELSEWHERE, time.time() + 600)
    eventually(lambda: any(ELSEWHERE in name for name in map(str, (collectd.csv).glob("*"))))
    assert reading(collectd, tmp_path).future == 0


def test_nor_does_a_metric_of_this_host_that_has_its_times_from_elsewhere(
    collectd: ScratchCollectd, tmp_path: Path
) -> None:
    put(collectd, HOST, time.time() + 600)
    for plugin in ("memory", "probe"):
        put(collectd, f"{HOST}.elsewhere", time.time() + 600, plugin)
    eventually(lambda: {line["plugin"] for line in reading(collectd, tmp_path).grid} == {"memory", "probe"})
    found = reading(collectd, tmp_path)
    assert clock.state(found.exchange(found.received, found.answered), found) == clock.GOOD
