# SPDX-License-Identifier: Apache-2.0
"""Processor time, by who spends it: it is the same on a busy machine, where a clock tells of the others as well."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from benchmarks.bed import Bed
from benchmarks.figures import Series
from tests.functional.deployment import Agent

_TICKS = os.sysconf("SC_CLK_TCK")


def parts(ground: Bed, agent: Agent) -> dict[str, Callable[[], Iterable[int]]]:
    """The pids of each part of a deployment, and of who answers the empty call."""
    deployment = ground.deployment
    return {
        "collectd": agent.collectds,
        "agent": lambda: [agent.process.pid],
        "API": lambda: _group(deployment.apis[0].pid),
        "conductor": lambda: _group(deployment.conductors[0].pid),
        "RabbitMQ": lambda: _group(ground.rabbitmq.server.pid),
        "MariaDB": lambda: _group(ground.mariadb.server.pid),
        "empty": lambda: _group(ground.server.pid),
    }


class Processor:
    """What each part spent for each series, in seconds."""

    def __init__(self, parts: Mapping[str, Callable[[], Iterable[int]]]) -> None:
        self._parts = {name: list(pids()) for name, pids in parts.items()}
        self._spent: dict[str, dict[str, float]] = {}

    def measure(self, series: Series, act: Callable[[], object]) -> None:
        """As :meth:`Series.measure`."""
        before = self._now()
        series.measure(act)
        spent = self._spent.setdefault(series.name, dict.fromkeys(before, 0.0))
        for name, seconds in self._now().items():
            spent[name] += seconds - before[name]

    def _now(self) -> dict[str, float]:
        parts = {name: sum(map(_seconds, pids)) for name, pids in self._parts.items()}
        return {**parts, "client": time.process_time()}

    def table(self, series: Iterable[Series]) -> str:
        """One line per series: milliseconds of processor time a round, of each part and of all."""
        names = [*self._parts, "client", "all"]
        lines = [f"{'processor time, ms':44}" + "".join(f"{name:>10}" for name in names)]
        return "\n".join([*lines, *(self._line(each) for each in series if each.times)])

    def _line(self, series: Series) -> str:
        spent = [1000 * seconds / len(series.times) for seconds in self._spent[series.name].values()]
        return f"{series.name:44}" + "".join(f"{each:10.1f}" for each in [*spent, sum(spent)])


def _group(leader: int) -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _stat(path)[2:3] == [str(leader)]]


def _seconds(pid: int) -> float:
    stat = _stat(Path(f"/proc/{pid}"))
    return (int(stat[11]) + int(stat[12])) / _TICKS if stat else 0.0


def _stat(path: Path) -> list[str]:
    """The fields behind the name, of a process that is there."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
