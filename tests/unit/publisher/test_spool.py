# SPDX-License-Identifier: Apache-2.0
"""The spool: in order, bounded, and there again after whatever happened."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher.cursor import Cursor
from collectd_mgr.publisher.spool import Spool
from tests.full_disk import no_file_above


def rows(first: int, last: int, padding: int = 0) -> list[dict[str, Any]]:
    return [{"n": n, "padding": "x" * padding} for n in range(first, last + 1)]


def drain(cursor: Cursor, limit: int = 7) -> list[int]:
    found = []
    while entries := cursor.peek(limit):
        found += [entry.data["n"] for entry in entries]
        cursor.done(entries)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_readers_see_everything_once_each_at_its_own_pace(home: Path) -> None:
    spool = Spool(home, LEAST)
    slow, fast = spool.reader("slow"), spool.reader("fast")
    spool.append(rows(1, 10))
    assert drain(fast) == list(range(1, 11))
    spool.append(rows(11, 15))
    assert (drain(fast), drain(slow)) == ([11, 12, 13, 14, 15], list(range(1, 16)))
    assert spool.facts()["readers"] == {name: {"waiting": 0, "dropped": 0} for name in ("slow", "fast")}


def test_a_reader_that_comes_later_is_not_told_what_was_before_it(home: Path) -> None:
    spool = Spool(home, LEAST)
    spool.append(rows(1, 2))
    spool.reader("first")
    later = Spool(home, LEAST).reader("later")
    spool = Spool(home, LEAST)
    spool.append(rows(3, 4))
    assert drain(spool.reader("first")) == [1, 2, 3, 4], "though nothing was ever taken by it"
    assert (later.peek(1), drain(spool.reader("later"))) == ([], [3, 4]), "nor by this one"
    spool.forget("later")
    spool.append(rows(5, 6))
    assert drain(Spool(home, LEAST).reader("later")) == []


@pytest.mark.parametrize("left", ["", "{", "[]", '{"a": {}}', '{"a": {"number": null, "dropped": 0}}'])
def test_where_nobody_knows_how_far_the_readers_were_all_are_told_again(home: Path, left: str) -> None:
    spool = Spool(home, LEAST)
    spool.append(rows(1, 3))
    for name in ("a", "b"):
        drain(spool.reader(name))
    (home / "readers.json").write_text(left)
    for _ in range(2):
        spool = Spool(home, LEAST)
        readers = [spool.reader(name) for name in ("a", "b")]
        assert spool.facts()["readers"] == {name: {"waiting": 3, "dropped": 0} for name in ("a", "b")}, "killed at once"
    assert [drain(reader) for reader in readers] == [[1, 2, 3]] * 2
    spool = Spool(home, LEAST)
    assert [drain(spool.reader(name)) for name in ("a", "b", "later")] == [[]] * 3


def test_readers_of_a_spool_of_which_none_is_known_begin_with_the_oldest_entry(home: Path) -> None:
    Spool(home, LEAST).append(rows(1, 3))
    spool = Spool(home, LEAST)
    assert [drain(spool.reader(name)) for name in ("a", "b")] == [[1, 2, 3]] * 2


def test_readers_of_a_spool_in_which_nothing_ever_was_wait_for_nothing(home: Path) -> None:
    Spool(home, LEAST).reader("a")
    spool = Spool(home, LEAST)
    spool.reader("a")
    assert spool.facts()["readers"] == {"a": {"waiting": 0, "dropped": 0}}


def test_a_reader_begins_on_a_full_disk_too(home: Path) -> None:
    spool = Spool(home, LEAST)
    spool.append(rows(1, 2))
    with no_file_above(1):
        assert drain_unmarked(spool.reader("a")) == [1, 2]


def drain_unmarked(cursor: Cursor) -> list[int]:
    return [entry.data["n"] for entry in cursor.peek(10)]


def test_what_is_not_done_is_seen_again(home: Path) -> None:
    spool = Spool(home, LEAST)
    cursor = spool.reader("a")
    spool.append(rows(1, 10))
    first = cursor.peek(3)
    assert cursor.peek(3) == first
    cursor.done(first[:2])
    assert drain(cursor) == list(range(3, 11))


def test_what_the_next_agent_cannot_send_at_once_is_the_same_again(home: Path) -> None:
    spool = Spool(home, LEAST)
    cursor = spool.reader("a")
    spool.append(rows(1, 10))
    cursor.done(cursor.peek(4))
    following = Spool(home, LEAST).reader("a")
    first = following.peek(3)
    assert [entry.data["n"] for entry in first] == [5, 6, 7]
    assert following.peek(3) == first


def test_numbers_go_up_by_one_over_files_and_agents(home: Path) -> None:
    numbers: list[int] = []
    for agent in range(4):
        spool = Spool(home, LEAST)
        cursor = spool.reader("a")
        spool.append(rows(agent * 10, agent * 10 + 9, padding=2000))
        entries = cursor.peek(10)
        numbers += [entry.number for entry in entries]
        cursor.done(entries)
    assert numbers == list(range(numbers[0], numbers[0] + 40))


def test_the_next_agent_goes_on_where_the_last_was_killed(home: Path) -> None:
    spool = Spool(home, LEAST)
    cursor = spool.reader("a")
    spool.append(rows(1, 10))
    cursor.done(cursor.peek(4))
    following = Spool(home, LEAST)
    last = following.last()
    assert last is not None
    assert last.data["n"] == 10
    following.append(rows(11, 12))
    assert drain(following.reader("a")) == list(range(5, 13))


def test_when_it_is_full_the_oldest_go_and_are_counted(home: Path) -> None:
    spool = Spool(home, LEAST)
    away, here = spool.reader("away"), spool.reader("here")
    for n in range(1, 2001):
        spool.append(rows(n, n, padding=1000))
        if n % 10 == 0:
            drain(here)
    assert spool.size <= LEAST * 1.01
    assert (here.dropped, away.dropped > 1000) == (0, True)
    waiting = spool.facts()["readers"]["away"]["waiting"]
    assert drain(away) == list(range(away.dropped + 1, 2001))
    assert waiting + away.dropped == 2000
    assert Spool(home, LEAST).reader("away").dropped == away.dropped, "remembered"


def test_files_that_everybody_has_read_go(home: Path) -> None:
    spool = Spool(home, 64 * LEAST)
    cursor = spool.reader("a")
    for n in range(1, 3001):
        spool.append(rows(n, n, padding=1000))
        drain(cursor)
    assert len(list(home.glob("*.jsonl"))) == 2
    assert cursor.dropped == 0


def test_a_torn_end_is_cut_off_and_its_number_given_again(home: Path) -> None:
    spool = Spool(home, LEAST)
    spool.append(rows(1, 3))
    (path,) = home.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"n": 4, "padd')
    following = Spool(home, LEAST)
    following.append(rows(4, 4))
    entries = following.reader("a").peek(10)
    assert [entry.data["n"] for entry in entries] == [1, 2, 3, 4]
    assert entries[3].number == entries[2].number + 1


def test_the_number_of_a_taken_entry_that_a_failed_machine_lost_is_not_given_again(home: Path) -> None:
    spool = Spool(home, LEAST)
    cursor = spool.reader("a")
    spool.append(rows(1, 3))
    cursor.done(cursor.peek(3))
    (path,) = home.glob("*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:1]))
    following = Spool(home, LEAST)
    following.append(rows(4, 4))
    (entry,) = following.reader("a").peek(10)
    assert (entry.data["n"], entry.number) == (4, cursor.number + 1)


def test_a_full_disk_leaves_nothing_of_a_batch(home: Path) -> None:
    spool = Spool(home, LEAST)
    spool.append(rows(1, 2))
    with pytest.raises(TypeError):
        spool.append([{"n": 3}, {"n": object()}])
    spool.append(rows(3, 3))
    assert drain(spool.reader("a")) == [1, 2, 3]


def test_of_a_batch_that_a_kill_cut_short_nothing_is_left(home: Path) -> None:
    spool = Spool(home, LEAST)
    spool.append(rows(1, 2))
    before = spool.size
    spool.append(rows(3, 6))
    (path,) = home.glob("*.jsonl")
    written = path.read_bytes()
    for cut in range(before, len(written)):
        path.write_bytes(written[:cut])
        last = Spool(home, LEAST).last()
        assert last is not None
        assert last.data["n"] == 2, f"{cut - before} bytes of the batch were written"
    path.write_bytes(written)
    assert drain(Spool(home, LEAST).reader("a")) == [1, 2, 3, 4, 5, 6]


def test_what_a_full_disk_left_is_no_entry(home: Path) -> None:
    spool = Spool(home, LEAST)
    cursor = spool.reader("a")
    spool.append(rows(1, 1))
    line = spool.size
    with no_file_above(3 * line + line // 2), pytest.raises(OSError, match="could be written"):
        spool.append(rows(6, 9))
    assert drain(cursor) == [1]
    spool.append(rows(2, 2))
    assert drain(cursor) == [2], "and not what stood behind it"
    spool.append(rows(3, 4))
    assert drain(cursor) == [3, 4]
    assert [entry.data["n"] for entry in Spool(home, LEAST).entries(0, lambda _: False)] == [1, 2, 3, 4]


def test_what_a_disk_lost_in_the_middle_is_counted_and_does_not_hold_up_the_rest(home: Path) -> None:
    spool = Spool(home, LEAST)
    for n in range(1, 61):
        spool.append(rows(n, n, padding=1000))
    first = sorted(home.glob("*.jsonl"))[0]
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join([*lines[:3], b"\0" * 1000, *lines[4:]]))
    following = Spool(home, LEAST)
    cursor = following.reader("a")
    assert drain(cursor) == [1, 2, 3, *range(len(lines) + 1, 61)]
    assert cursor.dropped == len(lines) - 3


@pytest.mark.parametrize(
    "take_away",
    [
        lambda home: [path.unlink() for path in home.glob("*.jsonl")],
        lambda home: [path.write_bytes(b"") for path in home.glob("*.jsonl")],
        shutil.rmtree,
    ],
)
def test_what_somebody_took_away_is_counted_and_does_not_hold_up_the_rest(
    home: Path, take_away: Callable[[Path], object]
) -> None:
    spool = Spool(home, LEAST, lasting=True)
    cursor = spool.reader("a")
    spool.append(rows(1, 3))
    assert [entry.data["n"] for entry in cursor.peek(1)] == [1]
    take_away(home)
    assert (cursor.peek(1), spool.last(), cursor.dropped) == ([], None, 3)
    spool.append(rows(4, 5))
    spool.append(rows(6, 6))
    assert drain(cursor) == [4, 5, 6]
    following = Spool(home, LEAST)
    following.append(rows(7, 7))
    assert drain(following.reader("a")) == [7]


def test_what_a_full_disk_left_is_no_entry_of_a_full_file_either(home: Path) -> None:
    spool = Spool(home, LEAST)
    spool.append(rows(1, 1, padding=LEAST // 8))
    with no_file_above(spool.size + 1500), pytest.raises(OSError, match="could be written"):
        spool._segments[-1].append(rows(2, 9, padding=300))
    spool.append(rows(2, 2))
    newest = sorted(home.glob("*.jsonl"))[-1]
    newest.unlink()
    newest.touch()
    last = Spool(home, LEAST).last()
    assert last is not None
    assert last.data["n"] == 1


def test_the_last_entry_is_found_from_the_end_however_long(home: Path) -> None:
    for padding in (0, 100_000):
        spool = Spool(home, 64 * LEAST)
        spool.append(rows(1, 3, padding))
        last = spool.last()
        assert last is not None
        assert (last.data["n"], last.number) == (3, spool.reader("a").peek(100)[-1].number)


def test_what_a_reader_of_a_lasting_spool_sees_no_failing_machine_takes_back(home: Path) -> None:
    """Its number would be given to another entry, which the conductors would take for this one."""
    spool = Spool(home, LEAST, lasting=True)
    cursor = spool.reader("a")
    spool.append(rows(1, 10))
    assert cursor.peek(3)
    assert not spool.sync()
    spool.append(rows(11, 12))
    assert spool.sync()


def test_a_smaller_limit_leaves_a_file_that_has_just_become_full(home: Path) -> None:
    """However large: there is next to nothing behind it."""
    spool = Spool(home, 64 * LEAST)
    reader = spool.reader("a")
    for n in range(1, 22):
        spool.append(rows(n, n, padding=50_000))
    spool.append(rows(22, 22))
    assert len(list(home.glob("*.jsonl"))) == 2
    spool.resize(LEAST)
    assert drain(reader) == list(range(1, 23))
    spool.append(rows(23, 23, padding=LEAST // 16))
    spool.append(rows(24, 24))
    assert (drain(reader), spool.size < LEAST) == ([23, 24], True)


def test_what_is_over_a_smaller_limit_goes_at_once(home: Path) -> None:
    spool = Spool(home, 16 * LEAST)
    for n in range(1, 31):
        spool.append(rows(n, n, padding=100_000))
    spool.resize(4 * LEAST)
    left = [entry.data["n"] for entry in spool.entries(0, lambda _: False)]
    assert (left, spool.size <= 4 * LEAST) == (list(range(left[0], 31)), True)
    assert len(left) > 5
