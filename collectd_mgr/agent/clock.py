# SPDX-License-Identifier: Apache-2.0
"""The clocks of the host, and the time service that is asked to correct one of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent.mode import check_managed
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.state import State
from collectd_mgr.agent.time_sources.base import Silent, TimeSettings, TimeSource
from collectd_mgr.domain import capabilities, mode
from collectd_mgr.domain.clock import GridLine, Reading, TimeReport, grid_line, set_back
from collectd_mgr.domain.reads import Query
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.wire.look import look

#: Rows in one answer of the daemon.
_PAGE = 10_000

#: Seconds between two looks at the time service after it was asked to correct the clock.
_LOOK = 0.2

#: A report of a time service that is newer than this one, in seconds: it measured meanwhile.
_NEWER = 0.001


class Clock:
    """Any thread may ask.

    :param sources: the time services that this host may have, in order
    """

    def __init__(
        self,
        state: State,
        ladder: Ladder,
        settings: TimeSettings,
        sources: Sequence[TimeSource],
    ) -> None:
        self._state = state
        self._ladder = ladder
        self._settings = settings
        self._sources = sources

    def reading(self) -> Reading:
        """The clocks now, what the time service says of them, and when plugins are read by them. Changes nothing."""
        received = time.time()
        seen = self._seen()
        grid = _grid(seen, time.time())
        future = set_back({plugin: [last for last, _ in found] for plugin, found in seen.items()}, time.time())
        service, silent = self._service()
        return Reading(
            received,
            time.time(),
            time.clock_gettime(time.CLOCK_MONOTONIC),
            time.clock_gettime(time.CLOCK_BOOTTIME),
            boot_id(),
            min([line.interval for line in grid], default=self._state.origin.interval),
            tuple(line.to_dict() for line in grid),
            len(future),
            max(future, default=None),
            service and service[1],
            silent,
            self._settings.allow_step,
        )

    def sync(self, step: bool, patience: float) -> dict[str, Any]:
        """Have the time service compare the clock and correct it: ``{"source", "request", "step", "measured"}``.

        :param step: the clock may be set, which the agent's own policy must allow
        :param patience: seconds to wait for the service to have measured anew (``measured``: it has)
        :raises HostNotManaged: it is a change of the host
        :raises NoTimeSource, ClockStepDenied, ClockSyncFailed: nothing was asked, or it was refused
        """
        check_managed(self._state.mode())
        found, silent = self._service()
        if found is None:
            raise exception.NoTimeSource(_sentence(silent), silent=silent)
        source, before = found
        if step or before.sync_steps:
            self._check_step(before)
        request = source.correct(step)
        return {"source": source.name, "request": request, "step": step, "measured": _news(source, before, patience)}

    def _check_step(self, report: TimeReport) -> None:
        if self._settings.allow_step:
            return
        why = "may set the clock when it is asked" if report.sync_steps else "is asked to set the clock"
        raise exception.ClockStepDenied(
            f"{report.source} {why}, and [clock] allow_step is false on this host.",
            source=report.source,
            offset=report.offset,
        )

    def _service(self) -> tuple[tuple[TimeSource, TimeReport] | None, dict[str, str]]:
        """The first source that answers, with its report; and why those before it do not."""
        silent: dict[str, str] = {}
        for source in self._sources:
            try:
                return (source, source.read()), silent
            except Silent as error:
                silent[source.name] = str(error)
        return None, silent

    def _seen(self) -> dict[str, list[tuple[float, float]]]:
        """By plugin the last time and interval of each of the daemon's own metrics: of what it only receives somebody
        else knows the time. Nothing where nobody may look.
        """
        found: dict[str, list[tuple[float, float]]] = {}
        if self._state.mode().mode == mode.OFF:
            return found
        try:
            with look():
                own = self._ladder.observe().hostname or self._state.origin.hostname
                for row in self._rows():
                    host, plugin, _ = str(row["id"]).split("/", 2)
                    if host == own:
                        times = float(row["last_update"]), float(row["interval"] or 0)
                        found.setdefault(plugin.partition("-")[0], []).append(times)
        except exception.CollectdMgrError:
            return {}
        return found

    def _rows(self) -> Iterator[Any]:
        reader = self._ladder.reader(capabilities.METRICS)
        marker: str | None = None
        while True:
            page = reader.metrics(Query(limit=_PAGE, marker=marker))
            yield from page.rows
            marker = page.marker
            if marker is None:
                return


def _grid(seen: Mapping[str, Iterable[tuple[float, float]]], now: float) -> list[GridLine]:
    newest = {plugin: max(found) for plugin, found in seen.items()}
    return [
        grid_line(plugin, interval, last, now) for plugin, (last, interval) in sorted(newest.items()) if interval > 0
    ]


def _news(source: TimeSource, before: TimeReport, patience: float) -> bool:
    """Whether the service measured within ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        time.sleep(_LOOK)
        try:
            after = source.read()
        except Silent:
            continue  # It is being restarted.
        if after.last_update and after.last_update > (before.last_update or 0.0) + _NEWER:
            return True
    return False


def _sentence(silent: dict[str, str]) -> str:
    each = "; ".join(f"{name}: {why}" for name, why in silent.items())
    return f"No time service answers ({each})." if each else "No time source is configured ([clock] sources)."
