# SPDX-License-Identifier: Apache-2.0
"""What counts as a value that came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from collectd_mgr.agent import series
from collectd_mgr.domain.reads import Page


class Cache:
    """That of a daemon which has metrics of this host and of another one, whose clock is ahead."""

    def __init__(self, own: float) -> None:
        self._rows = {"own/cpu-0/cpu": own, "other/cpu-0/cpu": 1e9}

    def pages(self) -> Iterator[Page]:
        rows: list[Any] = [{"id": name, "last_update": last, "interval": 1.0} for name, last in self._rows.items()]
        yield Page(rows)


def test_another_host_whose_clock_is_ahead_hides_none_of_ours() -> None:
    before, after = (cast(Any, Cache(own)) for own in (100.0, 101.0))
    assert series.came(after, series.newest(before, {"cpu"})) == {"own/cpu-0/cpu"}
    assert not series.newest(before, {"df"})
