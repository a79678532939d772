# SPDX-License-Identifier: Apache-2.0
"""What would be: a plugin that is tried, and a spec that is only looked at."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.metrics import VALUE

_ROW = fields.record(
    {
        "id": {"type": "string", "description": "host/plugin-instance/type-instance"},
        "interval": {"type": "number", "description": "Seconds: of the plugin, not of the trial, which is faster."},
        "last_update": {"type": "number", "description": "Seconds since 1970, by the host's clock."},
        "values": {"type": "array", "items": VALUE},
    }
)

#: What is absent is as it is desired now.
TEST = fields.request({"interval": fields.INTERVAL, "config": fields.CONFIG})

TESTED = fields.record(
    {
        "plugin": fields.STRING,
        "values": {"type": "array", "items": _ROW},
        "warnings": {"type": "array", "items": fields.STRING, "description": "collectd's own lines."},
    },
    "What the plugin would collect.",
)

_PART = fields.request({"enabled": {"type": ["boolean", "null"]}, "interval": fields.INTERVAL, "config": fields.CONFIG})

PREVIEW = fields.request(
    {
        "plugins": {
            "type": "object",
            "additionalProperties": _PART,
            "minProperties": 1,
            "maxProperties": 200,
            "description": "As the bodies of PATCH of these plugins.",
        }
    },
    required=("plugins",),
)

_LOAD = fields.record(
    {
        "series": fields.NULLABLE_INTEGER,
        "interval": fields.NULLABLE_NUMBER,
        "basis": {"enum": ["scratch", "cache", "unknown"], "description": "How the number of series is known."},
        "samples_per_second": fields.NULLABLE_NUMBER,
    },
    "What a plugin collects; null where it is not known.",
)

_CHANGE = fields.record(
    {
        "change": fields.STRING,
        "plugin": fields.STRING,
        "class": {
            "enum": ["live", "new_daemon", "impossible"],
            "description": "In the running daemon, by another process, or by no driver of this host.",
        },
        "driver": fields.NULLABLE_STRING,
        "before": _LOAD,
        "after": _LOAD,
        "refusals": {"type": "object", "description": "Driver: why it cannot; for a change that none can make."},
        "warnings": {"type": "array", "items": fields.STRING},
    }
)

_PROBLEM = fields.record({"code": fields.STRING, "detail": fields.STRING, "facts": {"type": "object"}})

PREVIEWED = fields.record(
    {
        "changes": {"type": "array", "items": _CHANGE},
        "driver": {"type": ["string", "null"], "description": "The one that would make all of the changes together."},
        "restart": {"type": "boolean", "description": "collectd would be stopped and started."},
        "series_added": {"type": ["number", "null"], "description": "null: a part of it is not known."},
        "samples_per_second_added": fields.NULLABLE_NUMBER,
        "problems": {"type": "array", "items": _PROBLEM, "description": "What would be refused, or fail."},
    },
    "What the host would do.",
)

ONE = fields.record({"preview": PREVIEWED})
TESTED_ONE = fields.record({"test": TESTED})
