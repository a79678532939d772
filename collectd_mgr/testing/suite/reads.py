# SPDX-License-Identifier: Apache-2.0
"""Metrics, values and flush: in order, in pages, filtered; or ``not_capable`` where they are not declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import capabilities
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.testing.suite.changes import CPU, MEMORY
from collectd_mgr.testing.suite.rig import Rig, await_

__all__ = [
    "test_a_flush_answers",
    "test_filters_narrow_the_rows",
    "test_rows_are_in_order_complete_and_in_pages",
]

Read = Callable[[Query], Page]


def collecting(rig: Rig) -> dict[str, Read]:
    """The reads that are declared, of a daemon that has values; the others must say so."""
    rig.reach(rig.goal({"memory": MEMORY, "cpu": CPU}))
    reads: dict[str, Read] = {capabilities.METRICS: rig.driver.metrics, capabilities.VALUES: rig.driver.values}
    for name in [name for name in reads if not rig.declares(name)]:
        with pytest.raises(exception.NotCapable):
            reads.pop(name)(Query())
    if reads:
        await_(lambda: rig.newest("memory") > 0)
        first = rig.newest("memory")
        await_(lambda: _is_read_again(rig, first))
    return reads


def _is_read_again(rig: Rig, first: float) -> bool:
    """What is read at once is written one by one: all of it is there when the next reading is."""
    return min(float(row["last_update"]) for row in rig.driver.metrics(Query(plugin="memory")).rows) > first


def test_rows_are_in_order_complete_and_in_pages(rig: Rig) -> None:
    for name, read in collecting(rig).items():
        page = read(Query(plugin="memory"))
        ids = [row["id"] for row in page.rows]
        assert page.marker is None
        assert ids
        assert ids == sorted(ids)
        assert all(row["interval"] == MEMORY.interval and row["last_update"] > 0 for row in page.rows)
        if name == capabilities.VALUES:
            assert all(set(value) == {"name", "type", "value", "rate"} for row in page.rows for value in row["values"])
            assert {value["type"] for row in page.rows for value in row["values"]} == {"gauge"}
        assert paged(read, "memory", 2) == ids


def paged(read: Read, plugin: str, limit: int) -> list[str]:
    ids: list[str] = []
    marker: str | None = None
    while not ids or marker is not None:
        page = read(Query(plugin=plugin, limit=limit, marker=marker))
        assert len(page.rows) <= limit
        ids += [row["id"] for row in page.rows]
        marker = page.marker
    return ids


def test_filters_narrow_the_rows(rig: Rig) -> None:
    for read in collecting(rig).values():
        one = Identifier.parse(read(Query(plugin="memory")).rows[0]["id"])
        assert {Identifier.parse(row["id"]).type for row in read(Query(type=one.type)).rows} == {one.type}
        matched = [row["id"] for row in read(Query(match=f"/memory-{one.type_instance}$")).rows]
        assert matched == [str(one)]
        assert read(Query(plugin="nosuchplugin")) == Page()
        assert read(Query(plugin="memory", state="failure")) == Page()
        # A driver that cannot tell the state of a metric finds none in any.
        judged = [row["id"] for row in read(Query(plugin="memory")).rows if row["state"] == "unknown"]
        assert [row["id"] for row in read(Query(plugin="memory", state="unknown")).rows] == judged
        with pytest.raises(exception.BadRequest):
            read(Query(match="("))


def test_a_flush_answers(rig: Rig) -> None:
    if not rig.declares(capabilities.FLUSH):
        with pytest.raises(exception.NotCapable):
            rig.driver.flush(Flush(), "req-1")
        return
    identifier = rig.values("load").rows[0]["id"]
    for flush in (Flush(), Flush(plugin="csv", timeout=0.0), Flush(identifier=identifier)):
        rows = rig.driver.flush(flush, "req-1")["plugins"]
        assert {row["plugin"]: row["outcome"] for row in rows}["csv"] == "cannot"
    (row,) = rig.driver.flush(Flush(plugin="nosuchplugin"), "req-1")["plugins"]
    assert (row["outcome"], row["callback"]) == ("cannot", None)
