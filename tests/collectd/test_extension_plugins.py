# SPDX-License-Identifier: Apache-2.0
"""Enable, disable, enable again, change the interval, restart: inside a running stock collectd."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.testing.collectd import ScratchCollectd
from tests.freezing import frozen
from tests.waiting import Eventually

HERE = Path(__file__).parent

#: Seconds between two reads: a new one finds every read thread asleep, and would wait for longer than any test does.
SELDOM = 3600

#: What reads so.
TEN = ("cpu", "df", "disk", "entropy", "interface", "load", "processes", "swap", "uptime", "users")


@pytest.fixture
def collectd() -> Iterator[ScratchCollectd]:
    with ScratchCollectd(TEN, interval=SELDOM) as collectd:
        yield collectd


@pytest.fixture
def quick() -> Iterator[ScratchCollectd]:
    with ScratchCollectd(("load", "uptime"), interval=0.2) as collectd:
        yield collectd


def times(collectd: ScratchCollectd, plugin: str) -> list[float]:
    return list(collectd.call("values_get", plugin=plugin)["times"])


def fresh(collectd: ScratchCollectd, plugin: str) -> Callable[[], bool]:
    """Tells whether every value of the plugin is newer than now."""
    now = time.time()
    return lambda: bool(times(collectd, plugin)) and min(times(collectd, plugin)) > now


def state(collectd: ScratchCollectd, plugin: str) -> dict[str, Any]:
    return dict(collectd.call("status")["plugins"][plugin])


def test_a_first_load_gives_values_at_once(collectd: ScratchCollectd, eventually: Eventually) -> None:
    pid = collectd.call("status")["pid"]
    time.sleep(0.5)  # Every read thread sleeps now.

    observed = collectd.call("plugin_enable", plugin="memory", interval=1)

    assert (observed["registered"], observed["reads"], observed["interval"]) == (True, ["memory"], 1.0)
    assert (observed["origin"], observed["messages"]) == ("live", [])
    eventually(lambda: times(collectd, "memory"))
    assert collectd.call("metrics_list", plugin="memory")["intervals"][0] == 1.0
    assert collectd.call("status")["pid"] == pid == collectd.pid


def test_one_that_was_stopped_and_goes_on_is_changed_at_once(collectd: ScratchCollectd) -> None:
    """Its threads go on sleeping, by another system call than the one by which they went to sleep."""
    with frozen(collectd.pid):
        pass
    assert collectd.call("plugin_enable", plugin="memory")["registered"]
    assert not collectd.call("plugin_disable", plugin="load")["stopping"]


def test_with_a_single_read_thread(eventually: Eventually) -> None:
    with ScratchCollectd(TEN, interval=SELDOM, options={"ReadThreads": 1}) as collectd:
        time.sleep(0.5)
        for _ in range(3):
            collectd.call("plugin_enable", plugin="memory", interval=1)
            eventually(fresh(collectd, "memory"))
            collectd.call("plugin_disable", plugin="memory")


def test_without_the_tick_the_first_values_come_late(eventually: Eventually) -> None:
    with ScratchCollectd(TEN, interval=SELDOM, modules=["no_tick"], module_path=HERE / "entries") as collectd:
        collectd.call("flush", plugin="python.no_tick")

        def late() -> bool:
            """They come at once where a read thread was not asleep yet: on a slow machine it is tried again."""
            time.sleep(0.5)
            enabled = time.time()
            collectd.call("plugin_enable", plugin="memory", interval=1)
            time.sleep(2.0)
            came = max(times(collectd, "memory"), default=0.0) > enabled
            collectd.call("plugin_disable", plugin="memory")
            # The thread that has read it looks for something else when it is due again.
            time.sleep(2.0 * came)
            return not came

        eventually(late)


def test_collectds_own_statistics_are_not_registered_again(eventually: Eventually) -> None:
    with ScratchCollectd(("load",), interval=0.1, options={"CollectInternalStats": "true"}) as collectd:
        assert collectd.call("plugin_enable", plugin="memory")["messages"] == []
        collectd.call("plugin_enable", plugin="disk")  # It has something to do when collectd ends.
        for plugin in ("load", "disk"):
            assert collectd.call("plugin_restart", plugin=plugin)["messages"] == []
        assert "already registered" not in collectd.log_text
        eventually(fresh(collectd, "collectd"))


def test_types_are_not_read_again() -> None:
    """To replace a data set frees it under the threads that use it."""
    with ScratchCollectd(("load",), modules=["raw_config"], module_path=HERE / "entries") as collectd:
        collectd.stop()
        lines = [line for line in collectd.conf.read_text().splitlines() if not line.startswith("TypesDB")]
        collectd.conf.write_text("\n".join([*lines, ""]))
        collectd.start()
        naive = collectd.directory / "naive.conf"
        naive.write_text("LoadPlugin users\n")

        collectd.call("plugin_enable", plugin="memory", config_text="<Plugin memory>\n ValuesAbsolute true\n</Plugin>")
        assert "Replacing DS" not in collectd.log_text
        collectd.stop()
        collectd.start()
        collectd.call("flush", plugin="python.raw_config", identifier=str(naive))
        assert "Replacing DS" in collectd.log_text  # So it would have been seen.


def test_a_disabled_plugin_gives_no_fresh_value(quick: ScratchCollectd, eventually: Eventually) -> None:
    eventually(lambda: times(quick, "load"))

    observed = quick.call("plugin_disable", plugin="load")

    assert (observed["registered"], observed["stopping"], observed["origin"]) == (False, False, "config")
    disabled = time.time()
    time.sleep(0.5)
    assert all(moment < disabled for moment in times(quick, "load"))
    assert state(quick, "load")["reads"] == []


def test_the_code_of_a_disabled_plugin_stays(quick: ScratchCollectd) -> None:
    """A thread may be in it yet, and collectd has pointers to it."""
    quick.call("plugin_disable", plugin="load")
    assert "/load.so" in Path(f"/proc/{quick.pid}/maps").read_text()


def test_values_of_a_disabled_plugin_leave_the_cache(quick: ScratchCollectd, eventually: Eventually) -> None:
    eventually(lambda: times(quick, "load"))
    quick.call("plugin_disable", plugin="load")
    eventually(lambda: not times(quick, "load"))


def test_enable_again_after_a_disable(quick: ScratchCollectd, eventually: Eventually) -> None:
    for _ in range(3):
        assert not quick.call("plugin_disable", plugin="load")["registered"]
        assert quick.call("plugin_enable", plugin="load")["registered"]
        eventually(fresh(quick, "load"))
    assert state(quick, "load")["interval"] == 0.2


def test_change_of_interval(quick: ScratchCollectd, eventually: Eventually) -> None:
    assert quick.call("plugin_interval", plugin="uptime", interval=5)["interval"] == 5.0
    assert quick.call("plugin_enable", plugin="uptime", interval=0.1)["interval"] == 0.1
    eventually(lambda: quick.call("metrics_list", plugin="uptime")["intervals"] == [0.1])
    assert quick.call("plugin_interval", plugin="uptime")["interval"] == 0.2


def test_restart_registers_anew(quick: ScratchCollectd, eventually: Eventually) -> None:
    quick.call("plugin_enable", plugin="memory", interval=0.3)
    observed = quick.call("plugin_restart", plugin="memory")
    assert (observed["registered"], observed["interval"]) == (True, 0.3)
    eventually(lambda: times(quick, "memory"))


def test_everything_may_be_repeated(quick: ScratchCollectd) -> None:
    enabled = [quick.call("plugin_enable", plugin="memory", interval=1, config_digest="d1") for _ in range(3)]
    assert [observed["registered"] for observed in enabled] == [True, True, True]
    assert {observed["config_digest"] for observed in enabled} == {"d1"}
    disabled = [quick.call("plugin_disable", plugin="memory") for _ in range(3)]
    assert [observed["registered"] for observed in disabled] == [False, False, False]
    assert not quick.call("plugin_disable", plugin="irq")["loaded"]


def test_a_first_load_with_configuration(quick: ScratchCollectd, eventually: Eventually) -> None:
    text = '<Plugin df>\n  MountPoint "/"\n  ValuesPercentage true\n</Plugin>\n'
    observed = quick.call("plugin_enable", plugin="df", interval=0.2, config_text=text, config_digest="d1")
    assert (observed["registered"], observed["config_digest"]) == (True, "d1")
    used, names = "scratch.example.org/df-root/percent_bytes-used", set[str]()

    def listed() -> bool:
        # What is not read again soon is not listed any more.
        names.update(quick.call("metrics_list", plugin="df")["names"])
        return used in names

    eventually(listed)
    assert {name.split("/")[1] for name in names} == {"df-root"}


def test_reads_that_come_from_the_configuration_come_back(quick: ScratchCollectd, eventually: Eventually) -> None:
    """curl and the like register reads under names of their own, from the configuration."""
    page = quick.directory / "page"
    page.write_text("answer=42\n")
    text = f'<Plugin curl>\n <Page "mine">\n  URL "file://{page}"\n  <Match>\n   Regex "answer=([0-9]+)"\n'
    text += '   DSType GaugeLast\n   Type "gauge"\n   Instance "answer"\n  </Match>\n </Page>\n</Plugin>\n'
    names = [f"curl-mine-file://{page}"]
    first = quick.call("plugin_enable", plugin="curl", interval=0.2, config_text=text, config_digest="d1")
    assert first["reads"] == names
    assert quick.call("plugin_disable", plugin="curl")["reads"] == []

    again = quick.call("plugin_enable", plugin="curl", interval=0.5, config_text=text, config_digest="d1")

    # The config callback of before, still on collectd's list, would have given the interval of before.
    assert (again["reads"], again["interval"]) == (names, 0.5)
    eventually(lambda: quick.call("values_get", plugin="curl")["values"] == [[42.0]])


def test_a_read_keeps_the_interval_that_its_configuration_gives_it() -> None:
    """One of the two files has one of its own; the other has what the plugin has."""
    match = '<Match>\n Regex "x"\n DSType CounterInc\n Type counter\n</Match>'
    files = [f'<File "/dev/null">\n{own}\n{match}\n</File>' for own in ("", "Interval 600")]
    text = "\n".join(["<Plugin tail>", *files, "</Plugin>\n"])
    with ScratchCollectd(("tail",), text, interval=SELDOM) as collectd:

        def intervals() -> tuple[float, list[float]]:
            reads = [read["interval"] for read in collectd.call("reads").values() if read["plugin"] == "tail"]
            seen = state(collectd, "tail")
            assert (seen["interval"], seen["slowest"]) == (min(reads), max(reads))
            return seen["context"], sorted(reads)

        as_at_first: tuple[float, list[float]] = (SELDOM, [600, SELDOM])
        assert intervals() == as_at_first
        collectd.call("plugin_disable", plugin="tail")
        collectd.call("plugin_enable", plugin="tail", config_text=text)
        assert intervals() == as_at_first
        collectd.call("plugin_restart", plugin="tail")
        assert intervals() == as_at_first
        for asked, reads in ((60, [60, 600]), (600, [600, 600])):
            collectd.call("plugin_interval", plugin="tail", interval=asked)
            assert intervals() == (asked, reads)
        collectd.call("plugin_restart", plugin="tail")
        assert intervals() == (600, [600, 600])
        collectd.call("plugin_interval", plugin="tail")
        assert intervals() == as_at_first


def test_one_line_per_operation_in_collectds_log(quick: ScratchCollectd) -> None:
    quick.call(
        "plugin_enable", plugin="memory", interval=1, config_text="<Plugin memory>\n ValuesAbsolute true\n</Plugin>"
    )
    lines = [line for line in quick.log_text.splitlines() if "collectd_mgr: [req-test]" in line]
    assert len(lines) == 1
    assert "plugin_enable plugin=memory interval=1: done" in lines[0]
    assert "ValuesAbsolute" not in quick.log_text  # A configuration may hold secrets.


def test_the_daemon_ends_cleanly(quick: ScratchCollectd) -> None:
    quick.call("plugin_enable", plugin="memory")
    quick.call("plugin_disable", plugin="load")
    assert quick.stop() == 0
    assert "rror" not in quick.log_text + quick.output


def test_a_name_in_any_case_is_the_same_plugin(quick: ScratchCollectd) -> None:
    assert not quick.call("plugin_disable", plugin="LOAD")["registered"]
    assert not state(quick, "load")["registered"]
    assert quick.call("plugin_enable", plugin="Load")["reads"] == ["load"]
    assert quick.call("plugin_enable", plugin="MEMORY")["reads"] == ["memory"]
    assert quick.call("plugin_enable", plugin="memory")["reads"] == ["memory"]
    assert set(quick.call("status")["plugins"]) == {"csv", "load", "logfile", "memory", "python", "uptime"}
