# SPDX-License-Identifier: Apache-2.0
"""What is made of the ledger of three collectds at an interval of a second, the second of which took over at 8.5."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.collectd.ledger import Account, account
from tests.collectd.samples import Series

Pairs = Iterable[tuple[float, int]]

#: When which read, and which of that was written.
READ = {
    *((time, 1) for time in range(11)),
    *((time, 2) for time in range(5, 21)),
    *((time, 3) for time in range(15, 25)),
}
WRITTEN = {
    *((time, 1) for time in range(9)),
    *((time, 2) for time in range(9, 19)),
    *((time, 3) for time in range(19, 25)),
}


#: When which of them ended.
ENDED = {(10.2, 1), (20.2, 2)}


def of(directory: Path, read: Pairs, *written: Pairs, ended: Pairs = ENDED) -> Account:
    """:param written: of each metric"""
    ledger = directory / "ledger"
    lines = [f"{pid} {time} {time}\n" for time, pid in sorted(read)] + [f"{pid} {time}\n" for time, pid in ended]
    ledger.write_text("".join(lines))
    return account(ledger, {f"host/ledger/gauge-{n}": series(pairs) for n, pairs in enumerate(written)}, 1.0)


def series(pairs: Pairs) -> Series:
    rows = sorted(pairs)
    return Series(tuple(time for time, _ in rows), tuple((float(pid),) for _, pid in rows))


def test_all_is_there(tmp_path: Path) -> None:
    """Four of the samples are of the hand-over, the others of one collectd alone."""
    assert of(tmp_path, READ, WRITTEN) == Account(1, 10, 0, 0)


def test_one_that_neither_has_written_is_missing(tmp_path: Path) -> None:
    assert of(tmp_path, READ, WRITTEN - {(9, 2)}) == Account(1, 10, 1, 0)
    assert of(tmp_path, READ, WRITTEN - {(13, 2)}) == Account(1, 10, 1, 0)


def test_it_may_be_of_one_metric_alone(tmp_path: Path) -> None:
    """And the old one need not have read for longer than was its own to write."""
    read, ended = READ - {(9, 1), (10, 1)}, {(8.6, 1)}
    assert of(tmp_path, read, WRITTEN, WRITTEN - {(9, 2)}, ended=ended) == Account(1, 20, 1, 0)


def test_one_that_both_have_written_is_there_twice(tmp_path: Path) -> None:
    assert of(tmp_path, READ, WRITTEN | {(9, 1)}) == Account(1, 10, 0, 1)


def test_nothing_is_claimed_of_files_that_are_made_yet(tmp_path: Path) -> None:
    assert of(tmp_path, READ, WRITTEN - {(1, 1)}) == Account(1, 10, 0, 0)


def test_nothing_is_claimed_where_a_read_was_late(tmp_path: Path) -> None:
    assert of(tmp_path, READ - {(9, 2)} | {(9.3, 2)}, WRITTEN - {(9, 2)}) == Account(0, 6, 0, 0)


def test_nor_where_those_were_late_by_which_the_two_were_parted(tmp_path: Path) -> None:
    """The newest of the old one may have been that before, too; what came earlier is no matter."""
    for both in ({1, 2}, {1}, {2}):
        late = {(6, pid) for pid in both}
        assert of(tmp_path, READ - late | {(6.4, pid) for pid in both}, WRITTEN - {(9, 2)}).parted == 0
    for time, parted in ((5, 0), (4, 1)):
        assert of(tmp_path, READ - {(time, 1)} | {(time + 0.4, 1)}, WRITTEN).parted == parted


def test_nor_where_the_new_one_read_again_at_once(tmp_path: Path) -> None:
    """It was late by two intervals in its second read."""
    read = READ - {(6, 2), (7, 2), (8, 2)} | {(8.001, 2), (8.002, 2)}
    assert of(tmp_path, read, WRITTEN) == Account(0, 6, 0, 0)


def test_nor_where_the_old_one_left_out_what_was_its_own(tmp_path: Path) -> None:
    """It ended when it was to, or was killed, held up as it was."""
    read, written = READ - {(8, 1), (9, 1), (10, 1)}, WRITTEN - {(8, 1)}
    ends: tuple[Pairs, ...] = (ENDED, {(8.6, 1)}, ())
    for ended in ends:
        assert of(tmp_path, read, written, ended=ended) == Account(0, 7, 0, 0)


def test_that_may_be_of_one_metric_alone(tmp_path: Path) -> None:
    """Whose moment comes an interval later."""
    later = WRITTEN - {(9, 2)}
    assert of(tmp_path, READ - {(9, 1), (10, 1)}, WRITTEN, later) == Account(0, 12, 0, 0)
    assert of(tmp_path, READ, WRITTEN, later | {(9, 1)}) == Account(1, 20, 0, 0)


def test_what_it_left_out_because_it_ended_too_early_is_missing(tmp_path: Path) -> None:
    read = READ - {(8, 1), (9, 1), (10, 1)}
    assert of(tmp_path, read, WRITTEN - {(8, 1)}, ended={(7.4, 1)}) == Account(1, 10, 1, 0)
    none = {(time, 1) for time in range(7, 11)}
    assert of(tmp_path, READ - none, WRITTEN - {(7, 1), (8, 1)}, ended={(6.4, 1)}) == Account(1, 10, 2, 0)


def test_what_one_has_written_again_is_there_twice(tmp_path: Path) -> None:
    assert of(tmp_path, READ, [*WRITTEN, (3, 1), (12, 2)]) == Account(1, 10, 0, 2)


def test_what_one_has_read_twice_it_may_write_twice(tmp_path: Path) -> None:
    assert of(tmp_path, [*READ, (3, 1)], [*WRITTEN, (3, 1)]).twice == 0
