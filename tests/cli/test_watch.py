# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd value watch``, on a terminal and off it."""

from __future__ import annotations

import re

import pytest
from osc_lib.exceptions import CommandError
from rich.console import Console
from rich.text import Text

from collectd_mgr.cli.client import MayPass
from collectd_mgr.cli.watch import Series, Watched, follow
from tests.cli.shell import Shell
from tests.waiting import eventually

HOST = "cn2.example.org"
WATCH = ("value", "watch", "--host", HOST, "--plugin", "memory", "--match", "free$", "--every", "0.3")


@pytest.fixture(scope="module", autouse=True)
def _memory(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "memory", "--host", HOST, "--interval", "0.1", "--wait")
    eventually(lambda: openstack.ok("value", "list", "--host", HOST, "--plugin", "memory"))


@pytest.fixture
def wide(openstack: Shell) -> Shell:
    """A terminal in which an identifier has its place on one line."""
    return openstack.but(COLUMNS="120")


def test_a_terminal_shows_one_table_with_a_point_for_each_new_value(wide: Shell) -> None:
    def points() -> list[int]:
        shown = wide.on_terminal(*WATCH, "--times", "4")
        frames = re.findall(rf"{HOST}/memory/memory-free +value +[\d,.]+ +([▁▂▃▄▅▆▇█ ]*)", shown)
        return [len(frame.strip()) for frame in frames]

    seen = points()
    assert (seen[0], seen) == (1, sorted(seen))
    eventually(lambda: max(points()) > 1)


def test_without_a_terminal_the_last_table_is_printed(wide: Shell) -> None:
    said = wide(*WATCH, "--times", "2")
    assert (said.code, said.err) == (0, "")
    assert len(re.findall(r"memory-free", said.out)) == 1
    assert "memory-used" not in said.out


def test_rates(openstack: Shell) -> None:
    assert " Rate " in openstack(*WATCH, "--times", "1", "--rate").out


@pytest.mark.parametrize("wrong", [("--every", "0"), ("--every", "nan"), ("--every", "soon"), ("--times", "0")])
def test_what_it_does_not_take(openstack: Shell, wrong: tuple[str, str]) -> None:
    said = openstack(*WATCH, *wrong)
    assert said.code == 2
    assert wrong[0] in said.err


def test_a_host_that_is_not_known(openstack: Shell) -> None:
    said = openstack("value", "watch", "--host", "nobody", "--times", "1")
    assert said.code == 1
    assert "[host_not_found, request req-" in said.err


def _row(name: str, value: float | None, last_update: float, host: str = "h") -> dict[str, object]:
    values = [{"name": "value", "value": value, "rate": None}]
    return {"host": host, "id": name, "last_update": last_update, "values": values}


@pytest.mark.parametrize("instance", ["[kthreadd]", "[/b]", "a[bold]b", "\\[x]", "\x1b[2Ja\udcff"])
def test_a_name_is_shown_as_it_is(instance: str) -> None:
    """Whatever a plugin calls its metrics: it is no markup, and no command for the terminal."""
    watched, console = Watched("value"), Console(width=120, force_terminal=False)
    watched.look([_row(f"h/processes-{instance}/ps_count", 1.0, 10.0)])
    with console.capture() as shown:
        console.print(watched.table(20))
    said = instance.replace("\x1b", "?").replace("\udcff", "?")
    assert f"h/processes-{said}/ps_count" in shown.get()


def test_a_host_that_does_not_answer_for_a_while_does_not_end_it() -> None:
    rows = [_row("h/load/load", 1.0, 10.0)]

    def followed(*answers: bool) -> list[tuple[str, int]]:
        watched, left = Watched("value"), iter(answers)

        def read() -> list[dict[str, object]]:
            if next(left):
                return rows
            raise MayPass("not now")

        return [(wrong, watched.table(9).row_count) for wrong in follow(watched, read, [None] * len(answers))]

    assert followed(True, False, True) == [("", 1), ("not now", 1), ("", 1)]
    for answers in ((False, True), (True, False)):
        with pytest.raises(CommandError, match="not now"):
            followed(*answers)


def test_hosts_whose_collectd_has_the_same_name_are_told_apart() -> None:
    watched = Watched("value", several=True)
    watched.look([_row("localhost/load/load", 1.0, 10.0, host) for host in ("a", "b")])
    assert [list(column.cells) for column in watched.table(20).columns][:2] == [
        [Text("a"), Text("b")],
        [Text("localhost/load/load")] * 2,
    ]


def test_between_two_reads_nothing_is_new() -> None:
    series = Series()
    for value, time in ((1.0, 10.0), (1.0, 10.0), (1.0, 20.0)):
        series.add(value, time)
    assert len(series.plot()) == 2


def test_what_is_unknown_is_a_gap() -> None:
    series = Series()
    for time, value in enumerate((1.0, None, 8.0)):
        series.add(value, time)
    assert series.plot() == "▁ █"
    series.add(None, 4.0)
    assert series.last is None


def test_more_than_fits_is_counted_and_what_is_gone_is_gone() -> None:
    watched = Watched("value")
    watched.look(_row(f"h/p/t-{number}", 1.0, 1.0) for number in range(20))
    table = watched.table(height=10)
    assert (table.row_count, str(table.caption)) == (5, "15 more: narrow it down with --plugin, --type, --match")
    watched.look([_row("h/p/t-3", 2.0, 2.0)])
    assert watched.table(height=10).row_count == 1
