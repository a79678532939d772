# SPDX-License-Identifier: Apache-2.0
"""The cache of a real collectd read without its lock: how much of it, how it is proven, what it is when it changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.testing.collectd import ScratchCollectd

HERE = Path(__file__).parent
Eventually = Callable[..., float]

MANY = 100_000

#: Rows of a page, as the API asks for.
PAGE = 10_000


def crowd(compiled: dict[str, Path], metrics: int, interval: float = 0.5, **options: Any) -> ScratchCollectd:
    config = f"LoadPlugin crowd\n<Plugin crowd>\n Metrics {metrics}\n</Plugin>\n"
    return ScratchCollectd((), config, own_plugins=[compiled["crowd"]], csv=False, interval=interval, **options)


def cache(collectd: ScratchCollectd) -> dict[str, Any]:
    return dict(collectd.call("status")["cache"])


def pages(collectd: ScratchCollectd, limit: int = PAGE, **filters: str) -> Iterator[dict[str, Any]]:
    marker: str | None = None
    while True:
        page = collectd.call("values_get", limit=limit, marker=marker, **filters)
        yield page
        marker = page["marker"]
        if marker is None:
            return


def test_a_hundred_thousand_metrics_keep_nobody_waiting(compiled: dict[str, Path], eventually: Eventually) -> None:
    # Once an interval collectd goes through the whole cache itself, under its lock.
    with crowd(compiled, MANY, interval=3600) as collectd:
        eventually(lambda: sum(len(page["names"]) for page in pages(collectd)) == MANY)
        before = cache(collectd)
        assert (before["way"], before["why"]) == ("memory", None)

        found = [value for page in pages(collectd) for (value,) in page["values"]]

        assert found == [float(number) for number in range(MANY)]
        # Not once was the lock of the cache taken for it.
        assert cache(collectd) == before
        assert next(pages(collectd, state="okay"))["names"] == []
        assert sum(len(page["names"]) for page in pages(collectd, state="unknown", type="gauge")) == MANY


def test_one_that_changes_all_the_time_is_not_taken_for_one_that_is_not_known(
    compiled: dict[str, Path], eventually: Eventually
) -> None:
    """What is in it is proven later, and meanwhile collectd is asked."""
    with ScratchCollectd((), "LoadPlugin halves\n", own_plugins=[compiled["halves"]], csv=False) as collectd:
        collectd.call("flush", plugin="halves")  # Now they come fast.
        eventually(lambda: collectd.call("values_get", plugin="halves")["names"])
        for _ in range(20):
            collectd.call("values_get", plugin="halves")
        assert cache(collectd)["why"] is None


def test_calls_say_the_same(compiled: dict[str, Path], eventually: Eventually) -> None:
    found = []
    for entry in ("collectd_mgr.extension.entry", "entry_by_calls"):
        with crowd(compiled, 1000, entry=entry, module_path=HERE / "entries") as collectd:
            eventually(lambda collectd=collectd: len(collectd.call("metrics_list")["names"]) == 1000)
            found.append(collectd.call("values_get"))
            found[-1].update(way=cache(collectd)["way"], **collectd.call("metrics_list", match="metric-0004"))
    memory, calls = found
    assert (memory.pop("way"), calls.pop("way")) == ("memory", "calls")
    assert (set(memory.pop("states")), set(calls.pop("states"))) == ({"unknown"}, {None})
    assert len(memory.pop("times")) == len(calls.pop("times")) == 10
    assert memory == calls


def test_calls_hold_the_lock_and_say_how_long(compiled: dict[str, Path], eventually: Eventually) -> None:
    with crowd(compiled, 2000, entry="entry_by_calls", module_path=HERE / "entries") as collectd:
        eventually(lambda: len(collectd.call("metrics_list")["names"]) == 2000)
        assert cache(collectd)["longest_hold"] > 0
        assert cache(collectd)["why"] == "the test wants it so"


@pytest.mark.parametrize("limit", [7, PAGE])
def test_no_value_stands_beside_the_name_of_another(
    compiled: dict[str, Path], eventually: Eventually, limit: int
) -> None:
    options = {"Timeout": 2}
    with ScratchCollectd(
        (), "LoadPlugin churn\n", own_plugins=[compiled["churn"]], csv=False, interval=0.02, options=options
    ) as collectd:
        eventually(lambda: cache(collectd)["way"] == "memory" and len(collectd.call("metrics_list")["names"]) > 20)
        seen: set[str] = set()
        deadline = time.monotonic() + 3.0
        while time.monotonic() < deadline or len(seen) <= 200:
            page = collectd.call("values_get", plugin="churn", limit=limit)
            names = page["names"]
            assert names == sorted(names)
            assert [float(name.rpartition("-")[2]) for name in names] == [value for (value,) in page["values"]]
            seen.update(names)
        assert collectd.running
        assert cache(collectd)["way"] == "memory"
