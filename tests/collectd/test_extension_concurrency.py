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
from tests.collectd import soak
from tests.waiting import Eventually

HERE = Path(__file__).parent

#: What a read has told stays in the cache, however late somebody looks for it.
OPTIONS = {"Timeout": 1000}
SHIPPED = "collectd_mgr.extension.entry"

Counters = Callable[[ScratchCollectd], dict[str, float]]


@contextmanager
def probed(
    compiled: dict[str, Path], entry: str = SHIPPED, read: int = 0, init: int = 0, until: str = ""
) -> Iterator[ScratchCollectd]:
    """A collectd with the test plugin in its own configuration; times in milliseconds.

    :param until: an option of the plugin: the file before which no read, or no init, is over
    """
    config = f"LoadPlugin probe\n<Plugin probe>\n  ReadTime {read}\n  InitTime {init}\n  {until}\n</Plugin>\n"
    own = [compiled["probe"]]
    with ScratchCollectd(
        ("load",),
        config,
        interval=0.05,
        own_plugins=own,
        entry=entry,
        module_path=HERE / "entries",
        options=OPTIONS,
    ) as collectd:
        yield collectd


def churn(collectd: ScratchCollectd, rounds: int, pause: float = 0.0) -> None:
    for _ in range(rounds):
        collectd.call("plugin_disable", plugin="probe", grace_timeout=60)
        collectd.call("plugin_enable", plugin="probe")
        time.sleep(pause)


def test_no_two_threads_in_one_read(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    with probed(compiled, read=200) as collectd:
        churn(collectd, 10, pause=0.06)
        eventually(lambda: probe_counters(collectd).get("reads", 0) > 10)
        assert probe_counters(collectd)["overlaps"] == 0


def test_without_the_grace_period_there_would_be(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    with probed(compiled, "entry_without_grace", read=200) as collectd:

        def overlapped() -> bool:
            churn(collectd, 2, pause=0.06)
            return probe_counters(collectd).get("overlaps", 0) > 0

        eventually(overlapped)


def test_a_plugin_that_always_reads_keeps_no_other_from_being_enabled(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    """Its reads take four intervals, so its thread is never idle; nor does a second thread come into its read."""
    with probed(compiled, read=200) as collectd:
        for _ in range(5):
            assert not collectd.call("plugin_disable", plugin="load", grace_timeout=20)["stopping"]
            assert collectd.call("plugin_enable", plugin="load")["registered"]
        eventually(lambda: "overlaps" in probe_counters(collectd))
        assert probe_counters(collectd)["overlaps"] == 0
        assert "of the `collectd_mgr" not in collectd.log_text  # Ours never keep a thread longer than their interval.


def test_no_read_before_its_init(compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually) -> None:
    """The init takes 300 ms; every read thread is free several times meanwhile."""
    with probed(compiled, init=300) as collectd:
        collectd.call("plugin_restart", plugin="probe")
        eventually(lambda: "early" in probe_counters(collectd))
        assert probe_counters(collectd)["early"] == 0


def test_without_the_shield_there_would_be(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    with probed(compiled, "entry_without_shield", init=300) as collectd:

        def too_early() -> bool:
            collectd.call("plugin_restart", plugin="probe")
            return probe_counters(collectd).get("early", 0) > 0

        eventually(too_early)


def test_no_read_before_its_init_at_the_first_load(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    own = [compiled["probe"]]
    with ScratchCollectd(("load", "uptime"), interval=0.02, own_plugins=own, options=OPTIONS) as collectd:
        text = "<Plugin probe>\n  InitTime 300\n</Plugin>\n"
        collectd.call("plugin_enable", plugin="probe", interval=0.05, config_text=text)
        eventually(lambda: probe_counters(collectd).get("reads", 0) > 2)
        assert (probe_counters(collectd)["early"], probe_counters(collectd)["inits"]) == (0, 1)


def test_an_init_that_takes_too_long_does_not_stop_the_others(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually, tmp_path: Path
) -> None:
    """After five seconds the daemon reads again; the plugin that is not ready is not read."""
    until = tmp_path / "until"
    with ScratchCollectd(("load",), interval=0.1, own_plugins=[compiled["probe"]]) as collectd:
        text = f'<Plugin probe>\n  InitUntil "{until}"\n</Plugin>\n'
        enable = threading.Thread(
            target=collectd.call, args=("plugin_enable",), kwargs={"plugin": "probe", "config_text": text}
        )
        enable.start()
        try:
            eventually(lambda: "init 1 begins" in collectd.log_text)
            began = time.time()
            written = collectd.csv.glob
            eventually(lambda: any(soak.times(file, since=began + 5) for file in written("*/load/*")))
            assert "init 1 ends" not in collectd.log_text
        finally:
            until.touch()
            enable.join()
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
    compiled: dict[str, Path], eventually: Eventually, tmp_path: Path
) -> None:
    until = tmp_path / "until"
    with probed(compiled, until=f'ReadUntil "{until}"') as collectd:
        eventually(lambda: "the first read begins" in collectd.log_text)
        observed = collectd.call("plugin_disable", plugin="probe", grace_timeout=0.1)
        assert (observed["registered"], observed["stopping"]) == (False, True)
        assert collectd.call("status")["plugins"]["probe"]["stopping"]

        with pytest.raises(exception.Busy) as busy:
            collectd.call("plugin_enable", plugin="probe")

        assert busy.value.kwargs["plugin"] == "probe"
        assert not collectd.call("status")["plugins"]["probe"]["registered"]
        until.touch()
        eventually(lambda: collectd.call("plugin_enable", plugin="probe")["registered"])


def test_stopping_ends_with_the_read_and_nobody_has_to_ask(
    compiled: dict[str, Path], eventually: Eventually, tmp_path: Path
) -> None:
    until = tmp_path / "until"
    with probed(compiled, until=f'ReadUntil "{until}"') as collectd:
        eventually(lambda: "the first read begins" in collectd.log_text)
        assert collectd.call("plugin_disable", plugin="probe", grace_timeout=0.1)["stopping"]
        assert collectd.call("status")["plugins"]["probe"]["stopping"]
        until.touch()
        eventually(lambda: not collectd.call("status")["plugins"]["probe"]["stopping"])
        assert collectd.call("status")["operations"]["done"] == 1


def test_stopping_ends_beside_a_thread_that_always_reads(compiled: dict[str, Path], eventually: Eventually) -> None:
    """It may have been in a read of the plugin's, and is never seen idle: it must be met between two reads."""
    with probed(compiled, read=200) as collectd:

        def stops() -> bool:
            collectd.call("plugin_enable", plugin="load")
            return bool(collectd.call("plugin_disable", plugin="load", grace_timeout=0.01)["stopping"])

        eventually(stops)
        eventually(lambda: not collectd.call("status")["plugins"]["load"]["stopping"])


def test_so_it_does_where_a_load_has_failed(compiled: dict[str, Path], eventually: Eventually) -> None:
    with probed(compiled, read=200) as collectd:
        with pytest.raises(exception.ConfigRejected):
            collectd.call("plugin_enable", plugin="df", config_text="<Plugin df>\n  NoSuchOption 1\n</Plugin>\n")
        assert not collectd.call("status")["plugins"]["df"]["registered"]
        eventually(lambda: not collectd.call("status")["plugins"]["df"]["stopping"])


def test_what_a_read_that_hung_gives_in_the_end_raises_no_alarm_that_it_is_missing(
    compiled: dict[str, Path], eventually: Eventually, tmp_path: Path
) -> None:
    """Nobody knew its metrics when it was disabled. To silence them costs some bytes for ever, by which it is seen."""

    def silenced() -> int:
        return int(collectd.call("status")["sections"]["thresholds"]["bytes"])

    until = tmp_path / "until"
    with probed(compiled, until=f'ReadUntil "{until}"') as collectd:
        collectd.call("thresholds_set", settings={"probe": {"type": "gauge", "failure_max": 1e9}})
        eventually(lambda: "the first read begins" in collectd.log_text)
        assert collectd.call("plugin_disable", plugin="probe", grace_timeout=0.1)["stopping"]
        before = silenced()
        until.touch()
        eventually(lambda: silenced() > before)
        assert collectd.call("metrics_list", plugin="probe")["names"]


def test_operations_one_at_a_time_reads_beside_them(
    compiled: dict[str, Path], eventually: Eventually, tmp_path: Path
) -> None:
    until = tmp_path / "until"
    until.touch()
    with probed(compiled, until=f'InitUntil "{until}"') as collectd:
        until.unlink()
        restart = threading.Thread(target=collectd.call, args=("plugin_restart",), kwargs={"plugin": "probe"})
        restart.start()
        eventually(lambda: "init 2 begins" in collectd.log_text)
        assert collectd.call("status")["pid"] == collectd.pid
        assert "init 2 ends" not in collectd.log_text
        threading.Timer(1.0, until.touch).start()
        collectd.call("plugin_restart", plugin="load")
        assert "init 2 ends" in collectd.log_text  # It waited for the other operation.
        restart.join()
