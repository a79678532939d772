# SPDX-License-Identifier: Apache-2.0
"""What the socket offers: a table of contents, one row per method."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable

from collectd_mgr import exception
from collectd_mgr.extension import parameters as of
from collectd_mgr.extension.inside import Inside
from collectd_mgr.extension.parameters import Check, checked
from collectd_mgr.wire.server import OPERATION, Method

_FILTERS: dict[str, Check] = {
    "plugin": of.text,
    "type": of.text,
    "match": of.text,
    "state": of.state,
    "limit": of.count,
    "marker": of.text,
}

_NOTIFICATION: dict[str, Check] = {
    "severity": of.severity,
    "message": of.text,
    "host": of.text,
    "plugin": of.text,
    "plugin_instance": of.text,
    "type": of.text,
    "type_instance": of.text,
}

#: The parameters that are shown in collectd's log.
_SHOWN = ("plugin", "interval", "identifier", "mode", "other", "config_file")

Call = Callable[..., Any]


class Methods:
    """The methods of ``inside``, as the server wants them; counts and logs those that have to wait for their turn."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self.counters: dict[str, float] = {"done": 0, "failed": 0, "seconds": 0.0}
        self._counting = threading.Lock()

    def table(self) -> dict[str, Method]:
        inside = self._inside
        return {
            "status": self._read(self.status),
            "metrics_list": self._read(inside.metrics_list, **_FILTERS),
            "values_get": self._read(inside.values_get, **_FILTERS),
            "generation_set": self._read(self.generation_set, marker=of.anything),
            "operation_log": Method(self._log),
            "drain": self._read(inside.pause, pid=of.index),
            # What others have registered may hang, of a network: no change is to wait for that.
            "flush": self._operation(
                "flush", inside.flush, "flush", plugin=of.text, identifier=of.text, timeout=of.seconds_or_zero
            ),
            "notifications_read": self._read(
                inside.notifications_read, stream=of.text, after=of.index, limit=of.count, wait=of.seconds_or_zero
            ),
            "notification_send": self._operation(
                "notification_send", inside.notification_send, "notification", **_NOTIFICATION
            ),
            "plugin_enable": self._operation(
                "plugin_enable",
                inside.plugin_enable,
                plugin=of.text,
                interval=of.seconds,
                config_text=of.text,
                config_digest=of.text,
                first_load_allowed=of.flag,
            ),
            "plugin_disable": self._operation(
                "plugin_disable",
                inside.plugin_disable,
                plugin=of.text,
                grace_timeout=of.seconds_or_zero,
                config_text=of.text,
            ),
            "plugin_restart": self._operation(
                "plugin_restart", inside.plugin_restart, plugin=of.text, interval=of.seconds
            ),
            "thresholds_check": self._read(inside.thresholds_check, settings=of.settings),
            "thresholds_get": self._read(inside.thresholds_get),
            "thresholds_set": self._operation("thresholds_set", inside.thresholds_set, settings=of.settings),
            "ignorelist_check": self._read(inside.ignorelist_check, settings=of.settings),
            "ignorelist_get": self._read(inside.ignorelist_get),
            "queue_get": self._read(inside.queue_get),
            "queue_set": self._operation("queue_set", inside.queue_set, settings=of.settings),
            "ignorelist_set": self._operation("ignorelist_set", inside.ignorelist_set, settings=of.settings),
            "reads": self._read(inside.reads),
            "output_set": self._operation(
                "output_set",
                inside.output_set,
                mode=of.mode,
                other=of.index,
                moments=of.moments,
                otherwise=of.moment,
                words=of.texts,
                pid=of.index,
            ),
            "output_drain": self._operation("output_drain", inside.output_drain, pid=of.index),
            "output_open": self._operation("output_open", inside.output_open),
            "missing_tell": self._operation(
                "missing_tell", inside.missing_tell, names=of.texts, said=of.texts, owed=of.samples
            ),
            "output_free": self._operation("output_free", inside.output_free),
            "output_outlive": self._operation("output_outlive", inside.output_outlive, other=of.index, pid=of.index),
            "successor_start": self._operation(
                "successor_start", inside.successor_start, config_file=of.text, pid=of.index
            ),
            # It has to come through, whatever collectd is at: it changes nothing in here.
            "successor_announce": self._read(inside.successor_announce, successor=of.count, pid=of.index),
            "states_get": self._read(inside.states_get),
            "states_set": self._operation("states_set", inside.states_set, states=of.states),
            "plugin_interval": self._operation(
                "plugin_interval", inside.plugin_interval, plugin=of.text, interval=of.seconds
            ),
        }

    def generation_set(self, marker: Any = None) -> dict[str, Any]:
        """The status then: whoever says that he is done wants to know what came of it."""
        self._inside.generation_set(marker)
        return self.status()

    def status(self) -> dict[str, Any]:
        return {**self._inside.status(), "operations": dict(self.counters)}

    def _read(self, call: Call, **checks: Check) -> Method:
        return Method(lambda params, _: call(**checked(checks, params)))

    def _log(self, params: dict[str, Any], request_id: str) -> None:
        """An operation of the agent's that was not made in here: it started this daemon."""
        self._inside.log.operation(request_id, **checked({"text": of.line}, params))

    def _operation(self, name: str, call: Call, turn: str = OPERATION, **checks: Check) -> Method:
        def run(params: dict[str, Any], request_id: str) -> Any:
            given = checked(checks, params)
            began = time.monotonic()
            outcome = "failed"
            try:
                result = call(**given)
                outcome = "done"
                return result
            except exception.CollectdMgrError as error:
                outcome = f"failed: {error.code}"
                raise
            finally:
                self._account(request_id, name, given, outcome, time.monotonic() - began)

        return Method(run, turn)

    def _account(self, request_id: str, name: str, given: dict[str, Any], outcome: str, took: float) -> None:
        with self._counting:
            self.counters["done" if outcome == "done" else "failed"] += 1
            self.counters["seconds"] += took
        # No config in the log: it may hold secrets.
        facts = " ".join(f"{key}={value}" for key, value in given.items() if key in _SHOWN)
        self._inside.log.operation(request_id, f"{name} {facts}: {outcome} in {1000 * took:.1f} ms")
