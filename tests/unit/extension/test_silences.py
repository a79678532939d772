# SPDX-License-Identifier: Apache-2.0
"""Some metrics are silent, and collectd judges every other one as before."""

from __future__ import annotations

import itertools
import random

from collectd_mgr.domain import thresholds
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.extension import silences, threshold
from collectd_mgr.extension.silences import Lists
from collectd_mgr.extension.threshold import Record


def _keys(name: str) -> list[str]:
    return list(thresholds.candidates(Identifier.of(name)))


#: With instances and without, of two hosts and two plugins.
METRICS = [
    f"{host}/{plugin}{instance}/t{of_type}"
    for host, plugin in (("h", "p"), ("h", "q"), ("h", ""), ("i", "p"))
    for instance, of_type in itertools.product(("", "-1", "-2"), ("", "-a", "-b"))
]
KEYS = sorted({key for name in METRICS for key in _keys(name)})


def judged_by(lists: Lists, name: str) -> tuple[Record, ...]:
    """What ``threshold_search`` of utils_threshold.c finds."""
    host, plugin, type_ = name.split("/")
    plugins, types = (plugin, plugin.partition("-")[0], ""), (type_, type_.partition("-")[0])
    keys = (f"{host}/{plugin}/{type_}" for host, plugin, type_ in itertools.product((host, ""), plugins, types))
    return next((lists[key] for key in keys if key in lists), ())


def test_each_is_judged_as_before_and_only_the_silent_are_not_missed() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        lists = {key: (_record(number, chance.random() < 0.8),) for number, key in enumerate(_some(chance, KEYS))}
        names, silent = _some(chance, METRICS), set(_some(chance, METRICS))
        own = silences.own(lists, silent, lambda names=names: dict.fromkeys(names, 0.0))  # type: ignore[misc]
        for name in {*names, *silent}:
            before, after = judged_by(lists, name), judged_by({**lists, **own}, name)
            wanted = tuple(record.quiet() for record in before) if name in silent else before
            assert after == wanted, (seed, name)


def test_nobody_gets_what_changes_nothing_for_him() -> None:
    lists = {"//t": (_record(1),), "/p-1/t-a": (_record(2),)}
    own = silences.own(lists, {"h/p/t-a"}, lambda: dict.fromkeys(("h/p/t", "h/p-1/t", "h/p-1/t-a", "i/p-1/t-a"), 0.0))
    assert own == {"h/p/t-a": (_record(1).quiet(),), "h/p-1/t-a": (_record(2),)}


def test_what_has_both_instances_is_found_for_nobody_else() -> None:
    assert {name for name in METRICS if not silences.shared(name)} == {
        name for name in METRICS if not any(name in _keys(other) for other in METRICS if other != name)
    }


def test_the_cache_is_not_looked_into_where_nobody_else_finds_it() -> None:
    def look() -> dict[str, float]:
        raise AssertionError

    assert silences.own({"//t": (_record(1),)}, {"h/p-1/t-a"}, look) == {"h/p-1/t-a": (_record(1).quiet(),)}


def _some(chance: random.Random, all_: list[str]) -> list[str]:
    return chance.sample(all_, chance.randrange(len(all_)))


def _record(number: int, interesting: bool = True) -> Record:
    return threshold.record({"type": "t", "failure_max": float(number), "interesting": interesting})
