# SPDX-License-Identifier: Apache-2.0
"""The clock of a host."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.domain import clock

CLOCK = {
    "type": "string",
    "enum": list(clock.STATES),
    "description": "ahead, behind: off by an interval or more, so that a correction would cost values; "
    "refusing: it was set back, and collectd refuses values now.",
}

_SECONDS = {"type": "number", "description": "Seconds since 1970."}
_NULLABLE_SECONDS = {"type": ["number", "null"], "description": "Seconds since 1970."}

_LINE = fields.record(
    {"plugin": fields.STRING, "interval": {"type": "number"}, "last": _NULLABLE_SECONDS, "next": _NULLABLE_SECONDS},
    "When a plugin is read, by the clock of the host.",
)

_SERVICE = fields.record(
    {
        "source": fields.STRING,
        "synchronised": fields.BOOLEAN,
        "reference": fields.NULLABLE_STRING,
        "stratum": fields.NULLABLE_INTEGER,
        "offset": {"type": ["number", "null"], "description": "Seconds ahead of the reference."},
        "error": fields.NULLABLE_NUMBER,
        "last_update": _NULLABLE_SECONDS,
        "sync_steps": {"type": "boolean", "description": "Asked to correct itself now, it may set the clock."},
    },
    "What the host's time service says.",
)

READING = fields.record(
    {
        "state": CLOCK,
        "time": _SECONDS,
        "controller_time": _SECONDS,
        "offset": {"type": "number", "description": "Seconds ahead of the controller."},
        "error": {"type": "number", "description": "The offset may be off by so many seconds: half of the way."},
        "monotonic": {"type": "number", "description": "CLOCK_MONOTONIC."},
        "boottime": {"type": "number", "description": "CLOCK_BOOTTIME."},
        "boot_id": fields.STRING,
        "interval": {"type": "number", "description": "The shortest between two reads of a plugin."},
        "grid": {"type": "array", "items": _LINE},
        "future_metrics": {"type": "integer", "description": "Metrics that are ahead of a clock that was set back."},
        "refused_until": _NULLABLE_SECONDS,
        "service": {"anyOf": [_SERVICE, {"type": "null"}]},
        "silent_services": {"type": "object", "description": "Time services that do not answer, and why."},
        "step_allowed": {"type": "boolean", "description": "The agent's own policy lets the clock be set."},
    },
    "The clocks of a host beside the controller's.",
)

ONE = fields.record({"clock": READING})

SYNC = fields.request(
    {
        "step": {
            "type": "boolean",
            "default": False,
            "description": "Set the clock rather than slew it; the agent's own policy must allow it.",
        }
    }
)

_ASKED = fields.record(
    {
        "source": fields.STRING,
        "request": {"type": "string", "description": "What the time service was asked."},
        "step": fields.BOOLEAN,
        "measured": {"type": "boolean", "description": "It has compared the clock since."},
    }
)

SYNCED = fields.record({"before": READING, "sync": _ASKED, "after": READING})
