# SPDX-License-Identifier: Apache-2.0
"""The clocks of the host, and the time service that is asked to correct one of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from collectd_mgr import exception
from collectd_mgr.agent.mode import check_managed
from collectd_mgr.agent.moment import boot_id
from collectd_mgr.agent.state import State
from collectd_mgr.agent.time_sources.base import Silent, TimeSettings, TimeSource
from collectd_mgr.domain import capabilities, mode
from collectd_mgr.domain.clock import GridLine, Reading, TimeReport, grid_line
from collectd_mgr.domain.reads import Query
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.wire.look import look

#: Rows in one answer of the daemon.
_PAGE = 10_000

#: collectd counts in 2^-30 s, and a read may be dated by the moment at which it ends.
_TOLERANCE = 0.01

#: Seconds between two looks at the time service after it was asked to correct the clock.
_LOOK = 0.2

#: A report of a time service that is newer than this one, in seconds: it measured meanwhile.
_NEWER = 0.001


class Clock:
    """Any thread may ask.

    :param sources: the time services that this host may have, in order
    :param host: the name of the agent, which collectd may use as well
    """

    def __init__(
        self,
        state: State,
        ladder: Ladder,
        settings: TimeSettings,
        sources: Sequence[TimeSource],
        host: str = "",
    ) -> None:
        self._host = host
        self._state = state
        self._ladder = ladder
        self._settings = settings
        self._sources = sources

    def reading(self) -> Reading:
        """The clocks now, what the time service says of them, and when plugins are read by them. Changes nothing."""
        received = time.time()
        grid, newest = self._seen()
        future = [last for last in newest if last > time.time() + _TOLERANCE]
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

    def _seen(self) -> tuple[list[GridLine], list[float]]:
        """When the plugins are read, and the last times of the daemon's own metrics. Nothing where nobody may look."""
        if self._state.mode().mode == mode.OFF:
            return [], []
        try:
            names = (self._state.origin.hostname, self._host)
            with look():
                rows = [row for row in self._rows() if any(_is_own(str(row["id"]), name) for name in names)]
        except exception.CollectdMgrError:
            return [], []
        return _grid(rows, time.time()), [float(row["last_update"]) for row in rows]

    def _rows(self) -> Iterator[Any]:
        reader = self._ladder.reader(capabilities.METRICS)
        marker: str | None = None
        while True:
            page = reader.metrics(Query(limit=_PAGE, marker=marker))
            yield from page.rows
            marker = page.marker
            if marker is None:
                return


def _is_own(identifier: str, hostname: str) -> bool:
    """Whether this daemon made the value: one that only receives it goes by the clock of somebody else.

    collectd may have put the domain to the name (``FQDNLookup``).
    """
    host = identifier.split("/", 1)[0].lower()
    return host == hostname.lower() or host.startswith(f"{hostname.lower()}.")


def _grid(rows: Iterable[Any], now: float) -> list[GridLine]:
    newest: dict[str, tuple[float, float]] = {}
    for row in rows:
        plugin = str(row["id"]).split("/", 2)[1].partition("-")[0]
        seen = float(row["last_update"]), float(row["interval"] or 0)
        newest[plugin] = max(newest.get(plugin, seen), seen)
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
