# SPDX-License-Identifier: Apache-2.0
"""Metrics that are to come back are looked for until they are back."""

from __future__ import annotations

import ctypes
import errno
import time
from collections.abc import Iterable
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import thresholds
from collectd_mgr.extension import lookup, threshold
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.threshold import Record
from collectd_mgr.extension.thresholds import Thresholds
from tests.waiting import eventually


class BusyAtFirst:
    """A collectd without thresholds, that is behind with its work when it is looked at for the first time.

    :param why: or has no descriptor left
    """

    def __init__(self, why: Exception) -> None:
        self.looks = 0
        self._why = why

    def loaded(self) -> bool:
        return False

    def check(self) -> None:
        self.looks += 1
        if self.looks == 1:
            raise self._why


@pytest.mark.parametrize("why", [exception.Busy("behind"), OSError(errno.EMFILE, "too many open files")])
def test_a_look_that_comes_at_a_bad_moment_is_made_again(why: Exception) -> None:
    judges, began = BusyAtFirst(why), time.time()
    known = Thresholds(judges, Arena(ctypes.CDLL(None), 0), lambda: {"host/load/load": began}, {})  # type: ignore[arg-type]
    known.hush("load", lambda names: {name for name in names if "/load/" in name})
    known.unhush("load")
    eventually(lambda: judges.looks > 1)


class Judging:
    """A collectd that has one threshold of the operator's, for every load; where its trees lie is counted."""

    begun = True

    def __init__(self, arena: Arena) -> None:
        self._writer = lookup.Writer(arena, 0)
        self.keys: set[str] = set()

    def loaded(self) -> bool:
        return True

    def check(self) -> None:
        return

    def read(self) -> dict[str, tuple[int, list[Record]]]:
        witness = {"plugin": "collectd_mgr", "type": "collectd_mgr", "failure_max": 1.0, "hits": 7, "persist": True}
        settings: list[dict[str, Any]] = [{"type": "load"}, witness]
        return {thresholds.key(each): (1, [threshold.record(each)]) for each in map(thresholds.normal, settings)}

    def install(self, tree: lookup.Tree) -> None:
        wanted = dict(lookup.entries(tree))
        self._writer.write(tree, len(wanted))
        self.keys = set(wanted)


def test_it_is_missed_again_though_nothing_is_left_of_the_budget() -> None:
    arena, seen = Arena(ctypes.CDLL(None), 1 << 20), {"host/load/load": time.time()}
    judges = Judging(arena)
    known = Thresholds(judges, arena, lambda: seen, {})  # type: ignore[arg-type]
    known.hush("load", lambda names: {name for name in names if "/load/" in name})
    assert "host/load/load" in judges.keys
    arena.spend(arena.budget - arena.spent)
    known.unhush("load")
    seen["host/load/load"] = time.time() + 1
    eventually(lambda: "host/load/load" not in judges.keys)
    with pytest.raises(exception.LiveRefused):
        known.hush("load", lambda names: {name for name in names if "/load/" in name})


def test_no_silence_is_begun_past_the_budget() -> None:
    arena, seen = Arena(ctypes.CDLL(None), 1 << 20), {"host/load/load": time.time()}
    judges = Judging(arena)
    known = Thresholds(judges, arena, lambda: seen, {})  # type: ignore[arg-type]
    known.hush("load", lambda names: {name for name in names if "/load/" in name})
    arena.spend(arena.budget - arena.spent)
    seen["host/load/load-late"] = time.time()
    known._look()
    assert "host/load/load" in judges.keys
    assert (arena.spent, "host/load/load-late" in judges.keys) == (arena.budget, False)


def test_what_was_refused_is_tried_again_when_it_is_something_else() -> None:
    """A try takes what it can of the budget, and leaves the rest of it."""
    arena, seen = Arena(ctypes.CDLL(None), 1 << 20), {"host/load/load": time.time()}
    judges = Judging(arena)
    known = Thresholds(judges, arena, lambda: seen, {})  # type: ignore[arg-type]
    known.hush("load", lambda names: {name for name in names if "/load/" in name})
    late = {f"host/load/load-{number}": time.time() for number in range(8)}
    seen.update(late)
    arena.budget = arena.spent + 300
    known._look()
    arena.budget += 300
    spent = arena.spent
    known._look()
    assert (arena.spent, late.keys() & judges.keys) == (spent, set())
    arena.budget = 1 << 20
    seen["host/load/load-more"] = time.time()
    known._look()
    assert late.keys() < judges.keys


def tail(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("host/tail/")}


def test_what_others_find_too_is_there_no_longer_than_what_it_silences() -> None:
    """Meanwhile it is looked for those others, for as long as none comes as well."""
    arena, seen = Arena(ctypes.CDLL(None), 1 << 20), {"host/tail/load-a": time.time()}
    judges, looked = Judging(arena), list[float]()

    def look() -> dict[str, float]:
        looked.append(time.monotonic())
        return seen

    known = Thresholds(judges, arena, look, {})  # type: ignore[arg-type]
    known.hush("tail", tail)
    before = set(judges.keys)
    eventually(lambda: len(looked) > 2)
    seen["host/tail-late/load-a"] = time.time()
    known._look()
    assert judges.keys == before | {"host/tail-late/load-a"}
    del seen["host/tail/load-a"]
    known._look()
    assert judges.keys == before - {"host/tail/load-a"}


def test_nor_is_it_where_the_budget_does_not_allow_what_the_others_need() -> None:
    arena, seen = (
        Arena(ctypes.CDLL(None), 1 << 20),
        {"host/tail/load-a": time.time(), "host/tail-x/load-x": time.time()},
    )
    judges = Judging(arena)
    known = Thresholds(judges, arena, lambda: seen, {})  # type: ignore[arg-type]
    known.hush("tail", lambda names: tail(names) | {"host/tail-x/load-x"})
    arena.spend(arena.budget - arena.spent)
    known._look()
    assert {"host/tail/load-a", "host/tail-x/load-x"} < judges.keys
    seen["host/tail-late/load-a"] = time.time()
    known._look()
    assert {name for name in judges.keys if name.startswith("host/")} == {"host/tail-x/load-x"}
    spent = arena.spent
    known._look()
    assert arena.spent == spent
