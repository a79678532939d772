# SPDX-License-Identifier: Apache-2.0
"""What was in the cache and is gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import absent
from collectd_mgr.agent.absent import Absent
from collectd_mgr.domain.columns import Columns, Packed
from collectd_mgr.domain.reads import Page, Query

CPU, LOAD, FREE = "h/cpu-0/cpu-idle", "h/load/load", "h/memory/memory-free"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Absent:
    return Absent(tmp_path / "missing.json", clock)


def rows(*names: str) -> list[Page]:
    return [Page(tuple({"id": name, "interval": 10.0, "last_update": 990.0, "state": "okay"} for name in names))]


def packed(*names: str) -> list[Page]:
    words = (10 << 30).to_bytes(8, "little") * len(names)
    columns = Packed("".join(f"{name}\0" for name in names).encode(), words, words, bytes(len(names)))
    return [Page(Columns({**columns.to_dict(), "byteorder": "little"}))]


def missing(memory: Absent, **query: object) -> list[str]:
    return [row["id"] for row in memory.page(Query(**query), False).rows]  # type: ignore[arg-type]


@pytest.mark.parametrize("pages", [rows, packed])
def test_what_went_is_remembered_until_it_is_back(
    memory: Absent, clock: Clock, pages: Callable[..., list[Page]]
) -> None:
    memory.look(pages(CPU, LOAD))
    assert missing(memory) == []
    clock.now = 1010.0
    memory.look(pages(LOAD))
    (row,) = memory.page(Query(), True).rows
    assert (row["id"], row["interval"], row["state"], row["missing_since"], row["values"]) == (
        CPU,
        10.0,
        "missing",
        1010.0,
        [],
    )
    clock.now = 1020.0
    memory.look(pages(LOAD))
    assert memory.page(Query(), True).rows[0]["missing_since"] == 1010.0
    memory.look(pages(CPU, LOAD))
    assert missing(memory) == []


def test_the_first_look_misses_nothing(memory: Absent) -> None:
    memory.look([])
    memory.look(rows(LOAD))
    assert len(memory) == 0


def test_filters_and_pages(memory: Absent) -> None:
    memory.look(rows(CPU, LOAD, FREE))
    memory.look(rows())
    assert missing(memory, plugin="cpu") == [CPU]
    assert missing(memory, type="load") == [LOAD]
    assert missing(memory, match="free$") == [FREE]
    first = memory.page(Query(limit=2), False)
    assert ([row["id"] for row in first.rows], first.marker) == ([CPU, LOAD], LOAD)
    last = memory.page(Query(limit=2, marker=LOAD), False)
    assert ([row["id"] for row in last.rows], last.marker) == ([FREE], None)
    with pytest.raises(exception.BadRequest):
        memory.page(Query(match="("), False)


def test_what_collectd_misses_itself_is_among_them(memory: Absent) -> None:
    memory.look(rows(CPU, LOAD))
    memory.look(rows(LOAD))
    more = ({"id": LOAD, "interval": 10.0, "last_update": 990.0, "state": "missing"},)
    assert [row["id"] for row in memory.page(Query(), False, more).rows] == [CPU, LOAD]


def test_it_is_bounded_in_number_and_time(memory: Absent, clock: Clock) -> None:
    names = [f"h/many/gauge-{number:05}" for number in range(absent.LIMIT + 5)]
    memory.look(rows(LOAD, *names))
    memory.look(rows(LOAD))
    assert missing(memory, limit=absent.LIMIT + 5) == names[5:]
    clock.now += absent.KEPT
    memory.look(rows(LOAD, CPU))
    assert len(memory) == 0


@pytest.mark.parametrize("first", [0, 7])
def test_what_a_restart_takes_away_is_known_when_all_else_is_back(tmp_path: Path, clock: Clock, first: int) -> None:
    """Most are not there yet when the agent looks first."""
    names = [f"h/many/gauge-{number:05}" for number in range(3 * absent.LIMIT)]
    memory = Absent(tmp_path / "missing.json", clock, clock)
    memory.look(packed(*names), 100.0)
    for back in (first, len(names) // 4, len(names)):
        clock.now += 5.0
        memory.look(packed(*names[100 : 100 + back]), 1000.0)
    assert missing(memory, limit=len(names)) == names[:100]
    assert memory.page(Query(), False).rows[0]["missing_since"] == 1005.0


def test_what_does_not_come_back_after_a_restart_is_bounded_too(tmp_path: Path, clock: Clock) -> None:
    memory = Absent(tmp_path / "missing.json", clock, clock)
    memory.look(packed(*(f"h/many/gauge-{number:05}" for number in range(absent.LIMIT + 5))), 100.0)
    memory.look(packed(LOAD), 1000.0)
    assert len(memory) == absent.LIMIT + 5
    clock.now += 121.0
    memory.look(packed(LOAD), 1000.0)
    assert len(memory) == absent.LIMIT


def test_the_next_agent_knows_of_them_too(memory: Absent, clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "missing.json"
    memory.look(rows(CPU, LOAD, FREE))
    memory.look(rows(FREE))
    memory.save()
    clock.now += 5
    again = Absent(path, clock)
    assert again.page(Query(), False) == memory.page(Query(), False)
    again.look(rows(LOAD))
    assert missing(again) == [CPU], "what is there again, and the first look misses nothing"
    clock.now += absent.KEPT
    late = Absent(path, clock)
    late.look(rows(LOAD))
    assert missing(late) == []


def test_they_are_written_now_and_then_and_only_others(memory: Absent, clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "missing.json"
    memory.look(rows(CPU, LOAD))
    assert not path.exists()
    memory.look(rows(LOAD))
    assert missing(Absent(path, clock)) == [CPU]
    clock.now += absent.PAUSE / 2
    memory.look(rows())
    assert missing(Absent(path, clock)) == [CPU]
    clock.now += absent.PAUSE
    memory.look(rows())
    assert missing(Absent(path, clock)) == [CPU, LOAD]
    path.unlink()
    clock.now += 2 * absent.PAUSE
    memory.look(rows())
    memory.save()
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[["a", "b"]]', "[[1, null, null, null]]", "\0"])
def test_nonsense_is_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "missing.json").write_text(text)
    assert len(Absent(tmp_path / "missing.json")) == 0
