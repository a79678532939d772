# SPDX-License-Identifier: Apache-2.0
"""The ring keeps what it promised and nothing for ever, and hands all of it on in little memory."""

from __future__ import annotations

import json
import shutil
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectd_mgr import exception
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher import ring as rings
from collectd_mgr.publisher.replay import Replay
from collectd_mgr.publisher.ring import Ring
from collectd_mgr.publisher.sampler import Sampler
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.publisher.watch import Watch
from tests.full_disk import no_file_above

CHOICES = ("short", "long", "../longer")


@dataclass
class Host:
    """Its values and its clock, which the test sets; each choice is of the metrics of one plugin."""

    directory: Path
    now: float = 1_000_000.0
    settings: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    kept: list[tuple[str, str, float]] = field(default_factory=list)

    def ring(self) -> Ring:
        watch = Watch(self.read, lambda: self.settings)
        return Ring(watch, self.directory / "ring", lambda: self.settings, lambda: self.now)

    def read(self, query: Query) -> Page:
        return Page(tuple(row for rows in self.rows.values() for row in rows))

    def choose(self, name: str, age: float, bytes_: int = 64 * LEAST) -> None:
        plugin = f"p{CHOICES.index(name)}"
        self.settings[name] = {"identifier": f"*/{plugin}/*", "interval": 1.0, "age": age, "bytes": bytes_}

    def give(self, name: str, metrics: int) -> None:
        """New values of so many metrics of this choice, of this moment."""
        plugin = f"p{CHOICES.index(name)}"
        ids = [f"h/{plugin}/gauge-{n}" for n in range(metrics)]
        value = {"name": "value", "type": "gauge", "value": 1.0, "rate": 1.0}
        self.rows[name] = [
            {"id": each, "interval": 1.0, "last_update": self.now, "state": None, "values": [value]} for each in ids
        ]
        self.kept += [(name, each, self.now) for each in ids]

    def promised(self) -> set[tuple[str, float]]:
        """What a ring that has room enough still has."""
        ages = {name: setting["age"] for name, setting in self.settings.items()}
        return {(each, at) for name, each, at in self.kept if name in ages and at >= self.now - ages[name]}

    def on_disk(self) -> int:
        return sum(path.stat().st_size for path in self.directory.rglob("*.jsonl"))


def values(ring: Ring, limit: int = 50) -> Iterator[tuple[str, float]]:
    marker: str | None = None
    while True:
        page = ring.read(RingQuery(0.0, limit=limit, marker=marker))
        yield from ((row["id"], row["last_update"]) for row in page.rows)
        marker = page.marker
        if marker is None:
            return


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 400)),
        st.tuples(st.just("give"), st.sampled_from(CHOICES), st.integers(1, 120)),
        st.tuples(st.just("choose"), st.sampled_from(CHOICES), st.sampled_from([30, 300, 3000])),
        st.tuples(st.just("next agent")),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_each_choice_keeps_its_values_for_its_own_age(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        host = Host(Path(directory))
        for age, name in zip((30, 300, 3000), CHOICES, strict=True):
            host.choose(name, age)
        ring, clock = host.ring(), 0.0
        for step, *arguments in steps:
            host.now += 1.0
            if step == "wait":
                host.now += arguments[0]
            elif step == "give":
                host.give(*arguments)
            elif step == "choose":
                # A longer age brings nothing back.
                host.kept = [each for each in host.kept if each[0] != arguments[0] or each[1:] in host.promised()]
                host.choose(*arguments)
            else:
                ring = host.ring()
            ring.round(clock := clock + 1.0)
            host.rows.clear()
            found = list(values(ring))
            assert len(found) == len(set(found))
            assert set(found) >= host.promised()
            oldest = host.now - max(setting["age"] for setting in host.settings.values())
            assert all(at >= oldest for _, at in found)


def test_a_choice_with_a_short_age_takes_nothing_of_another_with_it(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600)
    host.choose("short", 1)
    ring = host.ring()
    host.give("long", 10)
    host.give("short", 10)
    ring.round(0.0)
    host.rows.clear()
    host.now += 100
    ring.round(1.0)
    assert {each for each, _ in values(ring)} == {f"h/p1/gauge-{n}" for n in range(10)}
    assert ring.facts()["choices"]["short"]["bytes"] == 0


def test_a_choice_that_says_much_takes_nothing_of_another_with_it(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600, LEAST)
    host.choose("short", 3600, LEAST)
    ring = host.ring()
    host.give("long", 10)
    ring.round(0.0)
    for second in range(40):
        host.now += 1
        host.give("short", 150)
        ring.round(second + 1.0)
    assert len([each for each, _ in values(ring, 1000) if "/p1/" in each]) == 10
    assert LEAST / 2 < host.on_disk() <= ring.facts()["limit"] == 2 * LEAST


def test_one_look_at_very_many_metrics_stays_within_the_bytes(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600, LEAST)
    ring = host.ring()
    host.give("long", 10_000)
    ring.round(0.0)
    assert LEAST / 2 < host.on_disk() < 1.1 * LEAST


def test_what_a_full_disk_does_not_take_is_counted(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600)
    ring = host.ring()
    ring.round(0.0)
    (folder,) = (tmp_path / "ring").iterdir()
    folder.rmdir()
    host.give("long", 7)
    ring.round(1.0)
    assert ring.facts()["lost"] == 7


def test_it_goes_on_after_somebody_has_taken_it_away(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 300)
    ring = host.ring()
    for number in range(2):
        host.give("long", 3)
        ring.round(float(number))
        shutil.rmtree(tmp_path / "ring")
        host.now += 1.0
    host.give("long", 3)
    ring.round(2.0)
    assert {at for _, at in values(ring)} == {host.now}
    assert ring.lost == 0


def test_a_page_ends_where_too_much_was_looked_at(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600)
    ring = host.ring()
    host.give("long", 150)
    ring.round(0.0)
    page, pages = ring.read(RingQuery(0.0, "nosuch", limit=10)), 1
    while page.marker:
        page, pages = ring.read(RingQuery(0.0, "nosuch", limit=10, marker=page.marker)), pages + 1
    assert (page.rows, pages) == ((), 1 + 150 // (rings._LOOKED + 1))


def test_a_big_ring_is_published_in_little_memory(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600)
    ring = host.ring()
    for second in range(30):
        host.now += 1
        host.give("long", 400)
        ring.round(float(second))
    host.rows.clear()
    sent = 0

    def put(page: Page) -> None:
        nonlocal sent
        sent += len(page.rows)

    replay = Replay(tmp_path / "replay.json", ring.read, put, lambda: 0)
    assert replay.ask(RingQuery(0.0)) == 1
    tracemalloc.start()
    while replay.round():
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent == 12_000
    assert most < host.on_disk() / 4, most


def test_the_next_agent_goes_on_publishing(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600)
    ring = host.ring()
    host.give("long", 500)
    ring.round(0.0)
    sent: list[str] = []

    def replay(waiting: int = 0) -> Replay:
        def put(page: Page) -> None:
            sent.extend(row["id"] for row in page.rows)

        return Replay(tmp_path / "replay.json", ring.read, put, lambda: waiting)

    first = replay()
    first.ask(RingQuery(0.0))
    assert first.round()
    assert 0 < len(sent) < 500
    assert not replay(waiting=100).round(), "the bus does not have the last page yet"
    second = replay()
    while second.round():
        pass
    assert sorted(sent) == sorted(f"h/p1/gauge-{n}" for n in range(500))
    assert json.loads((tmp_path / "replay.json").read_text()) == []


def test_an_order_that_cannot_be_gone_on_with_is_in_nobodys_way(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600)
    ring = host.ring()
    host.give("long", 3)
    ring.round(0.0)
    orders = [RingQuery(0.0, marker="of another release"), RingQuery(0.0, "p1")]
    (tmp_path / "replay.json").write_text(json.dumps([order.to_dict() for order in orders]))
    sent: list[str] = []
    replay = Replay(tmp_path / "replay.json", ring.read, lambda page: sent.extend(row["id"] for row in page.rows), int)
    for _ in orders:
        assert replay.round()
    assert (len(sent), replay.orders, replay.failed) == (3, 0, 1)
    assert json.loads((tmp_path / "replay.json").read_text()) == []


def test_an_order_waits_for_room_on_a_full_disk_and_loses_nothing(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.choose("long", 3600)
    ring = host.ring()
    host.give("long", 150)
    ring.round(0.0)
    spool = Spool(tmp_path / "samples", LEAST)
    reader = spool.reader("test")
    sampler = Sampler(Watch(lambda _: Page(), dict), spool, "h")
    replay = Replay(tmp_path / "replay.json", ring.read, lambda page: sampler.put(page.rows, rates=True), int)
    replay.ask(RingQuery(0.0))
    with no_file_above(25_000), pytest.raises(OSError, match="could be written"):
        replay.round()
    assert (replay.orders, replay.failed, sampler.lost) == (1, 0, 0)
    while replay.round():
        pass
    sent = [each["identifier"] for entry in reader.peek(10) for each in entry.data["samples"]]
    assert sorted(sent) == sorted(f"h/p1/gauge-{n}" for n in range(150)), "not the first hundred twice"


def test_orders_are_bounded(tmp_path: Path) -> None:
    host = Host(tmp_path)
    replay = Replay(tmp_path / "replay.json", host.ring().read, lambda page: None, lambda: 0)
    for order in range(1, 17):
        assert replay.ask(RingQuery(0.0)) == order
    with pytest.raises(exception.Busy):
        replay.ask(RingQuery(0.0))
