# SPDX-License-Identifier: Apache-2.0
"""Start and stop: disabled before the first read, unknown builds of collectd, SIGTERM in the middle of an operation."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.testing.collectd import BINARY, ScratchCollectd
from tests.waiting import Eventually

Counters = Callable[[ScratchCollectd], dict[str, float]]

TOLD = '<Plugin python>\n <Module collectd_mgr>\n  Disabled "probe"\n  Marker "m1"\n </Module>\n</Plugin>\n'


def test_disabled_before_the_first_read(
    compiled: dict[str, Path], probe_counters: Counters, eventually: Eventually
) -> None:
    config = f"<LoadPlugin probe>\n Interval 0.07\n</LoadPlugin>\n{TOLD}"
    options = {"Timeout": 1000}  # A value of a read that should not have been would stay.
    own = [compiled["probe"]]
    with ScratchCollectd(("load",), config, interval=0.05, own_plugins=own, options=options) as collectd:
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        time.sleep(0.3)
        observed = collectd.call("status")["plugins"]["probe"]
        assert (observed["loaded"], observed["registered"], observed["origin"]) == (True, False, "config")
        assert probe_counters(collectd) == {}

        assert collectd.call("plugin_enable", plugin="probe")["interval"] == 0.07

        eventually(lambda: "reads" in probe_counters(collectd))


def test_what_the_daemon_is_told_to_remember(compiled: dict[str, Path]) -> None:
    with ScratchCollectd(("load",), TOLD) as collectd:
        assert collectd.call("status")["generation"] == "m1"
        collectd.call("generation_set", marker={"epoch": "e", "n": 7})
        assert collectd.call("status")["generation"] == {"epoch": "e", "n": 7}


#: As it stands in the usage text of the binary.
VERSION = b"collectd 5.12.0.git, http"


def patched(directory: Path, old: bytes, new: bytes) -> str:
    """A copy of collectd's binary with ``new`` for ``old``."""
    assert len(old) == len(new)
    content = Path(BINARY).read_bytes()
    assert old in content
    path = directory / "collectd"
    path.write_bytes(content.replace(old, new))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            b"collectd 5.12.0.git, http",
            b"collectd 6.12.0.git, http",
            "the version of collectd is not one that is known: 6",
        ),
        (
            b"collectd 5.12.0.git, http",
            b"collectd 5.8.10.git, http",
            "the version of collectd is not one that is known: 5.8",
        ),
        (b"collectd 5.12.0.git, http", b"collectd five years, http", "none found"),
        (
            b"\0plugin_unregister_read_group\0",
            b"\0plugin_unregister_read_grouq\0",
            "does not export plugin_unregister_read",
        ),
    ],
)
def test_live_is_off_and_reading_goes_on_where_collectd_is_not_known(
    tmp_path: Path, eventually: Eventually, old: bytes, new: bytes, reason: str
) -> None:
    with ScratchCollectd(("load",), interval=0.1, binary=patched(tmp_path, old, new)) as collectd:
        live = collectd.call("status")["live"]
        assert not live["on"]
        assert reason in live["reasons"][0]
        with pytest.raises(exception.LiveOff) as off:
            collectd.call("plugin_enable", plugin="memory")
        assert off.value.kwargs["reasons"] == live["reasons"]
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        assert collectd.stop() == 0


def test_live_is_off_where_collectd_is_not_what_it_seemed(eventually: Eventually) -> None:
    entries = Path(__file__).parent / "entries"
    with ScratchCollectd(("load",), TOLD, interval=0.1, entry="entry_unfit", module_path=entries) as collectd:
        assert collectd.call("status")["live"] == {"on": False, "reasons": ["its lists are other ones"]}
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        assert collectd.stop() == 0


def test_live_is_off_where_our_own_read_is_not_seen_as_it_was_registered(eventually: Eventually) -> None:
    entries = Path(__file__).parent / "entries"
    with ScratchCollectd(("load",), TOLD, interval=0.1, entry="entry_shifted", module_path=entries) as collectd:
        live = collectd.call("status")["live"]
        assert not live["on"]
        assert "do not lie as in the versions that are known" in live["reasons"][0]
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        assert collectd.stop() == 0


def test_live_is_off_when_the_binary_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "collectd"
    shutil.copy(BINARY, path)
    with ScratchCollectd(("load",), binary=str(path)) as collectd:
        assert collectd.call("status")["live"]["on"]
        path.unlink()
        shutil.copy(BINARY, path)
        assert collectd.call("status")["binary_replaced"]
        with pytest.raises(exception.LiveOff):
            collectd.call("plugin_disable", plugin="load")


def test_the_socket_is_for_its_owner_only() -> None:
    with ScratchCollectd(("load",)) as collectd:
        assert stat.S_IMODE(os.stat(collectd.socket).st_mode) == 0o600
    assert not os.path.exists(collectd.socket)


def test_a_socket_of_a_dead_daemon_is_taken_over_one_of_a_living_is_not() -> None:
    with ScratchCollectd(("load",)) as collectd:
        os.kill(collectd.pid, signal.SIGKILL)
        collectd.stop()
        assert os.path.exists(collectd.socket)
        collectd.start()
        config = f'<Plugin python>\n <Module collectd_mgr>\n  Socket "{collectd.socket}"\n </Module>\n</Plugin>\n'
        modules = ["collectd_mgr.extension.entry"]  # Imported, but nobody waits for its socket.
        with ScratchCollectd(("load",), config, entry="", modules=modules) as other:
            assert "another process listens here" in other.log_text
        assert collectd.call("status")["pid"] == collectd.pid


def test_without_a_log_plugin_collectd_still_writes_to_stderr() -> None:
    with ScratchCollectd(("load",)) as collectd:
        collectd.stop()
        text = collectd.conf.read_text().replace('LoadPlugin "logfile"', "")
        start, end = text.index("<Plugin logfile>"), text.index("</Plugin>") + len("</Plugin>")
        odd = b'<Plugin "caf\xe9">\n X 1\n</Plugin>\n'  # collectd complains of it in its own bytes.
        collectd.conf.write_bytes((text[:start] + text[end:]).encode() + odd)
        collectd.start()
        assert any("caf\ufffd" in line for line in collectd.call("status")["start_messages"])
        collectd.call("plugin_enable", plugin="memory")
        collectd.stop()
        assert "plugin_enable plugin=memory: done" in collectd.output


def test_a_draining_daemon_takes_no_operation(compiled: dict[str, Path]) -> None:
    with ScratchCollectd(("load",)) as collectd:
        collectd.call("drain")
        with pytest.raises(exception.Busy):
            collectd.call("plugin_disable", plugin="load")
        assert collectd.call("status")["plugins"]["load"]["registered"]


def test_no_operation_while_the_daemon_stops(compiled: dict[str, Path], eventually: Eventually, tmp_path: Path) -> None:
    """A long read holds up the stop; what the lists held is freed by then."""
    until = tmp_path / "until"
    config = f'LoadPlugin probe\n<Plugin probe>\n  ReadUntil "{until}"\n</Plugin>\n'
    with ScratchCollectd(("load",), config, own_plugins=[compiled["probe"]]) as collectd:
        eventually(lambda: "the first read begins" in collectd.log_text)
        os.kill(collectd.pid, signal.SIGTERM)
        eventually(lambda: "Exiting normally." in collectd.log_text)
        with pytest.raises(exception.Busy, match="stopp"):
            collectd.call("plugin_enable", plugin="memory")
        until.touch()
        assert collectd.stop() == 0


def test_collectd_frees_nothing_before_the_running_operation_has_ended(
    compiled: dict[str, Path], eventually: Eventually
) -> None:
    """It frees its lists of callbacks without a lock, first thing when it stops."""
    collectd = ScratchCollectd(("load",), "LoadPlugin probe\n", own_plugins=[compiled["probe"]])
    options = f'InitTime 1000\n  InitUntilExit "{collectd.log}"'
    collectd.conf.write_text(f"{collectd.conf.read_text()}<Plugin probe>\n  {options}\n</Plugin>\n")
    with collectd:
        restart = threading.Thread(target=collectd.client.call, args=("plugin_restart", {"plugin": "probe"}))
        restart.start()
        eventually(lambda: "init 2 begins" in collectd.log_text)
        assert collectd.stop() == 0
        restart.join()
        lines = [line.partition("] ")[2] for line in collectd.log_text.splitlines()]
        (done,) = [number for number, line in enumerate(lines) if "plugin_restart plugin=probe: done" in line]
        assert lines.index("Exiting normally.") < done < lines.index("collectd: Stopping 5 read threads.")


def test_an_operation_that_hangs_does_not_keep_collectd_from_its_end(
    compiled: dict[str, Path], eventually: Eventually
) -> None:
    endless = {"plugin": "probe", "config_text": "<Plugin probe>\n  InitTime 600000\n</Plugin>\n"}
    with ScratchCollectd(("load",), own_plugins=[compiled["probe"]]) as collectd:
        enable = threading.Thread(target=ended, args=(collectd, "plugin_enable", endless))
        enable.start()
        eventually(lambda: "init 1 begins" in collectd.log_text)
        assert collectd.stop() == 0
        enable.join()
        assert "an operation or a flush was still running when collectd stopped" in collectd.log_text


def ended(collectd: ScratchCollectd, method: str, params: dict[str, Any]) -> None:
    """Call it in a collectd that ends meanwhile."""
    with pytest.raises(exception.DaemonUnreachable):
        collectd.client.call(method, params)


def churn(collectd: ScratchCollectd, stop: threading.Event) -> None:
    while not stop.is_set():
        plugin = random.choice(("load", "memory", "users", "swap", "uptime"))
        method = random.choice(("plugin_enable", "plugin_disable", "plugin_restart"))
        try:
            collectd.call(method, plugin=plugin)
        except exception.DaemonUnreachable:
            return
        except exception.CollectdMgrError:
            continue


@pytest.mark.parametrize("number", range(200 if os.environ.get("CM_LONG") else 10))
def test_sigterm_in_the_middle_of_operations(number: int) -> None:
    over = threading.Event()
    with ScratchCollectd(("load", "uptime"), interval=0.1) as collectd:
        threads = [threading.Thread(target=churn, args=(collectd, over)) for _ in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.05, 0.3))
        status = collectd.stop()
        over.set()
        for thread in threads:
            thread.join()
        assert status == 0, f"{collectd.output}\n{collectd.log_text[-4000:]}"
