# SPDX-License-Identifier: Apache-2.0
"""What looks for metrics that come back, and its end."""

from __future__ import annotations

import ctypes
import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from collectd_mgr import exception
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.thresholds import Thresholds


def timers(thresholds: Thresholds) -> list[threading.Timer]:
    """Its own: those of other tests may go on."""
    found = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    return [timer for timer in found if timer.function == thresholds._look]


@contextmanager
def counted(thresholds: Thresholds) -> Iterator[list[threading.Timer]]:
    """Those that are begun inside; they come to nothing."""
    before = timers(thresholds)
    new: list[threading.Timer] = []
    yield new
    new += [timer for timer in timers(thresholds) if timer not in before]
    for timer in new:
        timer.cancel()


def never_looking(*parts: Any) -> Thresholds:
    """Whose looks come so late that none does, however long this machine stalls."""
    thresholds = Thresholds(*parts)
    thresholds.looks.pause = 3600.0
    return thresholds


def begun(ended: bool) -> int:
    """How many threads are begun for a metric that is to come back."""
    thresholds = never_looking(None, None, lambda: {"h/p/t": 1e9}, {})
    thresholds._set("p", set, dict)
    with counted(thresholds) as new:
        if ended:
            thresholds.end(1.0)
        thresholds.unhush("p")
    return len(new)


def no_descriptor() -> bool:
    raise OSError(errno.EMFILE, "too many open files")


class Judges:
    """A collectd that can be changed.

    :param loaded: whether it has thresholds
    """

    def __init__(self, loaded: Callable[[], bool] = lambda: False) -> None:
        self.loaded = loaded

    def check(self) -> None:
        return


def test_there_is_always_one() -> None:
    """Where collectd reads thresholds and has none it registers its callback again, and frees the one in use."""
    thresholds = Thresholds(cast(Any, None), cast(Any, None), dict, {})
    thresholds._theirs = {}
    assert thresholds._wanted({})


def test_no_thread_is_begun_after_the_end() -> None:
    assert (begun(ended=False), begun(ended=True)) == (1, 0)


def test_where_there_is_no_thread_left_that_is_said_and_nothing_fails() -> None:
    """The next change has the look that this one could not have."""
    thresholds, log = never_looking(None, None, dict, {}), list[str]()
    thresholds.looks.complain = log.append
    before = threading.stack_size(1 << 47)  # More than there are addresses.
    try:
        thresholds.follow("p", no)
    finally:
        threading.stack_size(before)
    assert "can't start new thread" in log[0]
    with counted(thresholds) as new:
        thresholds.follow("p", no)
    assert len(new) == 1


def unheard_of() -> bool:
    raise ValueError("unheard of")


def no() -> bool:
    return False


@pytest.mark.parametrize(
    ("over", "loaded", "said"),
    [(no_descriptor, no, 0), (no, no_descriptor, 0), (unheard_of, no, 1), (no, unheard_of, 1)],
    ids=["reads", "thresholds", "reads, somehow", "thresholds, somehow"],
)
def test_a_look_that_fails_is_followed_by_one(over: Callable[[], bool], loaded: Callable[[], bool], said: int) -> None:
    """Two would be four after the next failure: each is a thread of collectd. What is not known to happen is logged."""
    thresholds, log = never_looking(Judges(loaded), Arena(ctypes.CDLL(None), 0), dict, {}), list[str]()
    thresholds.looks.complain = log.append
    with counted(thresholds):
        thresholds.follow("p", over)
    for _ in range(2):
        with counted(thresholds) as new:
            thresholds._look()
        assert len(new) == 1
    assert ["ValueError: unheard of" in line for line in log] == [True] * said


def test_what_there_is_no_room_for_spends_nothing() -> None:
    arena = Arena(ctypes.CDLL(None), 100_000)
    thresholds = Thresholds(cast(Any, Judges()), arena, dict, {})
    many = {f"t{n}": {"type": "gauge", "type_instance": str(n), "hits": 1} for n in range(100)}
    for refuse in (thresholds.check, thresholds.set):
        with pytest.raises(exception.LiveRefused) as refused:
            refuse(many)
        assert refused.value.kwargs["reason_code"] == "memory_budget"
    assert (arena.spent, thresholds.settings) == (0, {})
    thresholds.check({"t0": many["t0"]})
