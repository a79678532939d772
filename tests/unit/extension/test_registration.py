# SPDX-License-Identifier: Apache-2.0
"""Whatever takes reads out says when, so that nobody registers the plugin again beside one in flight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from collectd_mgr import exception
from collectd_mgr.extension.readers import Read
from collectd_mgr.extension.records import LIVE, Record
from collectd_mgr.extension.registration import Registration


class Collectd:
    """One whose plugin registers a read, and that stops before the plugin's init."""

    def __init__(self) -> None:
        self._reads: list[Read] = []

    def registration(self) -> Registration:
        this = cast(Any, self)
        return Registration(this, this, this, this, this, this, this, this, this, this)

    def of(self, plugin: str) -> list[Read]:
        return list(self._reads)

    def register(self, path: str) -> None:
        self._reads.append(Read("slow", "slow", "", 10.0, 0))

    def unregister_read(self, name: str) -> None:
        self._reads = [read for read in self._reads if read.name != name]

    def wait(self, since: float, timeout: float, enough: Callable[[], bool]) -> bool:
        """A read is in flight."""
        return False

    @contextmanager
    def up(self, give_up: Callable[[], object]) -> Iterator[None]:
        yield

    @contextmanager
    def capture(self) -> Iterator[list[str]]:
        yield []

    @contextmanager
    def context(self, plugin: str, interval: float) -> Iterator[None]:
        yield

    def path(self, plugin: str) -> str:
        return plugin

    def forget(self, plugin: str) -> None:
        return

    def clear(self) -> None:
        return

    def alive(self) -> None:
        raise exception.Busy("collectd is stopping")


def test_a_change_that_fails_leaves_a_read_in_flight_to_be_waited_for() -> None:
    collectd, record = Collectd(), Record(LIVE)
    registration = collectd.registration()
    with pytest.raises(exception.Busy):
        registration.again("slow", record, 10.0)
    assert collectd.of("slow") == []
    assert not registration.unregister("slow", record, 1.0)
