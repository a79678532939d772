# SPDX-License-Identifier: Apache-2.0
"""No two threads in one read, no read before its init, no init twice; and what happens without the guards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.testing.collectd import ScratchCollectd
from tests.waiting import Eventually

HERE = Path(__file__).parent
SHIPPED = "collectd_mgr.extension.entry"

Counters = Callable[[ScratchCollectd], dict[str, float]]


@contextmanager
def probed(
    compiled: dict[str, Path], entry: str = SHIPPED, read: int = 0, init: int = 0, interval: float = 0.05
) -> Iterator[ScratchCollectd]:
    """A collectd with the test plugin in its own configuration; times in milliseconds."""
    config = f"LoadPlugin probe\n<Plugin probe>\n  ReadTime {read}\n  InitTime {init}\n</Plugin>\n"
    own = [compiled["probe"]]
    with ScratchCollectd(
        ("load",), config, interval=interval, own_plugins=own, entry=entry, module_path=HERE / "entries"
    ) as collectd:
        yield collectd


def churn(collectd: ScratchCollectd, rounds: int, pause: float = 0.0) -> None:
    for _ in range(rounds):
        collectd.call("plugin_disable", plugin="probe", grace_timeout=5)
        collectd.call("plugin_enable", plugin="probe")
        time.sleep(pause)


@pytest.mark.parametrize(("entry", "overlaps"), [(SHIPPED, False), ("entry_without_grace", True)])
def test_no_two_threads_in_one_read(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually, entry: str, overlaps: bool
) -> None:
    with probed(compiled, entry, read=200) as collectd:
        churn(collectd, 10, pause=0.06)
        eventually(lambda: probe_counters(collectd).get("reads", 0) > 10)
        assert (probe_counters(collectd)["overlaps"] > 0) == overlaps


def test_a_plugin_that_always_reads_keeps_no_other_from_being_enabled(
    compiled: dict[str, Path], probe_counters: Counters
) -> None:
    """Its reads take four intervals, so its thread is never idle; nor does a second thread come into its read."""
    with probed(compiled, read=200) as collectd:
        began = time.monotonic()
        for _ in range(5):
            assert not collectd.call("plugin_disable", plugin="load", grace_timeout=5)["stopping"]
            assert collectd.call("plugin_enable", plugin="load")["registered"]
        assert time.monotonic() - began < 5
        assert probe_counters(collectd)["overlaps"] == 0
        assert "took" not in collectd.log_text.replace("of the `probe' plugin took", "")


@pytest.mark.parametrize(("entry", "early"), [(SHIPPED, False), ("entry_without_shield", True)])
def test_no_read_before_its_init(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually, entry: str, early: bool
) -> None:
    """The init takes 300 ms; every read thread is free several times meanwhile."""
    with probed(compiled, entry, init=300) as collectd:
        collectd.call("plugin_restart", plugin="probe")
        eventually(lambda: "early" in probe_counters(collectd))
        assert (probe_counters(collectd)["early"] > 0) == early


def test_no_read_before_its_init_at_the_first_load(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    own = [compiled["probe"]]
    with ScratchCollectd(("load", "uptime"), interval=0.02, own_plugins=own) as collectd:
        text = "<Plugin probe>\n  InitTime 300\n</Plugin>\n"
        collectd.call("plugin_enable", plugin="probe", interval=0.05, config_text=text)
        eventually(lambda: probe_counters(collectd).get("reads", 0) > 2)
        assert (probe_counters(collectd)["early"], probe_counters(collectd)["inits"]) == (0, 1)


def test_an_init_that_takes_too_long_does_not_stop_the_others(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    """After five seconds the daemon reads again; the plugin that is not ready is not read."""
    with ScratchCollectd(("load",), interval=0.1, own_plugins=[compiled["probe"]]) as collectd:
        text = "<Plugin probe>\n  InitTime 7000\n</Plugin>\n"
        enabling = threading.Thread(
            target=collectd.client.call, args=("plugin_enable", {"plugin": "probe", "config_text": text})
        )
        enabling.start()
        time.sleep(6.0)
        assert enabling.is_alive()
        last = collectd.call("values_get", plugin="load")["times"][0]
        assert time.time() - last < 1.0
        enabling.join()
        assert not collectd.call("status")["plugins"]["probe"]["registered"]
        assert probe_counters(collectd) == {}


def test_inits_of_others_are_not_called_again(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    with probed(compiled) as collectd:
        for plugin in ("memory", "uptime", "users", "swap"):
            collectd.call("plugin_enable", plugin=plugin)
            collectd.call("plugin_restart", plugin=plugin)
        eventually(lambda: probe_counters(collectd).get("reads", 0) > 2)
        assert probe_counters(collectd)["inits"] == 1
        collectd.call("plugin_restart", plugin="probe")
        eventually(lambda: probe_counters(collectd)["inits"] == 2)


def test_a_read_in_flight_makes_the_plugin_stopping_then_busy(
    compiled: dict[str, Path], eventually: Eventually
) -> None:
    with probed(compiled, read=6000) as collectd:
        time.sleep(0.3)  # One read thread is in the read now, for six seconds.
        observed = collectd.call("plugin_disable", plugin="probe", grace_timeout=0.1)
        assert (observed["registered"], observed["stopping"]) == (False, True)
        assert collectd.call("status")["plugins"]["probe"]["stopping"]

        with pytest.raises(exception.Busy) as busy:
            collectd.call("plugin_enable", plugin="probe")

        assert busy.value.kwargs["plugin"] == "probe"
        assert not collectd.call("status")["plugins"]["probe"]["registered"]
        eventually(lambda: collectd.call("plugin_enable", plugin="probe")["registered"])


def test_operations_one_at_a_time_reads_beside_them(compiled: dict[str, Path]) -> None:
    with probed(compiled, init=500) as collectd:
        restart = threading.Thread(target=collectd.call, args=("plugin_restart",), kwargs={"plugin": "probe"})
        restart.start()
        time.sleep(0.05)
        began = time.monotonic()
        assert collectd.call("status")["pid"] == collectd.pid
        assert time.monotonic() - began < 0.2  # The init still runs.
        collectd.call("plugin_restart", plugin="load")
        assert time.monotonic() - began > 0.3  # It waited for the other operation.
        restart.join()
