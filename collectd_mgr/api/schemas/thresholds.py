# SPDX-License-Identifier: Apache-2.0
"""What a threshold holds, in the words of collectd's own threshold plugin."""

from __future__ import annotations

from collectd_mgr.api.schemas.fields import Schema


def _text(description: str) -> Schema:
    return {"type": ["string", "null"], "maxLength": 127, "description": description}


def _number(description: str) -> Schema:
    return {"type": ["number", "null"], "description": description}


def _flag(description: str) -> Schema:
    return {"type": ["boolean", "null"], "description": description}


PROPERTIES: dict[str, Schema] = {
    "host": _text("Only metrics of this host name; without it, of any."),
    "plugin": _text("Only metrics of this plugin."),
    "plugin_instance": _text("Only of this instance of the plugin."),
    "type": {"type": "string", "minLength": 1, "maxLength": 127, "description": "The metrics' type."},
    "type_instance": _text("Only of this instance of the type."),
    "data_source": _text("Only this data source of the type; without it, every one."),
    "warning_min": _number("Below it is a warning."),
    "warning_max": _number("Above it is a warning."),
    "failure_min": _number("Below it is a failure."),
    "failure_max": _number("Above it is a failure."),
    "hysteresis": _number("How far a value must be back within a bound before the state changes."),
    "hits": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": 2**31 - 1,
        "description": "How many values in a row must be past a bound, and one more, before one is raised; 0: none.",
    },
    "persist": _flag("Raise it with every value, not only when the state changes."),
    "persist_ok": _flag("With persist: say with every value that all is well, too."),
    "percentage": _flag("The bounds are percentages of the sum of the data sources."),
    "invert": _flag("Raise it within the bounds, not beyond them."),
    "interesting": _flag("Raise it when the metric is missing, which is collectd's default."),
}
