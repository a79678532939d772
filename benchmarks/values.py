# SPDX-License-Identifier: Apache-2.0
"""How long it takes to have the values of a daemon with many metrics: through REST, and through its own socket.

``python -m benchmarks.values`` asks both in turn, for everything, on a deployment of its own.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import bed, figures
from benchmarks.bed import Bed
from benchmarks.figures import Series
from benchmarks.http import Connection
from benchmarks.processor import Processor, parts
from benchmarks.unixsock import Unixsock
from collectd_mgr.testing.collectd import PLUGINS, compile_plugin
from tests.functional.deployment import Agent
from tests.waiting import eventually

HOST = "many.example.org"
_PLUGIN = Path(__file__).parent / "plugins" / "many.c"


def pages(connection: Connection, limit: int | None) -> Iterator[dict[str, Any]]:
    """All rows, page by page; ``limit`` None takes what the service gives."""
    address = f"/v1/hosts/{HOST}/values" + (f"?limit={limit}" if limit else "")
    while address:
        answer = connection("GET", address)
        yield from answer["values"]
        following = next((link["href"] for link in answer["links"] if link["rel"] == "next"), "")
        address = following and f"{urlsplit(following).path}?{urlsplit(following).query}"


def _all(connection: Connection, limit: int | None) -> list[dict[str, Any]]:
    return list(pages(connection, limit))


def daemon(ground: Bed, metrics: int) -> Agent:
    """A host whose collectd has ``metrics`` of them, and unixsock. They are dispatched once a minute."""
    home = ground.deployment.home
    plugin = compile_plugin(_PLUGIN, home)
    more = [f'PluginDir "{plugin.parent}"', "<LoadPlugin many>", "  Interval 60", "</LoadPlugin>"]
    more += ["<Plugin many>", f"  Metrics {metrics}", "</Plugin>", f'PluginDir "{PLUGINS}"']
    more += ["LoadPlugin unixsock", "<Plugin unixsock>", f'  SocketFile "{home}/unixsock"', "</Plugin>"]
    return ground.host(HOST, "\n".join(more))


def measure(ground: Bed, metrics: int, rounds: int, limits: list[int | None]) -> str:
    agent = daemon(ground, metrics)
    connection, own = ground.connection(), Unixsock(ground.deployment.home / "unixsock")
    eventually(lambda: len(own.values()) >= metrics)
    base, empty = Series("unixsock: LISTVAL, GETVAL of each, pipelined"), Series("an empty RPC call")
    series = {limit: Series(f"REST, pages of {limit or 'the default size'}") for limit in limits}
    processor = Processor(parts(ground, agent))
    for _ in range(rounds):
        empty.measure(ground.empty)
        processor.measure(base, own.values)
        for limit, each in series.items():
            processor.measure(each, functools.partial(_all, connection, limit))
    _compare(own, connection, metrics)
    own.close()
    return f"{figures.table(base, [*series.values(), empty])}\n\n{processor.table([base, *series.values()])}"


def _compare(own: Unixsock, connection: Connection, metrics: int) -> None:
    """:raises RuntimeError: when they do not tell the same"""
    theirs = {name: sources["value"] for name, sources in own.values().items() if "/many-" in name}
    ours = {row["id"]: row["values"][0]["value"] for row in pages(connection, None) if "/many-" in row["id"]}
    if len(ours) != metrics or ours != theirs:
        raise RuntimeError(f"{len(ours)} and {len(theirs)} metrics, of {metrics}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--limits", type=int, nargs="*", default=[1000], help="sizes of pages beside that")
    options = parser.parse_args()
    with bed.own() as ground:
        print(measure(ground, options.metrics, options.rounds, [None, *options.limits]))


if __name__ == "__main__":
    main()
