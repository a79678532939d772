# SPDX-License-Identifier: Apache-2.0
"""What a death is taken for."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from collectd_mgr.drivers.ending import OutOfMemory, by_somebody


@pytest.mark.parametrize("end", [0, -signal.SIGTERM, -signal.SIGINT, -signal.SIGKILL])
def test_an_orderly_end_and_a_kill_are_somebodys(end: int) -> None:
    assert by_somebody(end, out_of_memory=False)


@pytest.mark.parametrize("end", [1, -signal.SIGSEGV, -signal.SIGABRT, None])
def test_the_rest_is_its_own(end: int | None) -> None:
    assert not by_somebody(end, out_of_memory=False)


def test_a_kill_may_be_the_kernels_where_memory_was_short() -> None:
    assert not by_somebody(-signal.SIGKILL, out_of_memory=True)
    assert by_somebody(-signal.SIGTERM, out_of_memory=True)


def test_a_kill_for_want_of_memory_is_suspected_for_a_moment(tmp_path: Path) -> None:
    now = 100.0
    counters = tmp_path / "vmstat"
    counters.write_text("pgfree 7\noom_kill 3\n")
    watch = OutOfMemory(str(counters), lambda: now)
    assert not watch.suspected()
    counters.write_text("pgfree 9\noom_kill 4\n")
    watch.look()
    now = 103.0
    watch.look()
    now = 107.0
    assert watch.suspected()
    now = 109.0
    assert not watch.suspected()


def test_between_two_looks_of_a_second_it_is_asked_all_the_same(tmp_path: Path) -> None:
    counters = tmp_path / "vmstat"
    counters.write_text("oom_kill 3\n")
    watch = OutOfMemory(str(counters), lambda: 100.0)
    counters.write_text("oom_kill 4\n")
    watch.look()
    assert watch.suspected()


def test_a_kernel_that_does_not_count_them_gives_no_suspicion(tmp_path: Path) -> None:
    assert not OutOfMemory(str(tmp_path / "nothing")).suspected()


def test_the_kernel_here_counts_them() -> None:
    assert "\noom_kill " in Path("/proc/vmstat").read_text()
