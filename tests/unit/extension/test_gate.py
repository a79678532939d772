# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.extension.gate import Gate
from tests.waiting import eventually


class Asleep:
    """The threads of a collectd that reads, and has nothing to do."""

    def reading(self) -> bool:
        return True

    def main_asleep(self) -> bool:
        return True


class Awake(Asleep):
    """The same with a main thread that is at something, for so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def main_asleep(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def passes(gate: Gate) -> bool:
    try:
        gate.check()
    except exception.Busy:
        return False
    return True


def test_a_stop_that_never_comes_is_not_waited_for_for_ever() -> None:
    gate = Gate(Asleep(), [], list)  # type: ignore[arg-type]
    gate.pause(0.2)
    with pytest.raises(exception.Busy, match="about to be stopped"):
        gate.check()
    eventually(lambda: passes(gate))


def test_an_end_is_one() -> None:
    gate = Gate(Asleep(), [], list)  # type: ignore[arg-type]
    gate.drain()
    gate.pause(0.0)
    assert not passes(gate)


def test_a_main_thread_that_is_only_behind_is_waited_for() -> None:
    threads = Awake(3)
    Gate(threads, [], list).check()  # type: ignore[arg-type]
    assert threads.looks == -1


def test_one_that_does_not_sleep_any_more_has_left_its_loop() -> None:
    """At SIGTERM it says so a moment later, and frees its lists then."""
    gate = Gate(Awake(10**9), [], list)  # type: ignore[arg-type]
    with pytest.raises(exception.Busy, match="is stopping"):
        gate.check()
    gate.drain()
    with pytest.raises(exception.Busy, match="is stopping"):
        gate.alive()


class Unseen(Asleep):
    """The same where nothing can be opened at this moment."""

    def main_asleep(self) -> bool:
        raise OSError("too many open files")


def test_what_cannot_be_seen_at_this_moment_may_be_seen_later() -> None:
    with pytest.raises(exception.Busy, match="too many open files"):
        Gate(Unseen(), [], list).check()  # type: ignore[arg-type]
