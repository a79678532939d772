# SPDX-License-Identifier: Apache-2.0
"""What a plugin would collect: a collectd with this plugin alone, which reads a few times and writes to a directory.

It shares nothing with the running one: see :mod:`collectd_mgr.drivers.scratch`.
"""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectd_mgr import disk, exception
from collectd_mgr.domain import config, grammar, managed, safety, types_db
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.domain.types_db import Sources
from collectd_mgr.drivers import namespace
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.installation import Installations
from collectd_mgr.drivers.scratch import (
    END_BLOCK,
    TooMuchMemory,
    alone,
    clear,
    judge,
    lines,
    options,
    started,
    wait,
)
from collectd_mgr.drivers.validation import check_given, rejected

#: Seconds between two reads of a trial: nobody wants to wait for the plugin's own interval.
INTERVAL = 0.5

#: Values of each metric: two for a rate, and some plugins give nothing at their first read.
_READINGS = 3

#: Trials that may be asked for at once: who waits holds a thread that could take up a change meanwhile.
_ASKED = 2

#: Seconds for an orderly end.
_END = 5.0

#: How the csv plugin calls its files: the type, its instance if it has one, the day.
_FILE = re.compile(r"(?P<type>[^-]+)(?:-(?P<instance>.*))?-\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Result:
    """``rows`` as :class:`~collectd_mgr.domain.reads.Page` has them with values; ``warnings`` are collectd's own.

    ``isolation``: what kept it from the files of the running one, see :mod:`.namespace`.
    """

    rows: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    isolation: str | None = None


@dataclass(frozen=True)
class Trial:
    """``plugin`` with its configuration.

    :param types: the operator's ``TypesDB`` files, for none collectd's own
    :param program: settings of :mod:`collectd_mgr.domain.program`; None for the collectd that runs
    """

    plugin: str
    goal: PluginGoal
    hostname: str
    types: Sequence[str] = ()
    program: Settings | None = None


class Trials:
    """One at a time, for a trial costs as much as a collectd; one more may wait for it."""

    def __init__(self, settings: DriverSettings) -> None:
        self._installations = Installations(settings)
        self._account = account(settings.user)
        self._place = Path(settings.state_dir) / "trials"
        self._lock = threading.Lock()
        self._asked = threading.Semaphore(_ASKED)

    def clear(self) -> None:
        """To be called when the agent starts: see :func:`.scratch.clear`."""
        clear(self._place)

    def check(self, wanted: Settings, plugins: Iterable[str]) -> Iterator[exception.CollectdMgrError]:
        """Why the collectd that these settings name, or one of these plugins in it, could not be run here."""
        try:
            self._installations.check(wanted)
            packages = self._installations.of(wanted).packages
        except exception.ProgramUnfit as error:
            yield error
            return
        for plugin in plugins:
            try:
                packages.check_loadable(plugin)
            except exception.PluginNotLoadable as error:
                yield error

    def run(self, trial: Trial, patience: float) -> Result:
        """Run it for at most ``patience`` seconds. Safe to repeat.

        :raises NotTestable: it reads nothing, or a second instance of it would disturb the first
        :raises PluginNotLoadable: it is not installed, or a library that it wants is not
        :raises ProgramUnfit: the program is none that could be run here
        :raises ConfigRejected: with collectd's own ``messages``, because it takes too much memory, or
            as it has none and would read nothing
        :raises Busy: another trial is under way for all that time; at once, where one waits already; or collectd is not
            up in that time
        """
        there = self._installations
        installation = there.current() if trial.program is None else there.of(trial.program)
        installation.packages.check_loadable(trial.plugin)
        check_testable(trial.plugin)
        check_given(trial.plugin, trial.goal)
        if not self._asked.acquire(blocking=False):
            raise exception.Busy("Plugins are being tried on this host, and another one waits.")
        try:
            return self._in_turn(trial, installation.settings, patience)
        finally:
            self._asked.release()

    def _in_turn(self, trial: Trial, found: DriverSettings, patience: float) -> Result:
        if not self._lock.acquire(timeout=patience):
            raise exception.Busy("Another plugin is being tried on this host.")
        try:
            return self._run(trial, found, patience)
        finally:
            self._lock.release()

    def _run(self, trial: Trial, found: DriverSettings, patience: float) -> Result:
        """``found``: where the binary and its plugins are."""
        self._account.pass_through(self._place)
        with tempfile.TemporaryDirectory(dir=self._place) as directory:
            place = Path(directory)
            text = grammar.render(_statements(place, found.plugin_dir, trial))
            block = managed.plugin_text(trial.plugin, trial.goal)
            disk.write(place / "collectd.conf", text + block + END_BLOCK, give=self._account.give)
            self._account.hand_over(place)
            try:
                status = self._execute(found.binary, place, patience)
            except TooMuchMemory as error:
                raise rejected(trial.plugin, [str(error)]) from None
            isolation, output = namespace.told(lines(place / "output"))
            outcome = judge(status, lines(place / "log"), output)
            if outcome.errors:
                raise rejected(trial.plugin, outcome.errors, outcome.said)
            seen = rows(place / "csv", _sources(trial.types), trial.goal.interval)
            # In the namespace the directory is a mount of its own, of which df would tell.
            seen = tuple(row for row in seen if place.name not in row["id"])
            return Result(seen, outcome.said, isolation)

    def _execute(self, binary: str, place: Path, patience: float) -> int:
        """The exit status: 0 when it ran until it was ended, also by force (a read that does not come back)."""
        command = self._account.command(binary, "-f", "-C", str(place / "collectd.conf"))
        with started(place, command) as child:
            wait(child, patience, lambda: any(_count(file) > _READINGS for file in (place / "csv").glob("*/*/*")))
            return _ended(child)


def check_testable(plugin: str) -> None:
    """:raises NotTestable: the plugin must not, or need not, run beside the daemon"""
    row = safety.lookup(plugin)
    if row.exclusive:
        raise exception.NotTestable(f"{plugin}: {safety.REASONS['exclusive']}", plugin=plugin, reason_code="exclusive")
    if row.kind != "read" and row.reason != safety.UNKNOWN:
        raise exception.NotTestable(f"{plugin} collects nothing itself.", plugin=plugin, reason_code="no_read")
    if row.scratch != "ok":
        raise exception.NotTestable(
            f"A second instance of {plugin} might disturb the first. {row.sentence}".strip(),
            plugin=plugin,
            reason_code="grammar_only",
        )


def _statements(place: Path, plugin_dir: str, trial: Trial) -> tuple[Item, ...]:
    csv: dict[str, str | bool] = {"DataDir": str(place / "csv"), "StoreRates": False}
    return (
        *(Item("TypesDB", (file,)) for file in trial.types),
        *alone(place, plugin_dir, trial.hostname),
        Item("Interval", (INTERVAL,)),
        config.load_plugin("csv"),
        config.plugin_block("csv", options(csv)),
        config.load_plugin(trial.plugin),
    )


def _count(file: Path) -> int:
    return len(lines(file))


def _ended(child: subprocess.Popen[bytes]) -> int:
    """Its status, if it ended by itself; else 0. :raises Busy: it was not even ready to be ended in order"""
    status = child.poll()
    if status is not None:
        return status
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGTERM)
    try:
        status = child.wait(_END)
    except subprocess.TimeoutExpired:
        return 0
    if status == -signal.SIGTERM:
        raise exception.Busy("collectd did not come up in the time for the trial: it, or the host, has too much to do.")
    return status


def _sources(types: Sequence[str]) -> Mapping[str, Sources]:
    files = [Path(file) for file in types or (types_db.DEFAULT,)]
    return types_db.merged(file.read_text(encoding="utf-8", errors="replace") for file in files if file.exists())


def rows(csv: Path, types: Mapping[str, Sources], interval: float | None) -> tuple[dict[str, Any], ...]:
    """What the csv plugin wrote, as rows with values and rates, in order of identifier."""
    readings: dict[tuple[str, str], list[list[float]]] = {}
    for file in sorted(csv.glob("*/*/*")):
        name = _FILE.fullmatch(file.name)
        if name is not None:
            metric = name["type"] if name["instance"] is None else f"{name['type']}-{name['instance']}"
            # Two files around midnight are one metric.
            readings.setdefault((f"{file.parent.parent.name}/{file.parent.name}/{metric}", name["type"]), []).extend(
                _readings(file)
            )
    found = (_row(key, lines, types.get(kind, ()), interval) for (key, kind), lines in readings.items() if lines)
    return tuple(sorted(found, key=lambda row: str(row["id"])))


def _readings(file: Path) -> list[list[float]]:
    """Times and values; the first line is a heading."""
    heading, *rest = lines(file) or [""]
    # Fewer: collectd had to be killed while it wrote.
    whole = [line.split(",") for line in rest if line.count(",") == heading.count(",")]
    return [[_number(cell) for cell in cells] for cells in whole]


def _number(text: str) -> float:
    """Counters whole: they may have more digits than a float."""
    return int(text) if text.lstrip("-").isdecimal() else float(text)


def _row(key: str, lines: list[list[float]], sources: Sources, interval: float | None) -> dict[str, Any]:
    now, before = lines[-1], lines[-2] if len(lines) > 1 else None
    values = []
    for place, (name, kind) in enumerate(sources[: len(now) - 1], start=1):
        last = None if before is None else (before[0], before[place])
        rate = types_db.rate(kind, last, (now[0], now[place]))
        value = now[place] if math.isfinite(now[place]) else None
        values.append({"name": name, "type": kind, "value": value, "rate": rate})
    return {"id": key, "interval": interval, "last_update": now[0], "values": values}
