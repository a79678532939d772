# SPDX-License-Identifier: Apache-2.0
"""Who waits for reads that hang waits ever less often, gives way, and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from collectd_mgr import exception
from collectd_mgr.extension.grace import Grace
from collectd_mgr.extension.plugins import Plugins
from collectd_mgr.extension.records import LIVE, Record
from collectd_mgr.extension.stragglers import Stragglers


class Hanging:
    """A registration whose reads are in flight until they are ``ended``; and the turn beside it."""

    def __init__(self) -> None:
        self.ended = False
        self.waits: list[float] = []
        self.now = 0.0
        #: Whether an operation has the turn, or wants it.
        self.busy = self.wanted = False

    def stragglers(self) -> Stragglers:
        return Stragglers(cast(Any, self), self.turn, lambda: self.now)

    @contextmanager
    def turn(self) -> Iterator[Callable[[], bool]]:
        if self.busy:
            raise exception.Busy("at an operation")
        yield lambda: self.wanted

    def over(self, record: Record) -> bool:
        return self.ended

    def wait(self, record: Record, timeout: float, enough: Callable[[], bool]) -> bool:
        self.waits.append(timeout)
        return False


def looks(stragglers: Stragglers, hanging: Hanging, seconds: float) -> int:
    """How many waits come of looks every two of these seconds."""
    before = len(hanging.waits)
    until = hanging.now + seconds
    while hanging.now < until:
        assert not stragglers.over(Record(LIVE))
        hanging.now += 2.0
    return len(hanging.waits) - before


def test_one_that_hangs_for_good_is_waited_for_a_while() -> None:
    hanging = Hanging()
    stragglers = hanging.stragglers()
    assert looks(stragglers, hanging, 86400.0) == 9
    assert (hanging.waits[0], hanging.waits[-1]) == (0.1, 25.6)


def test_once_it_is_over_the_next_one_is_waited_for_at_once() -> None:
    hanging = Hanging()
    stragglers = hanging.stragglers()
    looks(stragglers, hanging, 3600.0)
    hanging.ended = True
    assert stragglers.over(Record(LIVE))
    hanging.ended = False
    assert looks(stragglers, hanging, 2.0) == 1
    assert hanging.waits[-1] == 0.1


def test_with_the_next_one_all_are_waited_for_anew() -> None:
    hanging = Hanging()
    stragglers = hanging.stragglers()
    looks(stragglers, hanging, 3600.0)
    stragglers.begin()
    assert looks(stragglers, hanging, 3600.0) == 9


class Parts(Hanging):
    """Every part of the operations on plugins, of a collectd in which each read hangs."""

    rejected = False
    blocks = ()

    def __init__(self) -> None:
        super().__init__()
        self.followed: list[str] = []

    def plugins(self) -> Plugins:
        this = cast(Any, self)
        plugins = Plugins(this, this, this, this, this, this, "h")
        plugins._stragglers = self.stragglers()
        return plugins

    def check(self) -> None:
        """It may be changed now."""

    def name(self, plugin: str) -> str:
        return plugin

    def path(self, plugin: str) -> str:
        return plugin

    def registers_more(self, path: str) -> bool:
        return False

    def __getitem__(self, plugin: str) -> Parts:
        return self

    def known(self, plugin: str) -> Parts:
        return self

    def stops(self, record: Parts) -> bool:
        return True

    def plugin(self, plugin: str) -> dict[str, Any]:
        return {"stopping": True}

    def unregister(self, plugin: str, record: Parts, timeout: float) -> bool:
        return False

    def hush(self, plugin: str, gone: object) -> None:
        """Nothing is to be said of it."""

    def renew(self) -> None:
        """As that."""

    def follow(self, plugin: str, over: Callable[[], bool]) -> None:
        self.followed.append(plugin)


def test_that_another_one_is_switched_off_is_what_begins_it_anew() -> None:
    hanging = Parts()
    plugins = hanging.plugins()
    for plugin in ("cpu", "memory"):
        assert plugins.disable(plugin)["stopping"]
        assert looks(plugins._stragglers, hanging, 3600.0) == 9
    assert hanging.followed == ["cpu", "memory"]


def test_a_wait_that_gave_way_to_an_operation_does_not_count() -> None:
    hanging = Hanging()
    stragglers = hanging.stragglers()
    hanging.wanted = True
    assert looks(stragglers, hanging, 100.0) == 50
    hanging.wanted, hanging.busy = False, True
    with pytest.raises(exception.Busy):
        stragglers.over(Record(LIVE))
    hanging.busy = False
    looks(stragglers, hanging, 3600.0)
    assert hanging.waits[-1] == 25.6


class Collectd:
    """One all of whose read threads hang."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self.entries = 0

    def readers(self) -> list[int]:
        return list(range(self._threads))

    def idle(self, reader: int) -> bool:
        return False

    @contextmanager
    def context(self, plugin: str, interval: float) -> Iterator[None]:
        yield

    def register_group_read(self, group: str, name: str, callback: int) -> None:
        self.entries += 1

    def unregister_read_group(self, group: str) -> None:
        """What was taken off lies on the heap until a thread comes by."""


def test_where_every_thread_hangs_a_wait_leaves_one_entry_for_each() -> None:
    collectd = Collectd(5)
    assert not Grace(cast(Any, collectd), cast(Any, collectd)).wait(time.monotonic(), 1.5)
    assert collectd.entries == 5


def test_a_wait_ends_as_soon_as_it_is_enough() -> None:
    collectd, asked = Collectd(1), list[bool]()

    def enough() -> bool:
        asked.append(True)
        return collectd.entries > 0

    assert not Grace(cast(Any, collectd), cast(Any, collectd)).wait(time.monotonic(), 1e6, enough)
    assert asked
