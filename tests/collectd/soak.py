# SPDX-License-Identifier: Apache-2.0
"""A long churn of enables and disables on one daemon, beside a twin that nobody touches."""

from __future__ import annotations

import contextlib
import csv
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from collectd_mgr import exception
from collectd_mgr.domain import safety
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.safety import fixtures
from tests.services.process import Process

#: Two sets that are left alone in turn, so that every plugin is in the churn for a half of the run.
BYSTANDERS = (("load", "uptime", "memory"), ("users", "swap", "contextswitch"))

INTERVAL = 0.1
#: A step of an untouched plugin is late when it is so many times longer than the longest of the twin's.
LATE = 1.5
#: What settles in the allocator, in Python and in the plugins is over after this many rounds, or a third of them.
WARM_UP = 1000


@dataclass(frozen=True)
class Plugin:
    """A plugin and the inside of its block."""

    name: str
    config: str

    @property
    def text(self) -> str:
        return f"<Plugin {self.name}>\n{self.config}\n</Plugin>\n" if self.config else ""


@dataclass
class Figures:
    """What a run showed. Steps are the longest between two samples of a series, in seconds; memory in bytes."""

    rounds: int = 0
    #: Enables that were refused, and asked for again some time.
    busy: int = 0
    seconds: float = 0.0
    resident: list[int] = field(default_factory=list)
    steps: list[tuple[float, float]] = field(default_factory=list)

    @property
    def growth(self) -> int:
        return self.resident[-1] - self.resident[0]

    def __str__(self) -> str:
        steps = ", ".join(f"{ours:.3f} s beside {twins:.3f} s" for ours, twins in self.steps)
        return (
            f"{self.rounds} rounds in {self.seconds:.0f} s, {self.busy} refused as busy; "
            f"memory {self.growth / 1e6:+.1f} MB after the warm-up; "
            f"longest step of untouched plugins beside the twin's: {steps}"
        )


#: So many sleepers, who end before their parent does when their group is asked to.
_CROWD = "trap : TERM; for _ in $(seq $0); do sleep 100000 & done; echo complete; wait; wait"


@contextlib.contextmanager
def crowd(size: int) -> Iterator[None]:
    """So many more processes on the machine; they end with the tests, however those end."""
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as directory:
        process = Process(["sh", "-c", _CROWD, str(size)], Path(directory) / "log")
        try:
            process.start()
            process.wait_until(lambda: "complete" in process.tail())
            yield
        finally:
            process.stop()


@contextlib.contextmanager
def live_safe() -> Iterator[list[Plugin]]:
    """Every live-safe plugin with what it needs to give values."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cm-")))
        names = [row.plugin for row in safety.table().values() if row.live]
        yield [Plugin(name, stack.enter_context(fixtures.ready(name, directory))) for name in names]


class Churn:
    """Random enables and disables of ``plugins`` on ``subject``; ``twin`` has the same plugins and keeps them.

    :param repeats: how often to look again when an untouched plugin was late. Other load on the machine may hit one of
        the two alone, and counts for much in a short run; what the churn does to it comes every time.
    """

    def __init__(
        self,
        subject: ScratchCollectd,
        twin: ScratchCollectd,
        plugins: Sequence[Plugin],
        seed: int,
        repeats: int = 0,
    ) -> None:
        self._subject, self._twin, self._plugins = subject, twin, plugins
        self._random = random.Random(seed)
        self._on = {plugin.name for plugin in plugins}
        self._warm_up = WARM_UP
        self._repeats = repeats
        self.figures = Figures()

    def run(self, rounds: int) -> Figures:
        """So many rounds in all, half of them with each set of bystanders."""
        for daemon, plugin in itertools.product((self._subject, self._twin), self._plugins):
            enable(daemon, plugin)
        self._warm_up = min(WARM_UP, rounds // 3)
        began = time.monotonic()
        for bystanders in BYSTANDERS:
            self._phase(bystanders, rounds // len(BYSTANDERS))
        self.figures.seconds = time.monotonic() - began
        self.figures.resident.append(self._subject.resident)
        return self.figures

    def _phase(self, bystanders: Sequence[str], rounds: int) -> None:
        touched = [plugin for plugin in self._plugins if plugin.name not in bystanders]
        for plugin in self._plugins:
            if plugin.name in bystanders and plugin.name not in self._on:
                enable(self._subject, plugin)
                self._on.add(plugin.name)
        time.sleep(5 * INTERVAL)
        steps = self._steps(bystanders, touched, rounds)
        for _ in range(self._repeats):
            if steps[0] > LATE * steps[1]:
                steps = self._steps(bystanders, touched, rounds)
        self.figures.steps.append(steps)

    def _steps(self, bystanders: Sequence[str], touched: Sequence[Plugin], rounds: int) -> tuple[float, float]:
        began = time.time()
        until, drawn = self.figures.rounds + rounds, self._drawn(touched)
        while self.figures.rounds < until:
            self._round(next(drawn))
        ours, twins = (longest_step(daemon.csv, bystanders, began) for daemon in (self._subject, self._twin))
        return ours, twins

    def _drawn(self, plugins: Sequence[Plugin]) -> Iterator[Plugin]:
        """In random order, again and again, each as often as the others."""
        while True:
            yield from self._random.sample(plugins, len(plugins))

    def _round(self, plugin: Plugin) -> None:
        if plugin.name in self._on:
            self._subject.call("plugin_disable", plugin=plugin.name)
            self._on.remove(plugin.name)
        elif is_done(partial(enable, self._subject, plugin)):
            self._on.add(plugin.name)
        else:
            self.figures.busy += 1
            return
        self.figures.rounds += 1
        if self.figures.rounds == self._warm_up:
            self.figures.resident.append(self._subject.resident)


def is_done(change: Callable[[], object]) -> bool:
    """Whether it is; where a read is in flight for longer than the grace period, nothing was done."""
    try:
        change()
    except exception.Busy:
        return False
    return True


def enable(daemon: ScratchCollectd, plugin: Plugin, interval: float = INTERVAL) -> None:
    daemon.call(
        "plugin_enable", plugin=plugin.name, interval=interval, config_text=plugin.text, config_digest=plugin.text
    )


def longest_step(directory: Path, plugins: Sequence[str], since: float) -> float:
    """The longest time between two samples of any series of these plugins after ``since``, in seconds."""
    steps = [
        later - sooner
        for plugin in plugins
        for path in directory.glob(f"*/{plugin}*/*")
        for sooner, later in itertools.pairwise(times(path, since))
    ]
    assert steps, f"{plugins} wrote nothing"
    return max(steps)


def times(path: Path, since: float) -> list[float]:
    """When the samples in this CSV file were read, from ``since`` on; seconds since the epoch."""
    with path.open(newline="") as file:
        rows = csv.reader(file)
        return [float(row[0]) for row in rows if row[0] != "epoch" and float(row[0]) >= since]
