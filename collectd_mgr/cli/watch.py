# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd value watch``: values as they come, each with a small plot of its last ones."""

from __future__ import annotations

import argparse
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from osc_lib.command import command
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text
from sparklines import sparklines

from collectd_mgr.cli import metrics, units
from collectd_mgr.cli.client import Client, MayPass, client_of
from collectd_mgr.cli.columns import plain
from collectd_mgr.cli.examples import examples

#: Columns of a plot: as many of the last values as are kept of a metric.
_WIDTH = 24

#: Lines of the terminal that are not rows: heading, rule, what is below the table, and the cursor's.
_FRAME = 5


class Series:
    """The last values of one data source of one metric, oldest first."""

    def __init__(self) -> None:
        self._points: deque[float | None] = deque(maxlen=_WIDTH)
        self._last_update: float | None = None

    def add(self, value: float | None, last_update: float) -> None:
        """Take ``value`` in, unless it is the one of the last time: between two reads nothing is new."""
        if last_update != self._last_update:
            self._points.append(value)
            self._last_update = last_update

    @property
    def last(self) -> float | None:
        return self._points[-1] if self._points else None

    def plot(self) -> str:
        """The points as one line of blocks from their smallest to their largest; what is unknown is a gap."""
        known = any(point is not None for point in self._points)
        return str(sparklines(list(self._points), zero="none")[0]) if known else ""


class Watched:
    """The series that there are, by host, identifier and data source, in the order of the API's answers."""

    def __init__(self, kind: str, several: bool = False) -> None:
        """:param several: hosts; of a single one the name need not be in each row"""
        self._kind, self._several = kind, several
        self._series: dict[tuple[str, str, str], Series] = {}

    def look(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in what the API says of values now; what it says nothing of any more is gone."""
        before, self._series = self._series, {}
        for row in rows:
            for value in row["values"]:
                key = (row["host"], row["id"], value["name"])
                series = self._series[key] = before.get(key) or Series()
                series.add(value[self._kind], row["last_update"])

    def table(self, height: int, wrong: str = "") -> Table:
        """At most ``height`` rows, and below them how many more there are, or what is wrong with them."""
        shown = max(1, height - _FRAME)
        hidden = len(self._series) - shown
        caption = f"{hidden} more: narrow it down with --plugin, --type, --match" if hidden > 0 else "Ctrl-C ends"
        table = Table(box=None, caption=Text(wrong or caption), caption_justify="left")
        if self._several:
            table.add_column("Host", overflow="fold")
        table.add_column("Identifier", overflow="fold")
        table.add_column("Name", overflow="fold")
        table.add_column(self._kind.title(), justify="right", no_wrap=True)
        table.add_column("Last Values", min_width=_WIDTH, no_wrap=True)
        for names, series in itertools.islice(self._series.items(), shown):
            # A Text has no markup of rich's: a metric may be called "[kthreadd]".
            named = [Text(plain(name)) for name in names]
            table.add_row(*named[not self._several :], _number(series.last), series.plot())
        return table


class WatchValues(command.Command):
    """Watch values as they come, with a small plot of the last ones of each; until Ctrl-C"""

    rules = ("collectd_mgr:values:list",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = metrics.add_filters(super().get_parser(prog_name))
        parser.add_argument(
            "--every", metavar="<duration>", type=_seconds, default=2.0, help="Time between two looks (default 2)"
        )
        parser.add_argument("--times", metavar="<n>", type=units.count, help="End after this many looks")
        parser.add_argument("--rate", action="store_true", help="Rates per second, not values: for counters")
        examples(
            parser,
            "value watch --host cn1.example.org --plugin load",
            "value watch --host cn1 --host cn2 --match '/if_octets$' --rate --every 10",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        client, console = client_of(self), Console()
        watched = Watched("rate" if parsed_args.rate else "value", several=len(parsed_args.hosts) > 1)
        with Live(console=console, auto_refresh=False) as live:
            try:
                looks = _looks(parsed_args.times, parsed_args.every)
                for wrong in follow(watched, lambda: _values(client, parsed_args), looks):
                    live.update(watched.table(console.height, wrong), refresh=True)
            except KeyboardInterrupt:
                # How one ends watching; nothing went wrong.
                pass
        if not console.is_terminal:
            console.line()


def follow(watched: Watched, read: Callable[[], Iterable[Mapping[str, Any]]], looks: Iterable[None]) -> Iterator[str]:
    """What is wrong at each look, as a rule nothing. One that fails leaves what was seen: collectd may be restarting.

    :raises CommandError: the first, the last, or one that failed for good
    """
    failed: MayPass | None = None
    for number, _ in enumerate(looks):
        try:
            watched.look(list(read()))
            failed = None
        except MayPass as error:
            if not number:
                raise
            failed = error
        yield str(failed or "")
    if failed is not None:
        raise failed


def _values(client: Client, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for host in args.hosts:
        for row in metrics.listed(client, host, "values", args):
            # What is missing has no values to watch.
            if row["values"]:
                yield {"host": host, **row}


def _looks(times: int | None, every: float) -> Iterator[None]:
    """At once, then ``every`` so many seconds, however long a look takes."""
    began = time.monotonic()
    for number in itertools.count() if times is None else range(times):
        time.sleep(max(0.0, began + number * every - time.monotonic()))
        yield


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _seconds(text: str) -> float:
    seconds = units.seconds(text)
    if not 0.1 <= seconds <= 86400.0:
        raise argparse.ArgumentTypeError("from 0.1 to 86400 seconds")
    return seconds
