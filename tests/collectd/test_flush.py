# SPDX-License-Identifier: Apache-2.0
"""A flush of real write plugins: what is written, and what is said of each."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.reads import Flush
from collectd_mgr.drivers.reader import Reader
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.wire.client import WireClient
from tests.waiting import Eventually

HERE = Path(__file__).parent

_FUTEX_WAIT_BITSET, _COMMAND = 9, 0x7F

IDENTIFIER = "scratch.example.org/load/load"


@pytest.fixture
def graphite() -> Iterator[socket.socket]:
    """Takes what write_graphite sends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


@pytest.fixture
def collectd(graphite: socket.socket, compiled: dict[str, Path], tmp_path: Path) -> Iterator[ScratchCollectd]:
    """One with plugins that hold values back for an hour (rrdtool, write_graphite), and csv, which does not."""
    port = graphite.getsockname()[1]
    config = f"""
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "{tmp_path}/rrd"
  CacheTimeout 3600
  CacheFlush 3600
</Plugin>
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "carbon">
    Host "127.0.0.1"
    Port "{port}"
  </Node>
</Plugin>
"""
    with ScratchCollectd(
        ("load", "unwilling"),
        config,
        modules=["unwilling_flush"],
        module_path=HERE / "entries",
        own_plugins=[compiled["unwilling"]],
        interval=1.0,
    ) as collectd:
        yield collectd


def outcomes(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["callback"] or row["plugin"]: row["outcome"] for row in rows}


def test_every_plugin_says_what_became_of_it(collectd: ScratchCollectd) -> None:
    found = outcomes(collectd.call("flush"))
    assert found == {
        "rrdtool": "flushed",
        "write_graphite/carbon": "flushed",
        "unwilling": "failed",
        "python.unwilling_flush": "asked",
        "csv": "cannot",
    }


def test_a_name_that_no_metric_has_is_told(collectd: ScratchCollectd, eventually: Eventually) -> None:
    eventually(lambda: collectd.call("metrics_list", plugin="load")["names"])
    unknown = "There is no metric of this name in collectd's cache."
    for name, detail in ((IDENTIFIER, None), (f"{IDENTIFIER}-x", unknown)):
        (row,) = collectd.call("flush", plugin="rrdtool", identifier=name)
        assert (row["outcome"], row["detail"]) == ("flushed", detail)


def test_the_log_of_collectd_says_who_asked(collectd: ScratchCollectd, eventually: Eventually) -> None:
    with closing(WireClient(collectd.socket)) as client:
        Reader(client).flush(Flush(plugin="csv"), "req-flush")
    eventually(lambda: "collectd_mgr: [req-flush] flush plugin=csv: done" in collectd.log_text)


def test_one_plugin_by_its_name(collectd: ScratchCollectd) -> None:
    for name in ("write_graphite", "Write_Graphite"):
        (row,) = collectd.call("flush", plugin=name)
        assert (row["plugin"], row["callback"], row["detail"]) == ("write_graphite", "write_graphite/carbon", None)
    (row,) = collectd.call("flush", plugin="unwilling")
    assert "returned -1" in row["detail"]
    (row,) = collectd.call("flush", plugin="python.unwilling_flush")
    assert "does not say" in row["detail"]
    (row,) = collectd.call("flush", plugin="rrdcached")
    assert (row["outcome"], row["detail"]) == ("cannot", "It is not loaded.")


def test_what_was_held_back_is_written(
    collectd: ScratchCollectd, tmp_path: Path, eventually: Callable[..., float]
) -> None:
    eventually(lambda: collectd.call("values_get", plugin="load")["names"])
    file = tmp_path / "rrd" / f"{IDENTIFIER}.rrd"
    eventually(lambda: collectd.call("flush", plugin="rrdtool", identifier=IDENTIFIER) and file.exists())
    before = file.stat().st_mtime_ns
    eventually(
        lambda: collectd.call("flush", plugin="rrdtool", identifier=IDENTIFIER) and file.stat().st_mtime_ns > before
    )


def test_only_what_is_older_than_the_timeout(
    collectd: ScratchCollectd, tmp_path: Path, eventually: Callable[..., float]
) -> None:
    file = tmp_path / "rrd" / f"{IDENTIFIER}.rrd"
    eventually(lambda: collectd.call("flush", plugin="rrdtool") and file.exists())
    eventually(lambda: rests(collectd))  # It writes on a thread of its own.
    before = file.stat().st_mtime_ns
    assert outcomes(collectd.call("flush", plugin="rrdtool", timeout=3600)) == {"rrdtool": "flushed"}
    time.sleep(1.0)
    assert file.stat().st_mtime_ns == before


def test_one_that_hangs_keeps_nobody_else_waiting(eventually: Callable[..., float]) -> None:
    """It hangs until a notification comes: neither that nor a change waits for it, and systemd is told at once."""
    modules = ["hanging_flush"]
    with (
        ScratchCollectd(("load",), modules=modules, module_path=HERE / "entries") as collectd,
        ThreadPoolExecutor(1) as threads,
    ):
        flush = threads.submit(collectd.call, "flush", plugin="python.hanging_flush")
        eventually(lambda: "the flush hangs" in collectd.log_text)
        assert not collectd.call("plugin_disable", plugin="load")["registered"]
        # Nor does a hand-over, and the new one writes by then.
        with pytest.raises(exception.DaemonUnreachable, match="It is not 1 that listens here"):
            collectd.call("successor_announce", successor=17, pid=1)
        assert not flush.done()
        collectd.call("notification_send", severity="okay", message="go on", host="h", plugin="test", type="gauge")
        assert outcomes(flush.result()) == {"python.hanging_flush": "asked"}


def rests(collectd: ScratchCollectd) -> bool:
    """Whether that thread waits for something to do: one that was told of it just now runs, or is about to."""
    tasks = Path(f"/proc/{collectd.pid}/task").iterdir()
    (writer,) = [task for task in tasks if (task / "comm").read_text() == "rrdtool queue\n"]
    # The second argument of futex, where it is on a condition that a thread waits.
    call = (writer / "syscall").read_text().split()
    return len(call) > 2 and int(call[2], 16) & _COMMAND == _FUTEX_WAIT_BITSET
