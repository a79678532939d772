# SPDX-License-Identifier: Apache-2.0
"""Records as they are shown. Nothing leaves here with a secret in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from collectd_mgr.api.call import Call
from collectd_mgr.control import leases as control
from collectd_mgr.control.edits import Desired
from collectd_mgr.control.hosts import status_of
from collectd_mgr.control.leases import LeaseView
from collectd_mgr.control.plugins import PluginView
from collectd_mgr.db.models import Generation, Host, Operation
from collectd_mgr.domain import config as forms
from collectd_mgr.domain import secrets
from collectd_mgr.domain import spec as specs
from collectd_mgr.domain.difference import Difference
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.moment import moment

Json = dict[str, Any]


def time_of(moment: datetime | None) -> str | None:
    """A column's time, as ISO 8601."""
    return None if moment is None else moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def link(call: Call, path: str, rel: str = "self") -> Json:
    return {"rel": rel, "href": f"{call.root}/v1/{path}"}


def operation(call: Call, row: Operation) -> Json:
    return {
        "id": row.id,
        "host": row.host,
        "plugin": row.plugin,
        "setting": row.setting,
        "expires_in": row.expires_in,
        "action": row.action,
        "state": row.state,
        "user": row.user,
        "project": row.project,
        "request_id": row.request_id,
        "reason": row.reason,
        "generation": {"epoch": row.epoch, "n": row.to_n},
        "from_generation": row.from_n,
        "driver": row.driver,
        "error": row.error,
        "warnings": row.warnings or [],
        "created_at": time_of(row.created_at),
        "updated_at": time_of(row.updated_at),
        "links": [link(call, f"operations/{row.id}")],
    }


def _wanted_mode(mode: Mode) -> Json:
    return {**mode.to_dict(), "mode": mode.mode or None}


def host(call: Call, row: Host, desired: Desired | None = None, failed: Operation | None = None) -> Json:
    """The desired mode is in it where ``desired`` is known.

    :param failed: the last attempt, if nothing came of it
    """
    status = status_of(row)
    applied = status.generation.to_dict() if status and status.generation else None
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "labels": dict(row.labels),
        "status": row.state,
        "created_at": time_of(row.created_at),
        "heartbeat_at": time_of(row.heartbeat_at),
        "generation": {"epoch": row.epoch, "n": row.n},
        "applied_generation": applied,
        "in_sync": row.last_good == row.n and row.settled == row.n and row.running,
        "outcome": status.outcome if status else None,
        "error": status.error if status else None,
        "failed_attempt": failed and operation(call, failed),
        "driver": row.driver,
        "daemon": status.daemon if status else {},
        "mode": status.mode.to_dict() if status else None,
        "desired_mode": _wanted_mode(desired.mode) if desired and desired.mode else None,
        "quarantine": status.quarantine if status else None,
        "clock": row.clock,
        "clock_offset": row.clock_offset,
        "clock_error": row.clock_error,
        "warnings": list(status.warnings) if status else [],
        "drift": [_drift(each) for each in status.drift] if status else [],
        "leases": leases(row, desired) if desired else [],
        "links": [link(call, f"hosts/{row.name}")],
    }


def difference(found: Difference) -> Json:
    return {"diff": found.text, "plugins": [each.to_dict() for each in found.plugins]}


def _drift(found: Drift) -> Json:
    return {**found.to_dict(), "since": time_of(moment(found.since)), "mended": time_of(moment(found.mended))}


def plugin(view: PluginView, text: bool = False) -> Json:
    """``text`` gives configs as collectd.conf text."""
    form = _as_text if text else _as_json
    desired, effective = view.desired, view.effective
    seen = effective.last_value if effective else None
    return {
        "plugin": view.name,
        "desired": desired and _setting(desired.enabled, desired.interval, form(secrets.mask(desired.config))),
        "effective": effective and _setting(effective.enabled, effective.interval, form(effective.config)),
        "origin": view.origin,
        "health": effective.health if effective else None,
        "last_value": time_of(moment(seen)),
        "metrics": effective.metrics if effective else 0,
        "reason": effective.reason if effective else None,
        "lease": lease(view.lease),
    }


def lease(view: LeaseView | None) -> Json | None:
    if view is None:
        return None
    return {"id": view.id, "seconds": view.seconds, "state": view.state, "ends_at": time_of(view.ends_at)}


def leases(row: Host, desired: Desired) -> list[Json]:
    """What each lease is about, besides."""
    return [
        {**(lease(view) or {}), "plugin": view.plugin, "section": view.section, "setting": view.setting}
        for view in control.views(row, desired)
    ]


def _setting(enabled: bool | None, interval: float | None, config: Any) -> Json:
    return {"enabled": enabled, "interval": interval, "config": config}


def _as_json(config: Any) -> Any:
    return None if config is None else forms.to_readable(forms.known(config))


def _as_text(config: Any) -> Any:
    return None if config is None else forms.to_text(forms.known(config))


def generation(row: Generation) -> Json:
    """Without its digest, which is of the secrets too: whoever has it can try guesses of them on his own machine."""
    return {
        "n": row.n,
        "epoch": row.epoch,
        "action": row.action,
        "plugin": row.plugin,
        "setting": row.setting,
        "expires_in": row.expires_in,
        "summary": " ".join(word for word in (row.action, row.plugin, row.setting) if word),
        "outcome": row.outcome,
        "user": row.user,
        "project": row.project,
        "request_id": row.request_id,
        "reason": row.reason,
        "rollback_of": row.rollback_of,
        "created_at": time_of(row.created_at),
    }


def layers(spec: specs.HostSpec) -> list[Json]:
    shown = [layer.to_dict() for layer in spec.layers]
    for layer in shown:
        for setting in layer["plugins"].values():
            if "config" in setting:
                setting["config"] = _as_json(secrets.mask(setting["config"]))
    return shown


def page(call: Call, key: str, rows: list[Any], show: Callable[[Any], Json], marker: str) -> Json:
    """A page of a list; ``marker`` is the attribute of a row that the next page goes on after."""
    last = str(getattr(rows[-1], marker)) if len(rows) == call.limit else None
    return {key: [show(row) for row in rows], "links": call.links(last)}
