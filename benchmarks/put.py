# SPDX-License-Identifier: Apache-2.0
"""How long a change takes, from the PUT to the answer that says what the daemon does now.

``python -m benchmarks.put`` measures on a deployment of its own, in turn: one empty RPC call, one PUT of each kind.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks import bed, figures
from benchmarks.bed import Bed
from benchmarks.figures import Series
from benchmarks.http import Connection
from benchmarks.processor import Processor, parts
from tests.services.keystone import Keystone

LIVE, RESTART = "live.example.org", "restart.example.org"

#: Plugins with a config that the host has not loaded yet: their first time wants a scratch run.
FIRST: dict[str, Any] = {
    "df": {"FSType": ["tmpfs", "ext4", "overlay"], "ReportInodes": True},
    "irq": {"Irq": ["7", "8"], "IgnoreSelected": True},
    "tcpconns": {"LocalPort": ["22", "80"]},
    "table": {"Table": {"args": "/proc/loadavg", "Separator": " ", "Result": {"Type": "gauge", "ValuesFrom": 0}}},
    "tail": {"File": {"args": "/proc/loadavg", "Match": {"Regex": "x", "DSType": "CounterInc", "Type": "counter"}}},
    "vmem": {"Verbose": False},
}


class Switch:
    """A plugin of one host, switched on and off in turn by a PUT of its whole setting."""

    def __init__(self, connection: Connection, host: str, plugin: str, setting: dict[str, Any], driver: str) -> None:
        self._connection = connection
        self._path = f"/v1/hosts/{host}/plugins/{plugin}"
        self._setting = setting
        self._driver = driver
        self.late = 0
        self._states: Iterator[bool] = itertools.cycle((True, False))

    def __call__(self) -> None:
        """Until the outcome is known. :raises RuntimeError: when it is not what was asked for"""
        wanted = next(self._states)
        answer = self._connection("PUT", self._path, {"enabled": wanted, **self._setting})
        if answer["operation"]["state"] in ("pending", "applying"):
            answer = self._awaited(answer["operation"]["id"])
        operation, effective = answer["operation"], answer["plugin"]["effective"]
        now = (operation["state"], operation["driver"], effective["enabled"])
        if now != ("succeeded", self._driver, wanted):
            raise RuntimeError(f"{self._path}: {now} {operation}")

    def _awaited(self, operation: str) -> dict[str, Any]:
        """As the answer to the PUT, for an outcome that came later than the API waits (then it is a 202)."""
        self.late += 1
        while (state := self._connection("GET", f"/v1/operations/{operation}"))["operation"]["state"] == "applying":
            time.sleep(0.05)
        return {**state, **self._connection("GET", self._path)}


def measure(name: str, ground: Bed, rounds: int, restarts: int) -> str:
    """A table for one deployment."""
    connection, base = ground.connection(), Series("empty RPC call")
    agent = ground.host(LIVE)
    first = _first(connection, f"{name}, first load, with its scratch run")
    live = {plugin: Switch(connection, LIVE, plugin, setting, "live") for plugin, setting in _known().items()}
    series = {plugin: Series(f"{name}, {plugin}, live, verdict known") for plugin in live}
    for _ in range(10):
        for switch in live.values():
            switch()
            ground.empty()
    processor = Processor(parts(ground, agent))
    for _ in range(rounds):
        for plugin, switch in live.items():
            processor.measure(base, ground.empty)
            processor.measure(series[plugin], switch)
    spent = processor.table([base, *series.values()])
    rows = [*series.values(), first, _restarts(ground, connection, name, restarts, base)]
    late = sum(switch.late for switch in live.values())
    return f"{figures.table(base, rows)}\n\n{spent}\n\nanswered with 202, and settled later: {late} of the live ones"


def _known() -> dict[str, dict[str, Any]]:
    return {"memory": {}, "df": {"config": FIRST["df"]}}


def _first(connection: Connection, name: str) -> Series:
    series = Series(name)
    for plugin, config in FIRST.items():
        series.measure(Switch(connection, LIVE, plugin, {"config": config}, "live"))
    connection("PUT", f"/v1/hosts/{LIVE}/plugins/df", {"enabled": False, "config": FIRST["df"]})
    return series


def _restarts(ground: Bed, connection: Connection, name: str, rounds: int, base: Series) -> Series:
    series = Series(f"{name}, memory, by restart of collectd")
    ground.host(RESTART, agent={"drivers": "restart"})
    switch = Switch(connection, RESTART, "memory", {}, "restart")
    switch()
    switch()
    for _ in range(rounds):
        base.measure(ground.empty)
        series.measure(switch)
    return series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="PUTs of each kind")
    parser.add_argument("--restarts", type=int, default=30, help="PUTs that restart collectd")
    parser.add_argument("--without-keystone", action="store_true", help="only the deployment without tokens")
    options = parser.parse_args()
    print(figures.load())
    with ExitStack() as stack:
        rabbitmq, mariadb = bed.services(stack)
        keystones: list[Keystone | None] = [None]
        if not options.without_keystone:
            keystone = Keystone()
            stack.callback(keystone.close)
            keystone.start()
            keystones.append(keystone)
        for each in keystones:
            with ExitStack() as run:
                ground = bed.laid(run, rabbitmq, mariadb, each)
                print(measure("keystone" if each else "no token", ground, options.rounds, options.restarts))
    print(figures.load())


if __name__ == "__main__":
    main()
