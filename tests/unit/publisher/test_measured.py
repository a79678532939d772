# SPDX-License-Identifier: Apache-2.0
"""Samples and the ring: chosen values, finite and with their times."""

from __future__ import annotations

import math
import random
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import events, samples
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher.cursor import Cursor
from collectd_mgr.publisher.ring import Ring
from collectd_mgr.publisher.sampler import Sampler
from collectd_mgr.publisher.segment import Entry
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.publisher.taken import Taken
from collectd_mgr.publisher.watch import Watch

HOST = "h.example.org"


def row(identifier: str, *values: tuple[str, str, float | None, float | None], at: float = 1000.0) -> dict[str, Any]:
    shown = [dict(zip(("name", "type", "value", "rate"), value, strict=True)) for value in values]
    return {"id": f"{HOST}/{identifier}", "interval": 10.0, "last_update": at, "state": None, "values": shown}


class Daemon:
    """Its values, which the test changes."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {}
        self.process = 1

    def read(self, query: Query) -> Page:
        return Page(tuple(self.rows), process=self.process)

    def watch(self) -> Watch:
        return Watch(self.read, lambda: self.settings)


def taken(reader: Cursor) -> Iterator[Entry]:
    while entries := reader.peek(10):
        yield from entries
        reader.done(entries)


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def ring(daemon: Daemon, tmp_path: Path) -> Callable[[], Ring]:
    return lambda: Ring(daemon.watch(), tmp_path / "ring", lambda: daemon.settings)


@pytest.mark.parametrize(
    ("identifier", "source", "name"),
    [
        ("load/load", "shortterm", "collectd.load.shortterm"),
        ("memory/memory-used", "value", "collectd.memory.used"),
        ("df-root/df_complex-free", "value", "collectd.df.root.df_complex.free"),
        ("interface-eth0/if_octets", "rx", "collectd.interface.eth0.if_octets.rx"),
    ],
)
def test_names(identifier: str, source: str, name: str) -> None:
    assert samples.name(f"{HOST}/{identifier}", source) == name


def test_counters_are_cumulative_and_rates() -> None:
    octets = row("interface-lo/if_octets", ("rx", "derive", 4711, 2.5), ("tx", "counter", 1, None))
    found = list(samples.samples(octets))
    assert [each and (each.name.rpartition("lo.")[2], each.kind, each.unit, each.volume) for each in found] == [
        ("if_octets.rx", "cumulative", "1", 4711),
        ("if_octets.rx.rate", "gauge", "1/s", 2.5),
        ("if_octets.tx", "cumulative", "1", 1),
        None,
    ]
    bare = samples.samples(row("load/load", ("shortterm", "gauge", 0.5, 0.5)), rates=True)
    assert [each and (each.kind, each.volume) for each in bare] == [("gauge", 0.5)]


def test_samples_are_taken_at_their_interval_each_value_once(daemon: Daemon, tmp_path: Path) -> None:
    spool = Spool(tmp_path, LEAST)
    reader = spool.reader("test")
    sampler = Sampler(daemon.watch(), spool, HOST)
    daemon.settings = {"load": {"identifier": "*/load/*", "interval": 10.0}}
    daemon.rows = [row("load/load", ("a", "gauge", 1.0, 1.0), ("b", "gauge", math.nan, None)), row("cpu-0/cpu-idle")]
    sampler.round(0.0)
    daemon.rows[0]["last_update"] = 1005.0
    sampler.round(5.0)
    sampler.round(10.0)
    sampler.round(20.0)
    found = [each for entry in taken(reader) for each in entry.data["samples"]]
    assert [each["timestamp"] for each in found] == ["1970-01-01T00:16:40.000Z", "1970-01-01T00:16:45.000Z"]
    assert {each["name"] for each in found} == {"collectd.load.a"}
    assert all(set(each) > {"name", "type", "unit", "volume", "resource_id", "timestamp"} for each in found)
    assert sampler.dropped == 2, "what is no number"


def test_what_bears_the_name_of_another_host_is_sent_in_that_name(daemon: Daemon, tmp_path: Path) -> None:
    """Where nobody knows how the daemon calls its own, all is this host's."""
    spool = Spool(tmp_path, LEAST)
    reader = spool.reader("test")
    called = iter(["", HOST])
    sampler = Sampler(daemon.watch(), spool, "cn1", hostname=lambda: next(called))
    own, guest = row("load/load", ("a", "gauge", 1.0, 1.0)), row("virt/virt_vcpu", ("value", "gauge", 1.0, 1.0))
    rows = [own, {**guest, "id": "guest/virt/virt_vcpu"}]
    for _ in range(2):
        sampler.put(rows, rates=True)
    found = [(entry.data["host"], entry.data["samples"]) for entry in taken(reader)]
    assert [(host, len(each)) for host, each in found] == [("cn1", 2), ("cn1", 1), ("guest", 1)]
    assert all(each["resource_id"] == events.resource_id(host) for host, those in found for each in those)


def test_what_several_choices_choose_is_sent_once_at_the_shortest_interval(daemon: Daemon, tmp_path: Path) -> None:
    spool = Spool(tmp_path, LEAST)
    reader = spool.reader("test")
    sampler = Sampler(daemon.watch(), spool, HOST)
    daemon.settings = {
        "all": {"identifier": "*", "interval": 60.0, "rates": False},
        "cpu": {"identifier": "*/cpu-*/*", "interval": 10.0, "rates": False},
        "cpu-again": {"identifier": "*/cpu-*/*", "rates": True},
    }
    for at in range(0, 120, 10):
        names = ("cpu-0/cpu-idle", "df-a/df")
        daemon.rows = [row(name, ("value", "derive", 1, 0.1), at=1000.0 + at) for name in names]
        sampler.round(float(at))
    found = [(each["name"], each["timestamp"]) for entry in taken(reader) for each in entry.data["samples"]]
    assert len(found) == len(set(found)) == 12 + 12 + 2
    assert [time for name, time in found if "df" in name] == ["1970-01-01T00:16:40.000Z", "1970-01-01T00:17:40.000Z"]
    daemon.settings = {"all": daemon.settings["all"]}
    daemon.rows[0]["last_update"] = daemon.rows[1]["last_update"] = 2000.0
    sampler.round(120.0)
    last = [each["name"] for entry in taken(reader) for each in entry.data["samples"]]
    assert last == ["collectd.cpu.0.idle", "collectd.df.a"], "which is who has it then"


@pytest.mark.parametrize("identifier", ["load/load", "/gauge", "x", "-x/gauge"])
@pytest.mark.parametrize("at", [-1.0, 4e9, 9.3e9, math.nan, math.inf, 1000.0])
def test_one_that_gnocchi_would_choke_on_costs_the_others_nothing(tmp_path: Path, identifier: str, at: float) -> None:
    spool = Spool(tmp_path, LEAST)
    reader = spool.reader("test")
    sampler = Sampler(Watch(lambda _: Page(), dict), spool, HOST)
    odd, good = row(identifier, ("a", "gauge", 1.0, 1.0), at=at), row("df-root/df", ("value", "gauge", 1.0, 1.0))
    sampler.put([odd, good], rates=True)
    names = [each["name"] for entry in taken(reader) for each in entry.data["samples"]]
    assert names == [*(["collectd.load.a"] if (identifier, at) == ("load/load", 1000.0) else []), "collectd.df.root"]
    assert sampler.dropped == 2 - len(names)


def test_off_by_default(daemon: Daemon, tmp_path: Path, ring: Callable[[], Ring]) -> None:
    daemon.rows = [row("load/load", ("a", "gauge", 1.0, 1.0))]
    sampler = Sampler(daemon.watch(), Spool(tmp_path / "s", LEAST), HOST)
    sampler.round(0.0)
    kept = ring()
    kept.round(0.0)
    assert not list(tmp_path.rglob("*.jsonl"))
    assert kept.read(RingQuery(0.0)) == Page()


def test_many_samples_are_few_messages(daemon: Daemon, tmp_path: Path) -> None:
    spool = Spool(tmp_path, LEAST)
    reader = spool.reader("test")
    daemon.settings = {"all": {"identifier": "*", "interval": 1.0}}
    daemon.rows = [row(f"df-{n}/df", ("value", "gauge", 1.0, 1.0)) for n in range(250)]
    Sampler(daemon.watch(), spool, HOST).round(0.0)
    assert [len(entry.data["samples"]) for entry in taken(reader)] == [100, 100, 50]


def test_the_ring_keeps_what_was_chosen_over_agents(daemon: Daemon, ring: Callable[[], Ring]) -> None:
    now = time.time() - 4
    daemon.settings = {"load": {"identifier": "*/load/*", "interval": 1.0, "age": 100.0}}
    for second in range(4):
        daemon.rows = [row("load/load", ("a", "gauge", second, second), at=now + second), row("swap/swap-free")]
        ring().round(float(second))
    page = ring().read(RingQuery(now + 1))
    assert [each["values"][0]["value"] for each in page.rows] == [1, 2, 3]
    assert {each["id"] for each in page.rows} == {f"{HOST}/load/load"}


def test_pages_of_the_ring(daemon: Daemon, ring: Callable[[], Ring]) -> None:
    now = time.time()
    daemon.settings = {"all": {"identifier": "*"}}
    daemon.rows = [row(f"df-{n}/df", ("value", "gauge", n, n), at=now) for n in range(7)]
    kept = ring()
    kept.round(0.0)
    seen: list[float] = []
    marker: str | None = None
    while not seen or marker:
        page = kept.read(RingQuery(0.0, "df", "df", 3, marker))
        seen += [each["values"][0]["value"] for each in page.rows]
        marker = page.marker
    assert seen == list(range(7))
    assert kept.read(RingQuery(0.0, "cpu")) == Page()
    with pytest.raises(exception.BadRequest):
        kept.read(RingQuery(0.0, marker="x"))


def test_nothing_goes_before_it_is_known_what_was_chosen(daemon: Daemon, tmp_path: Path) -> None:
    """As with an agent that has lost its memory, until the server tells it again."""
    chosen = {"all": {"identifier": "*"}}
    daemon.settings, known = chosen, True
    daemon.rows = [row("df-a/df", ("value", "gauge", 1, 1), at=time.time())]

    def ring() -> Ring:
        return Ring(daemon.watch(), tmp_path / "ring", lambda: daemon.settings, known=lambda: known)

    ring().round(0.0)
    daemon.settings, known = {}, False
    kept = ring()
    kept.round(0.0)
    assert kept.read(RingQuery(0.0)) == Page()
    daemon.settings, known = chosen, True
    assert len(kept.read(RingQuery(0.0)).rows) == 1
    daemon.settings = {}
    kept.round(2.0)
    assert not list((tmp_path / "ring").iterdir())


def test_metrics_that_are_called_oddly_are_kept_like_any_other(daemon: Daemon, ring: Callable[[], Ring]) -> None:
    """Without a plugin, or in Latin-1: longer than any name when it is read as UTF-8."""
    daemon.settings = {"all": {"identifier": "*"}}
    names = ("-x/gauge-y", "snmp-" + "\ufffd" * 60 + "/gauge", "load/gauge")
    daemon.rows = [row(name, ("value", "gauge", 1, 1), at=time.time()) for name in names]
    kept = ring()
    kept.round(0.0)
    assert [each["id"] for each in kept.read(RingQuery(0.0)).rows] == [f"{HOST}/{name}" for name in names]
    assert [each["id"] for each in kept.read(RingQuery(0.0, "snmp", "gauge")).rows] == [f"{HOST}/{names[1]}"]


def test_the_ring_is_bounded_in_age(daemon: Daemon, ring: Callable[[], Ring], tmp_path: Path) -> None:
    daemon.settings = {"all": {"identifier": "*", "age": 10.0}}
    daemon.rows = [row("df-a/df", ("value", "gauge", 1, 1), at=time.time() - 11)]
    kept = ring()
    kept.round(0.0)
    assert kept.read(RingQuery(0.0)) == Page()
    assert not list(tmp_path.rglob("*.jsonl"))


def test_the_ring_is_bounded_in_bytes(daemon: Daemon, ring: Callable[[], Ring]) -> None:
    now, kept = time.time(), ring()
    daemon.settings = {"all": {"identifier": "*", "interval": 1.0, "bytes": LEAST}}
    for second in range(300):
        rows = [row(f"df-{n}/df", ("value", "gauge", second, 1), at=now + second / 1000) for n in range(40)]
        daemon.rows = rows
        kept.round(float(second))
    assert LEAST / 2 < kept.facts()["bytes"] < 1.1 * LEAST
    values = [each["values"][0]["value"] for each in kept.read(RingQuery(0.0, limit=100_000)).rows]
    assert values[-1] == 299
    assert values == sorted(values)


def test_what_is_not_chosen_any_more_goes(daemon: Daemon, ring: Callable[[], Ring]) -> None:
    daemon.settings = {"all": {"identifier": "*"}}
    daemon.rows = [row("df-a/df", ("value", "gauge", 1, 1), at=time.time())]
    kept = ring()
    kept.round(0.0)
    assert len(kept.read(RingQuery(0.0)).rows) == 1
    daemon.settings = {}
    kept.round(1.0)
    assert kept.facts()["bytes"] == 0


def test_a_choice_that_was_changed_is_due_at_once(daemon: Daemon) -> None:
    """Else a day would go by before an interval of a second that was one of a day is in force."""
    watch = daemon.watch()
    for interval, at in ((86_400.0, 1000.0), (1.0, 1001.0)):
        daemon.rows = [row("load/load", ("value", "gauge", 1.0, 1.0), at=at)]
        daemon.settings = {"a": {"identifier": "*", "interval": interval}}
        assert [rows for _, _, rows in watch.look(at)] == [daemon.rows]
    assert not list(watch.look(1001.5))


class Hour(threading.Event):
    """One (or less) of a daemon that reads a metric every ``period`` seconds, each time up to ``jitter`` later than it
    should; each look at it takes so many seconds.

    It is set when it is over; whoever waits for it passes the time, and is woken a little late.
    """

    def __init__(
        self,
        interval: float,
        takes: float,
        phase: float = 0.1,
        jitter: float = 0.0,
        period: float | None = None,
        lasts: float = 3600.0,
        names: tuple[str, ...] = ("a",),
    ) -> None:
        super().__init__()
        self.now = 0.0
        self.paused = 0.0
        self.looks = 0
        self.seen: dict[str, list[float]] = {name: [] for name in names}
        self._takes = takes
        self._lasts = lasts
        self._period = period or interval
        late = random.Random(phase)
        self._reads = [
            1000 + (n + phase) * self._period + late.uniform(0, jitter)
            for n in range(-1, int(lasts / self._period) + 3)
        ]
        self.watch = Watch(self._read, lambda: self._chosen(interval), lambda: self.now)

    def _chosen(self, interval: float) -> dict[str, Any]:
        """Each a little after the one before it."""
        names = [name for n, name in enumerate(self.seen) if self.now >= 10.23 * n]
        return {name: {"identifier": "*", "interval": interval} for name in names}

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.now += timeout + 0.001
        self.paused += timeout
        return self.now > self._lasts

    def _read(self, query: Query) -> Page:
        self.looks += 1
        self.now += self._takes
        read = self._reads[bisect_right(self._reads, 1000 + self.now) - 1]
        value = row("load/load", ("a", "gauge", 1.0, 1.0), at=read)
        return Page(({**value, "interval": self._period},))

    def pass_by(self) -> None:
        self.watch.run(self, self._look, "")

    def _look(self, now: float) -> None:
        for name, _, rows in self.watch.look(now):
            self.seen[name].append(rows[0]["last_update"])

    @property
    def lost(self) -> int:
        """Of the values between the first and the last that were seen, those of which some choice has none."""
        return sum(
            len([read for read in self._reads if seen[0] < read < seen[-1]]) + 2 - len(seen)
            for seen in self.seen.values()
        )


@pytest.mark.parametrize("phase", [0.1, 0.4, 0.8])
@pytest.mark.parametrize(("interval", "takes"), [(1.0, 0.02), (1.0, 0.05), (10.0, 0.3), (1.0, 0.6)])
def test_no_value_is_lost_at_the_interval_of_the_metric(interval: float, takes: float, phase: float) -> None:
    """However long a look takes, and wherever between two looks the daemon reads."""
    hour = Hour(interval, takes, phase)
    hour.pass_by()
    assert len(hour.seen["a"]) > 3590 / interval
    assert not hour.lost


@pytest.mark.parametrize("period", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("jitter", [0.02, 0.1, 0.3])
def test_no_value_is_lost_where_look_and_read_meet(jitter: float, period: float) -> None:
    """Wherever that is: a metric that is read now before a look and now after it would change twice between two."""
    hours = [Hour(1.0, 0.02, n / 50, jitter, period, lasts=300) for n in range(50)]
    for hour in hours:
        hour.pass_by()
    assert all(len(hour.seen["a"]) > 290 / period for hour in hours)
    assert {hour.lost for hour in hours} == {0}


def test_no_value_is_lost_to_the_look_of_another_choice() -> None:
    """Which may take until after the moment of this one's."""
    for n in range(10):
        hour = Hour(1.0, 0.06, n / 10, jitter=0.1, names=("a", "b", "c"), lasts=600)
        hour.pass_by()
        assert not hour.lost


def test_a_metric_that_is_read_more_often_than_it_is_chosen_for_is_taken_as_often_as_that() -> None:
    hour = Hour(60.0, 0.02, 0.001, jitter=0.1, period=10.0)
    hour.pass_by()
    assert 59 <= hour.looks == len(hour.seen["a"]) <= 61


def test_nor_more_often_beside_one_of_which_every_value_is_taken(daemon: Daemon) -> None:
    """For which there is another look between two."""
    watch = Watch(daemon.read, lambda: {"a": {"identifier": "*", "interval": 10.0}}, lambda: 0.0)
    seen = []
    for at in (0.0, 5.0, 10.0, 15.0):
        rows = [row(name, ("value", "gauge", 1.0, 1.0), at=1000 + at) for name in ("df-a/df", "load/load")]
        daemon.rows = [{**each, "interval": interval} for each, interval in zip(rows, (10.0, 5.0), strict=True)]
        seen.append([each["id"] for _, _, rows in watch.look(at) for each in rows])
    both = [f"{HOST}/df-a/df", f"{HOST}/load/load"]
    assert seen == [both, both[:1]] * 2


def test_a_value_that_another_collectd_has_read_as_well_is_taken_once(daemon: Daemon) -> None:
    """One that takes over reads when the one before did, give or take a little."""
    watch, seen = daemon.watch(), []
    daemon.settings = {"a": {"identifier": "*", "interval": 10.0}}
    for at, read, daemon.process in ((0, 1000.0, 1), (10, 999.9, 2), (20, 1009.9, 2), (30, 1009.8, 2)):
        daemon.rows = [row("load/load", ("value", "gauge", 1.0, 1.0), at=read)]
        seen += [each["last_update"] for _, _, rows in watch.look(float(at)) for each in rows]
    assert seen == [1000.0, 1009.9, 1009.8]


def test_a_value_that_an_earlier_agent_has_taken_is_not_taken_again(daemon: Daemon, tmp_path: Path) -> None:
    daemon.settings = {"a": {"identifier": "*", "interval": 10.0}}
    seen = []
    for read in (1000.0, 1000.0, 1010.0, 1010.0):
        watch = Watch(daemon.read, lambda: daemon.settings, taken=Taken(tmp_path / "taken"))
        daemon.rows = [row("load/load", ("value", "gauge", 1.0, 1.0), at=read)]
        seen += [each["last_update"] for _, _, rows in watch.look(0.0) for each in rows]
    assert seen == [1000.0, 1010.0]


def test_what_is_ahead_of_the_clock_or_before_it_was_set_back_keeps_one_back(daemon: Daemon, tmp_path: Path) -> None:
    daemon.settings = {"a": {"identifier": "*", "interval": 10.0}}
    ahead = time.time() + 1e6
    seen = []
    for at, read in ((0.0, ahead), (10.0, ahead + 10)):
        watch = Watch(daemon.read, lambda: daemon.settings, taken=Taken(tmp_path / "taken"))
        daemon.rows = [row("load/load", ("value", "gauge", 1.0, 1.0), at=read)]
        seen += [each["last_update"] for _, _, rows in watch.look(at) for each in rows]
    daemon.rows = [row("load/load", ("value", "gauge", 1.0, 1.0), at=500.0)]
    watch = Watch(daemon.read, lambda: daemon.settings, taken=Taken(tmp_path / "taken"))
    assert not list(watch.look(0.0))
    daemon.rows = [row("load/load", ("value", "gauge", 1.0, 1.0), at=510.0)]
    assert list(watch.look(10.0))
    assert seen == [ahead, ahead + 10]


def test_also_where_it_takes_over_during_a_look(daemon: Daemon) -> None:
    """Which comes in pages: the first from the one, the second from the other."""
    looks = iter([((1000.0, 1), (1000.0, 1)), ((1000.0, 1), (1000.1, 2)), ((1000.2, 2), (1000.1, 2))])
    pages: list[tuple[float, int]] = []

    def read(query: Query) -> Page:
        if query.marker is None:
            pages[:] = next(looks)
        at, process = pages[0 if query.marker is None else 1]
        name, marker = ("df-a/df", "more") if query.marker is None else ("load/load", None)
        return Page((row(name, ("value", "gauge", 1.0, 1.0), at=at),), marker, process=process)

    watch = Watch(read, lambda: {"a": {"identifier": "*", "interval": 10.0}})
    seen = [[each["last_update"] for _, _, rows in watch.look(at) for each in rows] for at in (0.0, 10.0, 20.0)]
    assert seen == [[1000.0, 1000.0], [], []]


def test_a_metric_that_is_read_seldom_costs_no_more_looks() -> None:
    hour = Hour(1.0, 0.02, 0.02, jitter=0.1, period=10.0)
    hour.pass_by()
    assert (hour.looks <= 3601, hour.lost) == (True, 0)


def test_looks_that_take_longer_than_the_interval_leave_pauses() -> None:
    hour = Hour(1.0, 1.5)
    hour.pass_by()
    assert hour.paused > 600


def test_looks_that_take_long_are_no_more_than_asked_for() -> None:
    hour = Hour(1.0, 0.4)
    hour.pass_by()
    assert hour.looks <= 3601


def test_a_look_that_fails_leaves_a_pause() -> None:
    hour = Hour(1.0, 0.02, lasts=100)

    def fail(now: float) -> None:
        if not hour.looks:
            next(hour.watch.look(now))
        else:
            attempts.append(now)
            raise OSError("no space left")

    attempts: list[float] = []
    hour.watch.run(hour, fail, "")
    assert 100 < len(attempts) <= 200
