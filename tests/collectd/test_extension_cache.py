# SPDX-License-Identifier: Apache-2.0
"""Names, values, rates and intervals as collectd has them, and nobody kept waiting for them."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.metrics import shown
from collectd_mgr.domain.reads import Query
from collectd_mgr.drivers.reader import Reader
from collectd_mgr.extension import cache
from collectd_mgr.testing.collectd import ScratchCollectd
from tests.collectd import unixsock
from tests.waiting import Eventually

HERE = Path(__file__).parent


#: A call for every value costs collectd at most so many times what the caller has with them. Measured: 0.4.
DEAR = 1.5


def getval(collectd: ScratchCollectd, identifier: str) -> dict[str, float]:
    """What the unixsock plugin says of a metric: rates by the name of the data source."""
    _, *lines = unixsock.ask(collectd, f'GETVAL "{identifier}"')
    return {name: float(value) for name, value in (line.strip().split("=") for line in lines)}


def test_the_same_as_the_unixsock_plugin_says(eventually: Eventually) -> None:
    with ScratchCollectd(options={"Timeout": 1000}) as collectd:
        collectd.stop()
        text = f"LoadPlugin unixsock\n{unixsock.CONFIG}"
        text += "".join(
            f"<LoadPlugin {plugin}>\n Interval 0.2\n</LoadPlugin>\n" for plugin in ("load", "cpu", "interface")
        )
        collectd.conf.write_text(collectd.conf.read_text() + text)
        collectd.start()
        eventually(lambda: rated(collectd) >= {"load", "cpu-0", "interface-lo"})
        for plugin in ("load", "cpu", "interface"):
            collectd.call("plugin_disable", plugin=plugin)  # So that nothing changes between the two readings.
        # What was read before is in the cache sooner or later.
        eventually(lambda: not differing(collectd))
        assert rated(collectd) >= {"load", "cpu-0", "interface-lo"}


def rated(collectd: ScratchCollectd) -> set[str]:
    """Of what there are rates: plugins with their instances."""
    found = collectd.call("values_get")
    rows = zip(found["names"], found["rates"], strict=True)
    return {name.split("/")[1] for name, rates in rows if None not in rates}


def differing(collectd: ScratchCollectd) -> list[str]:
    """The metrics of which the two say different things."""
    found = collectd.call("values_get")
    rows = zip(found["names"], found["types"], found["rates"], strict=True)
    return [name for name, type_, rates in rows if not same(found["sources"][type_], rates, getval(collectd, name))]


def same(sources: list[tuple[str, str]], rates: list[float | None], theirs: dict[str, float]) -> bool:
    ours = {source: math.nan if rate is None else rate for (source, _), rate in zip(sources, rates, strict=True)}
    return ours.keys() == theirs.keys() and all(
        (math.isnan(rate) and math.isnan(theirs[source])) or math.isclose(rate, theirs[source], rel_tol=1e-4)
        for source, rate in ours.items()
    )


def filled(compiled: dict[str, Path], metrics: int, **options: Any) -> ScratchCollectd:
    config = f"LoadPlugin crowd\n<Plugin crowd>\n Metrics {metrics}\n</Plugin>\n"
    return ScratchCollectd(
        (), config, own_plugins=[compiled["crowd"]], interval=0.5, module_path=HERE / "entries", **options
    )


def test_filters_and_pages(compiled: dict[str, Path], eventually: Eventually) -> None:
    with filled(compiled, 50) as collectd:
        eventually(lambda: len(collectd.call("metrics_list")["names"]) == 50)
        assert collectd.call("metrics_list", plugin="cro")["names"] == []
        assert len(collectd.call("metrics_list", plugin="crowd", type="gauge")["names"]) == 50
        assert collectd.call("metrics_list", type="derive")["names"] == []
        some = collectd.call("metrics_list", match="metric-0000[0-4]$")["names"]
        assert [name[-1] for name in some] == ["0", "1", "2", "3", "4"]
        names, marker = [], None
        while True:
            page = collectd.call("values_get", limit=20, marker=marker)
            names += page["names"]
            marker = page["marker"]
            if marker is None:
                break
        assert names == collectd.call("metrics_list")["names"] == sorted(names)
        assert page["intervals"] == [3600.0] * 10
        process = Reader(collectd.client).values(Query()).process
        assert process == [collectd.pid, collectd.call("status")["since_boot"]]


def test_pages_end_at_any_name(eventually: Eventually) -> None:
    """The marker of a page is plain text, and leads on from there, also from one that is no UTF-8."""
    names = ["a%2fb", "caf\udce8", "caf\udce9", "caf\udcea", "caf\u00e9"]
    with ScratchCollectd(("unixsock",), unixsock.CONFIG, options={"Timeout": 1000}) as collectd:
        for name in names:
            unixsock.putval(collectd, f"h/table-{name}/gauge", 1, interval=10)
        eventually(lambda: len(collectd.call("metrics_list", plugin="table")["names"]) == len(names))
        reader, seen = Reader(collectd.client), 0
        markers: list[str | None] = []
        while not markers or markers[-1] is not None:
            page = reader.values(Query(plugin="table", limit=1, marker=markers[-1] if markers else None))
            seen += len(page.rows)
            markers.append(page.marker)
        assert seen == len(markers) == len(names)
        assert all(marker.isascii() for marker in markers[:-1] if marker)


def test_a_type_of_any_encoding_costs_the_others_nothing(tmp_path: Path, eventually: Eventually) -> None:
    types = tmp_path / "types.db"
    types.write_bytes(b"caf\xe9 rest\xe9:GAUGE:0:U, go\xfbt:COUNTER:0:U\n")
    text = f'TypesDB "/usr/share/collectd/types.db" "{types}"\n{unixsock.CONFIG}'
    with ScratchCollectd(("unixsock",), text, options={"Timeout": 1000}) as collectd:
        unixsock.putval(collectd, "h/table/caf\udce9", "1:2", interval=10)
        unixsock.putval(collectd, "h/table/gauge", 3, interval=10)
        eventually(lambda: len(collectd.call("metrics_list", plugin="table")["names"]) == 2)
        found = collectd.call("values_get", plugin="table")
        assert [len(values) for values in found["values"]] == [2, 1]
        assert found["values"][1] == [3]


def test_a_look_whether_all_is_written_makes_no_metric_of_another_one(eventually: Eventually) -> None:
    """It takes a value once more; of one that is called oddly that would be one more metric, which is missed then."""
    odd = ["-x/gauge", "table-caf\udce9/gauge"]
    with ScratchCollectd(("unixsock",), unixsock.CONFIG, options={"Timeout": 1000}) as collectd:
        for name in odd:
            unixsock.putval(collectd, f"h/{name}", 1, interval=10)
            collectd.call("output_drain", pid=collectd.pid)
            collectd.call("output_free")
        # One of its own goes at once.
        eventually(lambda: not collectd.call("metrics_list", plugin="collectd_mgr_probe")["names"])
        names = collectd.call("metrics_list", type="gauge")["names"]
        assert names == [f"h/{shown(name)}" for name in odd]


def test_no_half_of_an_update_is_ever_seen(compiled: dict[str, Path], eventually: Eventually) -> None:
    """All values of that metric are equal, and are updated one by one, by somebody who never waits."""
    with ScratchCollectd((), "LoadPlugin halves\n", own_plugins=[compiled["halves"]], csv=False) as collectd:
        eventually(lambda: collectd.call("values_get", plugin="halves")["values"])
        assert collectd.call("status")["cache"]["way"] == "memory"
        collectd.call("flush", plugin="halves")  # Now they come fast.
        seen: set[tuple[float, ...]] = set()
        asked: set[tuple[float, ...]] = set()
        until = time.monotonic() + 6.0
        while time.monotonic() < until or len(seen) <= 100:
            found = collectd.call("values_get", plugin="halves")
            (values,), (rates,), (state,) = found["values"], found["rates"], found["states"]
            if state is None:
                # It changed faster than this busy machine let us look, and collectd was asked: for each by itself.
                asked |= {tuple(values), tuple(rates)}
            else:
                seen.add((*values, *rates))
        assert [row for row in seen | asked if len(set(row)) > 1] == []
        assert collectd.call("status")["cache"]["way"] == "memory"


def test_ten_thousand_metrics(compiled: dict[str, Path], eventually: Eventually) -> None:
    with filled(compiled, 10_000, csv=False) as collectd:
        eventually(lambda: len(collectd.call("metrics_list")["names"]) == 10_000)
        found = collectd.call("values_get", match="metric-")
        assert [value for (value,) in found["values"]] == [float(number) for number in range(10_000)]

        before, ours = processor_time(collectd.pid), time.process_time()
        for _ in range(10):
            collectd.call("values_get")
            json.loads(json.dumps(found))
        # Not by the clock, and beside what it costs here to write and read that as JSON: machines differ.
        assert processor_time(collectd.pid) - before < DEAR * (time.process_time() - ours)


def processor_time(pid: int) -> float:
    """Seconds that the process has computed so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def contended(
    compiled: dict[str, Path], eventually: Eventually, entry: str = "collectd_mgr.extension.entry"
) -> Iterator[ScratchCollectd]:
    """A collectd with a cache of some size, and a Python thread in it that always wants the GIL and the cache."""
    with filled(compiled, 2000, csv=False, modules=["busy_thread", "naive_cache"], entry=entry) as collectd:
        eventually(lambda: len(collectd.call("metrics_list")["names"]) == 2000)
        collectd.call("flush", plugin="python.busy_thread")
        try:
            yield collectd
        finally:
            os.kill(collectd.pid, signal.SIGKILL)  # One that stands still would not end otherwise.


@pytest.mark.parametrize("entry", ["collectd_mgr.extension.entry", "entry_by_calls"])
def test_the_lock_of_the_cache_is_never_held_while_the_gil_changes_hands(
    compiled: dict[str, Path], eventually: Eventually, entry: str
) -> None:
    """Else collectd would stand still for ever: somebody wants that lock whenever the GIL is to be had."""
    with contended(compiled, eventually, entry) as collectd:
        for _ in range(3):
            time.sleep(cache.FRESH)  # So that it asks for the intervals again.
            assert len(collectd.call("metrics_list")["names"]) == 2000
            assert len(collectd.call("values_get")["names"]) == 2000


def test_somebody_who_held_it_would_be_found(compiled: dict[str, Path], eventually: Eventually) -> None:
    with contended(compiled, eventually) as collectd:
        eventually(lambda: stands_still(collectd))


def stands_still(collectd: ScratchCollectd) -> bool:
    """Walk the cache as one would at first."""
    try:
        collectd.client.call("flush", {"plugin": "python.naive_cache"}, timeout=2.0)
    except exception.RequestTimeout:
        return True
    return False


@pytest.mark.parametrize("identifier", [None, "scratch.example.org/load/load"])
def test_flush_reaches_the_write_plugins(identifier: str | None) -> None:
    with ScratchCollectd(("load",), modules=["raw_config"], module_path=HERE / "entries") as collectd:
        wanted = collectd.directory / "wanted.conf"
        wanted.write_text('TypesDB "/dev/null"\nLoadPlugin users\n')
        collectd.call("flush", plugin="python.raw_config", identifier=str(wanted), timeout=5)
        assert "users" in collectd.call("status")["plugins"]
        (row,) = collectd.call("flush", plugin="csv", identifier=identifier)
        assert (row["plugin"], row["outcome"]) == ("csv", "cannot")
