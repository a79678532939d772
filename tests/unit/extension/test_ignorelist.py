# SPDX-License-Identifier: Apache-2.0
"""Rules come and go: those that a daemon was started with, and in one with many metrics."""

from __future__ import annotations

from collections.abc import Set
from types import SimpleNamespace
from typing import Any, cast

from collectd_mgr.extension import threshold
from collectd_mgr.extension.ignorelist import Ignorelist
from collectd_mgr.extension.silences import Lists
from collectd_mgr.extension.thresholds import Settings, Thresholds

#: One that is refused by now.
OLD = {"action": "deny", "type_instance": "^[0-9a-f]*a[0-9a-f-]{30}x"}


def test_a_rule_that_is_refused_by_now_can_be_taken_away() -> None:
    chains = SimpleNamespace(adopt=lambda rules: None, build=lambda rules: None, run=lambda rules: None)
    thresholds = SimpleNamespace(hush=lambda why, gone, look=dict: gone(["h/memory/memory-free"]))
    rules = Ignorelist(cast(Any, chains), cast(Any, thresholds), cast(Any, None), dict, {"old": OLD})
    rules.set({"new": {"plugin": "^swap$"}})
    assert list(rules.settings) == ["new"]


class Judging:
    """A collectd with thresholds."""

    def loaded(self) -> bool:
        return True


class NothingToExchange(Thresholds):
    """Of which it is seen what is hushed; there is one for each type."""

    hushed: Set[str] = frozenset()

    def _wanted(self, settings: Settings) -> dict[str, tuple[threshold.Record, ...]]:
        return {f"//{type_}": (threshold.record({"type": type_}),) for type_ in ("load", "swap", "cpu")}

    def _exchange(self, settings: Settings, own: Lists) -> None:
        self.hushed = own.keys()


def test_the_cache_is_looked_at_once_before_and_once_after() -> None:
    """To look takes its lock, and a tenth of a second for a hundred thousand metrics."""
    looks, chains = (
        [],
        SimpleNamespace(adopt=lambda rules: None, build=lambda rules: None, run=lambda rules: looks.append("run")),
    )
    seen = {"h/load/load": 1.0, "h/swap/swap-used": 1.0, "h/cpu-0/cpu-idle": 1.0}

    def look() -> dict[str, float]:
        looks.append("look")
        return seen

    thresholds = NothingToExchange(cast(Any, Judging()), cast(Any, None), look, {})
    rules = Ignorelist(cast(Any, chains), thresholds, cast(Any, None), look, {})
    thresholds.end(1.0)
    for plugin, hushed in (("load", "h/load/load"), ("swap", "h/swap/swap-used")):
        looks.clear()
        rules.set({"a": {"plugin": f"^{plugin}$"}})
        assert hushed in thresholds.hushed
        assert looks == ["look", "run", "look"]
