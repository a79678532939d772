# SPDX-License-Identifier: Apache-2.0
"""What the extension reports of its daemon, in the words of the plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import safety, sections
from collectd_mgr.domain.managed import Marked, Marker
from collectd_mgr.domain.output import PASS
from collectd_mgr.domain.plan import Running, RunningPlugin

Status = Mapping[str, Any]

#: No answer of the extension, or none that can be understood.
SILENCE = (exception.DaemonUnreachable, exception.RequestTimeout, exception.WireMismatch)


def process(status: Status) -> Running:
    """The process of this ``status``, and nothing of what it does. Earlier extensions know no ``since_boot``."""
    return Running(status["pid"], status["started"], since_boot=status.get("since_boot"))


def running(status: Status) -> Running:
    """The daemon of this ``status`` (the extension's answer of that name).

    What the process was given is what its marker says; what it does now is what collectd's own lists say.
    """
    marker = Marker.from_text(status["generation"])
    plugins = {name: _plugin(name, state, marker, status["interval"]) for name, state in status["plugins"].items()}
    return replace(
        process(status),
        version=status["collectd_version"],
        plugins=plugins,
        reloads=marker.reloads,
        daemon_restarts=marker.daemon_restarts,
        daemon_replacements=marker.daemon_replacements,
        sections={**marker.sections, **_observed(status)},
        hostname=status.get("hostname") or "",
        facts=status.get("sections") or {},
        gate=_is_left(status.get("output") or {}),
    )


def _is_left(output: Mapping[str, Any]) -> bool:
    """Whether there is a gate at its output with nothing to hold: there are not two any more."""
    return bool(output.get("gate")) and (output.get("mode") == PASS or bool(output.get("over")))


def _observed(status: Status) -> dict[str, str]:
    """The digests of the sections that the extension itself has in its hands."""
    return {section: str(facts["digest"]) for section, facts in (status.get("sections") or {}).items()}


def runs(daemon: Running, marker: Marker) -> bool:
    """Whether the daemon is at what ``marker`` says: plugins of ours, those of the operator that are off, sections."""
    return daemon.pid is not None and all(
        (
            {name: mark for name, mark in marker.plugins.items() if mark.config_digest is not None} == _ours(daemon),
            daemon.plugins.keys() & set(marker.disabled) == _theirs_off(daemon),
            _something(marker.sections) == _something(daemon.sections),
        )
    )


def _ours(daemon: Running) -> dict[str, Marked]:
    on = {name: item for name, item in daemon.plugins.items() if item.config_digest is not None and item.enabled}
    return {name: _mark(item) for name, item in on.items()}


def _theirs_off(daemon: Running) -> set[str]:
    return {name for name, item in daemon.plugins.items() if item.config_digest is None and not item.enabled}


def _something(digests: Mapping[str, str]) -> dict[str, str]:
    """No settings of a section are as good as none said."""
    return {section: digest for section, digest in digests.items() if digest != sections.NOTHING}


def _mark(item: RunningPlugin) -> Marked:
    return Marked(item.interval, item.config_digest, item.restarts)


def _plugin(name: str, state: Status, marker: Marker, default: float) -> RunningPlugin:
    mark = marker.plugins.get(name)
    digest = state["config_digest"] or (mark.config_digest if mark else None)
    return RunningPlugin(
        loaded=state["loaded"],
        enabled=state["registered"] or (not _is_off(state) and _counts_as_on(name, digest is not None, marker)),
        interval=_interval(state, mark, default, theirs=digest is None),
        config_digest=digest,
        restarts=mark.restarts if mark else 0,
        stopping=state["stopping"],
        failing_until=state.get("failing_until"),
        slowest=state.get("slowest"),
    )


def _interval(state: Status, mark: Marked | None, default: float, theirs: bool) -> float | None:
    """The interval as a setting: the daemon's own is none, unless that was asked for.

    Of one of the operator's it is the shortest that is seen, of one of ours that of the reads whose configuration gives
    them none.
    """
    asked = mark.interval if mark and not theirs else None
    # Earlier extensions know no ``context``.
    seen = state["interval"] if theirs else state.get("context", asked if mark else state["interval"])
    return asked if seen is None or math.isclose(seen, asked or default, rel_tol=1e-6) else seen


def _is_off(state: Status) -> bool:
    """Whether its reads were taken out."""
    return bool(state["stopping"] or state.get("off"))


def _counts_as_on(name: str, managed: bool, marker: Marker) -> bool:
    """Whether a loaded plugin without a read is as it should be.

    One of the operator's has none when it found nothing to read, or does other work; unless it was switched off from
    here, which one that does more than to read never is. One of ours has none when it was switched off live, or failed;
    if that is nothing to do live, it is at work.
    """
    if managed:
        return not safety.live_safe(name)
    return name not in marker.disabled or not safety.lookup(name).only_reads
