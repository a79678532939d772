# SPDX-License-Identifier: Apache-2.0
"""What counts as a value that came, in a daemon that has metrics of other hosts as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from collectd_mgr.agent import series
from collectd_mgr.agent.series import Metric
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.spec import Goal, PluginGoal

#: The plugin snmp asks another host.
GOAL = Goal({"cpu": PluginGoal(True), "snmp": PluginGoal(True, config={"Host": {"args": ["switch"]}})})


class Cache:
    """:param rows: the time of the newest value of each metric"""

    def __init__(self, rows: Mapping[str, float]) -> None:
        self._rows = rows

    def pages(self) -> Iterator[Page]:
        rows: list[Any] = [{"id": name, "last_update": last, "interval": 1.0} for name, last in self._rows.items()]
        yield Page(rows)


def cached(rows: Mapping[str, float], hostname: str = "own") -> tuple[Metric, ...]:
    return series.metrics(cast(Any, Cache(rows)), GOAL, hostname)


def test_what_other_hosts_give_is_nothing_of_ours() -> None:
    others = {f"other-{number}/cpu-0/cpu": 1e9 for number in range(100)}
    before = cached({"own/cpu-0/cpu": 100.0, "switch/snmp/if": 100.0, **others})
    assert series.newest(before) == {"own/cpu": 100.0, "switch/snmp": 100.0}
    assert series.fresh(before, 101.0).keys() == {"own/cpu-0/cpu", "switch/snmp/if"}
    later = {name: last + 1.0 for name, last in others.items()}
    assert not series.came(cached({"own/cpu-0/cpu": 100.0, **later}), series.newest(before))
    assert series.came(cached({"own/cpu-0/cpu": 101.0, **others}), series.newest(before)) == {"own/cpu-0/cpu"}


def test_where_the_daemon_does_not_say_what_its_host_is_called_all_may_be() -> None:
    assert len(cached({"own/cpu-0/cpu": 100.0, "other/cpu-0/cpu": 100.0}, "")) == 2


def test_what_no_plugin_of_the_goal_gives_any_more_is_read_on() -> None:
    """A lease has ended, and the plugin is not switched off yet, or never: the host is in mode observe."""
    before = cached({"own/memory/memory-free": 100.0, "other/memory/memory-free": 100.0})
    assert series.newest(before) == {"own/memory": 100.0}
    assert series.came(cached({"own/memory/memory-free": 101.0}), series.newest(before)) == {"own/memory/memory-free"}
